// The inspector's page in a real browser, over real edges with faults made on purpose.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Report } from "../../crdt/inspect/report.ts";
import type { DocData } from "../../crdt/inspect/view/doc.ts";
import { HERE } from "../../crdt/origin.ts";
import { verifyShow } from "../../edge/cli/verify/verify.ts";
import { membersOf } from "../../edge/cli/verify/members.ts";
import { expectAccessible } from "../support/axe.ts";
import { describeInBrowser, openBrowser } from "../support/browser.ts";
import { Cluster } from "../support/cluster.ts";
import { Crowd, type Receipt } from "../support/crowd.ts";
import { redbutton, endAll } from "../support/processes.ts";
import { Proxy } from "../support/proxy.ts";
import { readRoom } from "../support/readings.ts";
import { shoot } from "../support/screens.ts";
import { soon } from "../support/soon.ts";
import { speakFor, type SpokenMember } from "../support/spoken-member.ts";
import { findSqld, startSqld, type Sqld } from "../support/sqld.ts";

const SHOW = {
  id: "final",
  title: "The final",
  polls: [
    {
      id: "winner",
      question: "Who wins?",
      options: [
        { id: "anna", text: "Anna" },
        { id: "ben", text: "Ben" },
      ],
      grace_ms: 200,
    },
  ],
};
const LEDGER = `${SHOW.id}/ledger/0`;
const TALLIES = `${SHOW.id}/tallies`;
/** What the recorder's database is slow by in each direction, ms: a commit takes longer than a page's next question. */
const SLOW_MS = 1500;

const found = findSqld();
/** Only a server's answers can be held up from outside. */
const NO_SERVER = "missing" in found ? found.missing : undefined;

