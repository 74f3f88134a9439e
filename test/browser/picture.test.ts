// The application over a playing picture, whose signal carries a cue: our encoder's HLS, played by hls.js in a browser.
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { realWorld } from "../../edge/runtime/host/world.ts";
import { AutomationSystem } from "../../monitor/encoder/scte104/client.ts";
import { expectAccessible } from "../support/axe.ts";
import { describeInBrowser, launchBrowser } from "../support/browser.ts";
import { Cluster } from "../support/cluster.ts";
import { cueOf } from "../support/cues.ts";
import { PICTURE_FILE } from "../support/inserter.ts";
import { endAll, redbutton, until } from "../support/processes.ts";
import { shoot } from "../support/screens.ts";
import { winnerOf } from "../support/show-files.ts";
import { Television } from "../support/television.ts";

const SHOW = {
  id: "talent-final",
  title: "The talent final",
  polls: [winnerOf(2)],
};
const HOST = "127.0.0.1";

describeInBrowser("the picture", () => {
  let cluster: Cluster;
  let browser: Browser;
  let tv: Television;
  let automation: AutomationSystem;

  beforeAll(async () => {
    const [port] = await freePorts(1, HOST);
    cluster = await Cluster.start({
      edges: ["fra"],
      configure: (name, config) => (name === "fra" ? { ...config, hls: { [SHOW.id]: "hls" } } : config),
    });
    const at = (name: string) => join(cluster.folder.path, name);
    const files = ["--hls", at("hls"), "--journal", at("encoder.journal"), "--out", "/dev/null"];
    redbutton(["encoder", "--in", `loop:${PICTURE_FILE}`, "--listen", `${HOST}:${port}`, ...files]);
    const options = { addresses: [{ host: HOST, port: port! }], pidIndex: 0, asIndex: 1, formatIdentifier: "RBTN" };
    automation = new AutomationSystem(
      options,
      realWorld(() => {}),
    );
    await until("the encoder", () => automation.isAlive());
    await cluster.open(SHOW);
    browser = await launchBrowser();
    tv = await Television.switchOn(browser, [cluster.address("fra")], SHOW.id);
  });
  afterAll(async () => {
    automation?.stop();
    await browser?.close();
    await endAll();
    await cluster?.end();
  });

  const playedS = () => tv.page.evaluate<number>("document.querySelector('video').currentTime");

  test("plays behind the application", async () => {
    await until("the picture", async () => (await playedS()) > 0.5);
    await shoot(tv.page, "tv-picture");
    await tv.press("red", "2");
    await tv.says(/Counted for Ben/);
    await shoot(tv.page, "tv-picture-panel");
    await expectAccessible(tv.page);
    await tv.press("back");
  });

  test("comes though its player did not load at first", async () => {
    const page = await browser.newPage();
    let losses = 0;
    await page.route(/hls.*\.js$/, (route) => (losses++ === 0 ? route.abort() : route.continue()));
    await page.goto(`${cluster.address("fra")}/tv/?show=${SHOW.id}`);
    const time = () => page.evaluate<number>("document.querySelector('video')?.currentTime ?? 0");
    await until("the picture", async () => (await time()) > 0);
    expect(losses).toBe(2);
    await page.close();
  });

  test("brings a cue over itself, once, for as long as it says", async () => {
    await automation.inject(cueOf(10_000, { message: { kind: "text", text: "10,000 viewers" }, durationMs: 5000 }));
    await tv.page.locator("#cue", { hasText: "10,000 viewers" }).waitFor();
    const before = await playedS();
    await shoot(tv.page, "tv-cue");
    await tv.page.locator("#cue").waitFor({ state: "hidden" });
    expect(await playedS()).toBeGreaterThan(before);
  });

  test("brings what was published where the cue names it", async () => {
    const page = { title: "Thank you", text: "10,000 of you have voted" };
    await cluster.producer("fra").ask("PUT", `/v1/shows/${SHOW.id}/content/thanks`, page);
    await automation.inject(cueOf(20_000, { message: { kind: "content", content: "thanks" }, durationMs: 3000 }));
    await tv.page.locator("#cue", { hasText: "Thank you" }).waitFor();
    await tv.page.locator("#cue").waitFor({ state: "hidden" });
  });
});
