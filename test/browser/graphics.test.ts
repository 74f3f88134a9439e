// The graphics page in a real browser: over a picture, smooth, by a reader's token.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "../support/axe.ts";
import { describeInBrowser, launchBrowser } from "../support/browser.ts";
import { Cluster } from "../support/cluster.ts";
import { shoot } from "../support/screens.ts";
import { winnerOf } from "../support/show-files.ts";

const SHOW = {
  id: "talent-final",
  title: "The talent final",
  polls: [winnerOf(3, { grace_ms: 0 })],
};
const VOTERS = 60;

describeInBrowser("the graphics page", () => {
  let cluster: Cluster;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    cluster = await Cluster.start({ edges: ["fra", "nyc"] });
    await cluster.open(SHOW);
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
    page.setDefaultTimeout(15_000);
    const token = cluster.operatorToken("reader");
    const more = `edge=${encodeURIComponent(cluster.address("nyc"))}`;
    await page.goto(`${cluster.address("fra")}/graphics/winner?show=${SHOW.id}&${more}#token=${token}`);
  });
  afterAll(async () => {
    await browser?.close();
    await cluster?.end();
  });

  const count = (i: number) => page.locator("#rows .count").nth(i);

  test("shows the poll over nothing, and hidden counts as they come", async () => {
    await page.getByRole("heading", { name: "Who shall win the final?" }).waitFor();
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgba(0, 0, 0, 0)");
    const vote = (voter: number, option: string) =>
      cluster
        .client(voter % 2 ? "fra" : "nyc", cluster.receiverToken(`viewer-${voter}`))
        .post(`/v1/shows/${SHOW.id}/polls/winner/ballots`, { option, press: 1 });
    await Promise.all(Array.from({ length: VOTERS }, (_, i) => vote(i, i % 3 === 0 ? "anna" : "ben")));
    await page.locator("#total", { hasText: `${VOTERS} votes` }).waitFor();
    expect([await count(0).innerText(), await count(1).innerText()]).toEqual(["20", "40"]);
    await shoot(page, "graphics-open");
    await expectAccessible(page);
  });

  test("goes on at another edge when its own is gone", async () => {
    await cluster.member("fra").kill();
    await page.getByText("No connection to an edge").waitFor();
    const token = cluster.receiverToken("latecomer");
    await cluster.client("nyc", token).post(`/v1/shows/${SHOW.id}/polls/winner/ballots`, { option: "cleo", press: 1 });
    await page.locator("#total", { hasText: `${VOTERS + 1} votes` }).waitFor();
    await cluster.revive("fra");
  });

  test("says who is first once the result is final", async () => {
    await cluster.producer("nyc").command(SHOW.id, "winner", "close");
    await page.locator("#state", { hasText: "Final result" }).waitFor();
    expect(await page.locator("#rows .first .name").innerText()).toContain("Ben");
    await shoot(page, "graphics-final");
  });

  test("shows nothing to whoever has no reader's token", async () => {
    const stranger = await browser.newPage();
    await stranger.goto(`${cluster.address("nyc")}/graphics/winner?show=${SHOW.id}`);
    await stranger.getByText("needs a reader's token").waitFor();
    expect(await stranger.locator("#board").isVisible()).toBe(false);
    await stranger.close();
  });
});