describeInBrowser("the inspector", () => {
  let cluster: Cluster;
  let browser: BrowserContext;
  let page: Page;
  let crowd: Crowd;
  let eve: SpokenMember | undefined;
  let server: Sqld | undefined;
  /** The way from the recorder to its database. */
  let database: Proxy | undefined;
  const folder = mkdtempSync(join(tmpdir(), "redbutton-inspector-"));

  beforeAll(async () => {
    if (!NO_SERVER) {
      server = await startSqld(folder);
      database = await Proxy.listen(Number(new URL(server.url).port));
    }
    cluster = await Cluster.start({
      ...(database ? { recorder: `http://127.0.0.1:${database.port}` } : {}),
      proxied: true,
      absent: ["eve"],
      configure: (_name, config) => ({ ...config, inspect: true }),
    });
    await cluster.open(SHOW);
    crowd = new Crowd(cluster, SHOW.id, "winner");
    browser = await openBrowser();
    page = await browser.newPage();
  });

  afterEach(async () => {
    eve?.stop();
    eve = undefined;
    database?.become({ is: "open" });
    for (const name of ["fra", "nyc", "syd", "recorder"]) cluster.rejoin(name);
    await cluster.whole();
    await endAll();
  });

  afterAll(async () => {
    await browser?.close();
    await cluster?.end();
    await database?.close();
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  function token(): string {
    const exp = Math.floor(Date.now() / 1000) + 3600;
    return cluster.keys.inspectors.sign({ sub: "t", exp, role: "inspector", shows: "*", receivers: "pseudonyms" });
  }

  async function open(view: string, at = "fra"): Promise<void> {
    await page.goto("about:blank");
    await page.goto(`${cluster.address(at)}/inspect/#token=${token()}`);
    await page.getByRole("navigation").getByRole("button", { name: view, exact: true }).click();
  }

  async function vote(subject: string, option = "anna", at = "fra"): Promise<Receipt> {
    await crowd.vote(subject, option, { at: [at] });
    return crowd.receipts.at(-1)!;
  }

  /** The text of the cell that says what `lacking` lacks of what `holder` holds. */
  async function cell(document: string, lacking: string, holder: string): Promise<string> {
    const table = page.getByRole("table", { name: document });
    const heads = await table.locator("thead th").allTextContents();
    const row = table.getByRole("row").filter({ has: page.getByRole("rowheader", { name: lacking, exact: true }) });
    return (
      (await row
        .locator("td")
        .nth(heads.indexOf(holder) - 1)
        .textContent()) ?? ""
    );
  }

  function messages(): Promise<string[]> {
    return page.getByRole("list", { name: "Messages" }).getByRole("listitem").allTextContents();
  }

  /** Runs the command as an operator does; its exit code, and what it printed. */
  async function command(...args: string[]): Promise<{ code: number | string; output: string }> {
    const started = redbutton([...args, "--dir", cluster.folder.path]);
    const code = await started.exited;
    return { code, output: started.output() };
  }

  test("takes a token from its address, forgets it there, and says when one is no good", async () => {
    await page.goto(`${cluster.address("fra")}/inspect/`);
    await page.getByLabel("Token").fill("nonsense");
    await page.getByRole("button", { name: "Look" }).click();
    await page.getByRole("alert").getByText("the token is none").waitFor();
    await expectAccessible(page);
    await open("Lag");
    await page.getByRole("table", { name: LEDGER }).waitFor();
    expect(page.url()).not.toContain("token");
  });

  test("every view is accessible, and shows what a stock WebsocketProvider sees", async () => {
    const { code } = await vote("anna-1");
    await vote("ben-1", "ben", "nyc");
    for (const view of ["Lag", "Status", "Document", "Difference", "Log", "Structs", "Growth", "Thresholds", "Why"]) {
      await open(view);
      if (view === "Difference") {
        await page.getByLabel("Between").selectOption("fra");
        await page.getByLabel("and", { exact: true }).selectOption("syd");
      }
      if (view === "Why") {
        await page.getByLabel("Receipt").fill(code);
        await page.getByRole("button", { name: "Why?" }).click();
      }
      await page.getByRole("list", { name: "Members" }).waitFor();
      await page.getByRole("heading", { name: view }).waitFor();
      await expectAccessible(page);
      await shoot(page, `inspector-${view.toLowerCase()}`);
    }
    await soon(async () => {
      const stock = (await readRoom(cluster, "nyc", TALLIES)).getMap("registers").toJSON();
      const asked = await fetch(`${cluster.address("fra")}/_inspect/v1/doc?document=${TALLIES}`, {
        headers: { Authorization: `Bearer ${token()}` },
      });
      const { data } = (await asked.json()) as Report<DocData>;
      const shown = Object.fromEntries(data.entries.map(({ key, values: [first] }) => [key, first!.value]));
      expect(Object.keys(stock).sort()).toEqual(["fra", "nyc", "syd"]);
      expect(shown).toEqual(stock);
    });
  });

  test("a link is cut: who lacks what since when, on the page and by command; then it heals", async () => {
    await open("Lag");
    await soon(async () => expect(await cell(LEDGER, "syd", "fra")).toBe("equal"));
    cluster.isolate("syd", { is: "black hole" });
    const before = Date.now();
    await vote("cleo-1");
    const since = await soon(async () => {
      const shown = await cell(LEDGER, "syd", "fra");
      const [, time] = /^1 behind by its last word, [\d.]+ m?s, since (\d\d:\d\d:\d\d\.\d{3})$/.exec(shown) ?? [];
      if (time === undefined) throw new Error(`got "${shown}"`);
      return Date.parse(`${new Date(before).toISOString().slice(0, 11)}${time}Z`);
    });
    expect(since).toBeGreaterThanOrEqual(before);
    expect(since).toBeLessThanOrEqual(Date.now());
    await soon(async () => expect((await messages()).join()).toMatch(/^error.*"syd" lacks by its last word 1 batches/));
    await shoot(page, "inspector-link-cut");
    await soon(async () => {
      const { code, output } = await command("inspect", "lag");
      expect(output).toMatch(
        /"syd" lacks by its last word 1 batches of "final\/ledger\/0" that "\w+" holds, the oldest since/,
      );
      expect(code).toBe(4);
    });
    cluster.rejoin("syd");
    await soon(async () => expect(await cell(LEDGER, "syd", "fra")).toBe("equal"));
    // "eve" is configured and has no process: not everybody answers, and nobody is behind any more.
    await soon(async () => expect((await command("inspect", "lag")).code).toBe(2));
  });

  test("an update is lost: the GAP is named, with who has what is missing", async () => {
    eve = await speakFor(cluster, "eve");
    const replica = await soon(() => {
      const found = eve!.member.replica(SHOW.id);
      if (!found || !eve!.member.isReady(found)) throw new Error("eve has not heard of the show");
      return found;
    });
    replica.publishRegister();
    await open("Lag", "nyc");
    await soon(async () => expect(await cell(TALLIES, "nyc", "eve")).toBe("equal"));
    for (const name of ["fra", "syd", "recorder"]) cluster.link("nyc", name).become({ is: "refusing" });
    let lost = 0;
    eve.lose = (to, frame) =>
      to === "nyc" && frame.type === "sync" && (frame.step === "reply" || (frame.step === "update" && ++lost === 1));
    replica.publishRegister();
    replica.publishRegister();
    await soon(async () =>
      expect((await messages())[0]).toMatch(/GAP: "nyc" misses \d+ of eve\/\w+ in "final\/tallies"/),
    );
    await soon(async () => expect((await messages())[0]).toMatch(/"eve", .*"fra".* have it|"eve".* has it/));
    await soon(async () => expect(await cell(TALLIES, "nyc", "eve")).toMatch(/^GAP, /));
    await expectAccessible(page);
    await shoot(page, "inspector-gap");
    eve.lose = () => false;
    await soon(async () => expect(await cell(TALLIES, "nyc", "eve")).toBe("equal"));
  });

  test("a register is tampered with: the page names it, and verify says which", async () => {
    eve = await speakFor(cluster, "eve");
    const replica = await soon(() => {
      const found = eve!.member.replica(SHOW.id);
      if (!found || !eve!.member.isReady(found)) throw new Error("eve has not heard of the show");
      return found;
    });
    const forge = () => {
      const { boot, shards } = replica.register();
      const section = shards["0"]!;
      const polls = { winner: { anonymous: [700, 1], signed: [0, 0] } };
      replica.tallies.doc.transact(
        () => replica.tallies.set("eve", { boot, shards: { 0: { ...section, polls } } }),
        HERE,
      );
    };
    forge();
    await open("Document");
    await soon(async () => {
      forge();
      expect((await messages())[0]).toMatch(/the register of "eve" says other counts/);
    });
    await shoot(page, "inspector-tampered");
    const { edges, ...members } = membersOf(cluster.folder);
    const real = edges.filter(({ name }) => name !== "eve");
    await soon(async () => {
      forge();
      const report = await verifyShow({ ...members, edges: real, show: SHOW.id, waitMs: 0 });
      expect(report.ok).toBe(false);
      expect(report.polls[0]!.differences.map(({ where }) => where)).toContain(`register of "eve" at "fra"`);
    });
  });

  test.skipIf(NO_SERVER)(`the recorder is slow: it is shown behind, and how long${NO_SERVER ?? ""}`, async () => {
    database!.become({ is: "slow", ms: SLOW_MS });
    await open("Lag");
    let receivers = 0;
    await soon(async () => {
      // Each commit is followed by the next: there is no moment at which the recorder has everything.
      await vote(`dora-${++receivers}`);
      expect(await cell(LEDGER, "recorder", "fra")).toMatch(/^\d+ behind, [\d.]+ m?s, since/);
    });
    await shoot(page, "inspector-slow-recorder");
    const { code } = crowd.receipts.at(-1)!;
    await soon(async () => {
      const { output } = await command("why", code);
      const [, ms] = /✓ recorded .* \+(\d+) ms {2}in the permanent database/.exec(output) ?? [];
      // The commit's request goes there slowly, and so does its answer.
      expect([output, Number(ms) >= SLOW_MS]).toEqual([output, true]);
    });
  });
});
