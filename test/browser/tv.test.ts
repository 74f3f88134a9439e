// The bare television page in a real browser, at real edges.
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NO_BROWSER, openBrowser } from "../support/browser.ts";
import { Cluster } from "../support/cluster.ts";
import { expectEverywhere } from "../support/readings.ts";

const SHOW = {
  id: "talent-final",
  title: "The talent final",
  polls: [
    {
      id: "winner",
      question: "Who shall win?",
      options: [
        { id: "anna", text: "Anna, the singer" },
        { id: "ben", text: "Ben, the juggler" },
      ],
      grace_ms: 200,
    },
  ],
};

describe.skipIf(NO_BROWSER)(`the television's page${NO_BROWSER ? ` (skipped: ${NO_BROWSER})` : ""}`, () => {
  let cluster: Cluster;
  let browser: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    cluster = await Cluster.start();
    await cluster.open(SHOW);
    browser = await openBrowser();
    page = await browser.newPage();
    const edges = cluster.edges.map((edge) => `edge=${encodeURIComponent(cluster.address(edge))}`).join("&");
    await page.goto(`${cluster.address("fra")}/tv/?show=${SHOW.id}&${edges}`);
  });
  afterAll(async () => {
    await browser?.close();
    await cluster?.end();
  });

  const status = (text: string | RegExp) => page.locator("#status", { hasText: text }).waitFor();

  test("shows the poll that is open", async () => {
    await page.getByText("Who shall win?").waitFor();
    await page.getByText("Anna, the singer").waitFor();
    await status("Press a number");
  });

  test("says counted with a receipt once a number was pressed, and it is", async () => {
    await page.keyboard.press("2");
    await status(/counted · RB-[0-9A-Z]{6}/);
    expect(await page.locator("li.chosen").innerText()).toContain("Ben, the juggler");
    await expectEverywhere(cluster, SHOW.id, "winner", { ben: 1 });
  });

  test("a changed mind takes the first one's place", async () => {
    await page.keyboard.press("1");
    await page.locator("li.chosen", { hasText: "Anna" }).waitFor();
    await status(/^counted · RB-/);
    await expectEverywhere(cluster, SHOW.id, "winner", { anna: 1 });
  });

  test("knows its choice after the set was switched off", async () => {
    await page.reload();
    await page.locator("li.chosen", { hasText: "Anna" }).waitFor();
    await status(/^counted · RB-/);
  });

  test("moves on when its edge is gone, and is still the same receiver", async () => {
    await cluster.member("fra").kill();
    await page.keyboard.press("2");
    await page.locator("li.chosen", { hasText: "Ben" }).waitFor();
    await status(/^counted · RB-/);
    await expectEverywhere(cluster, SHOW.id, "winner", { ben: 1 });
  });
});
