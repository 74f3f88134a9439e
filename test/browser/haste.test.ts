// How quickly pages answer, where the machine is slow or the counts are quick: told by what the page did between two
// frames and by how many frames there were, never by a clock that other tests share.
import type { Browser, Page } from "playwright-core";
import * as Y from "yjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Tallies } from "../../crdt/tallies.ts";
import { describeInBrowser, launchBrowser } from "../support/browser.ts";
import { Cluster } from "../support/cluster.ts";
import { Television } from "../support/television.ts";
import { syncMessages } from "../support/y-messages.ts";

const SHOW = {
  id: "talent-final",
  title: "The talent final",
  polls: [
    {
      id: "winner",
      question: "Who shall win the final?",
      options: Array.from({ length: 9 }, (_, i) => ({ id: `o${i}`, text: `Candidate ${i + 1}` })),
    },
  ],
};
/** A television's processor against this machine's. */
const SLOWER = 6;
/** A viewer takes what comes within this time for an answer, ms. */
const ANSWER_MS = 100;
/** As many as a second may bring. */
const UPDATES = 1000;

describeInBrowser("haste", () => {
  let cluster: Cluster;
  let browser: Browser;

  beforeAll(async () => {
    cluster = await Cluster.start({ edges: ["fra"] });
    await cluster.open(SHOW);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await cluster?.end();
  });

  test(`a television ${SLOWER} times as slow answers a key before the viewer wonders`, async () => {
    const tv = await Television.switchOn(browser, [cluster.address("fra")], SHOW.id, "&open=1");
    await tv.says("Choose");
    const debug = await tv.page.context().newCDPSession(tv.page);
    await debug.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    const times: number[] = [];
    for (const digit of ["1", "2", "3", "4", "1", "2", "3", "4"] as const) times.push(await workOfKey(tv.page, digit));
    await debug.send("Emulation.setCPUThrottlingRate", { rate: 1 });
    // The middle of eight: other programs' load adds to some of them, and a page that is slow is slow every time.
    expect(times.toSorted((a, b) => a - b)[4]).toBeLessThan(ANSWER_MS);
    expect(await tv.page.locator("#status").innerText()).not.toBe("");
    await tv.page.close();
  });

  test(`${UPDATES} updates are drawn as few pictures, and the console still takes a key between them`, async () => {
    const page = await browser.newPage({ viewport: { width: 1600, height: 940 } });
    const storm = new Storm();
    await page.routeWebSocket(/\/v1\/rooms\/talent-final\/tallies/, (socket) => storm.join(socket));
    await page.goto(`${cluster.address("fra")}/console/?show=${SHOW.id}#token=${cluster.operatorToken("producer")}`);
    await page.getByRole("heading", { name: "Who shall win the final?" }).waitFor();
    await page.evaluate(COUNT_DRAWING);
    for (let i = 0; i < UPDATES; i++) storm.blow(i);
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.locator(".counts .total", { hasText: /^9,000 receivers/ }).waitFor();
    expect(await page.evaluate<number>("drawn")).toBeLessThan(UPDATES / 5);
    await page.close();
  });
});

/** Runs in the page: how long from a key's event until what the page says has changed, ms of its own clock. */
const TIME_A_KEY = `
  answered = new Promise((resolve) => {
    let began = 0;
    document.addEventListener("keydown", () => (began = performance.now()), { capture: true, once: true });
    new MutationObserver((_changes, observer) => {
      observer.disconnect();
      resolve(performance.now() - began);
    }).observe(document.getElementById("said"), { subtree: true, childList: true, characterData: true, attributes: true });
  });
  0;
`;

async function workOfKey(page: Page, key: string): Promise<number> {
  await page.evaluate(TIME_A_KEY);
  await page.keyboard.press(key);
  return page.evaluate<number>("answered");
}

/** Runs in the page: counts how often the console writes its total anew. */
const COUNT_DRAWING = `
  drawn = 0;
  new MutationObserver(() => (drawn += 1)).observe(document.querySelector(".counts .total"), {
    subtree: true,
    childList: true,
    characterData: true,
  });
`;

/** What a socket of the page looks like to whoever speaks for the edge. */
interface RoutedSocket {
  send(message: Buffer): void;
  onMessage(listener: (message: string | Buffer) => void): void;
}

/** Tallies that change a thousand times, each time with an update of its own. */
class Storm {
  readonly #tallies = new Tallies(new Y.Doc());
  #socket: RoutedSocket | undefined;

  join(socket: RoutedSocket): void {
    this.#socket = socket;
    socket.onMessage(() => {});
    socket.send(Buffer.from(syncMessages.whole(this.#tallies.doc)));
    this.#tallies.doc.on("update", (update: Uint8Array) => socket.send(Buffer.from(syncMessages.update(update))));
  }

  blow(i: number): void {
    if (!this.#socket) throw new Error("the page has not dialled");
    const counts = { anonymous: Array.from({ length: 9 }, () => i + 1), signed: Array.from({ length: 9 }, () => 0) };
    const section = { coverage: { "0/fra/00000000000000f1": i + 1 }, polls: { winner: counts }, present: i };
    this.#tallies.set("fra", { boot: "00000000000000f1", shards: { 0: section } });
  }
}
