// The producer's console in a real browser, at real edges: a show from its opening to its result.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "../support/axe.ts";
import { describeInBrowser, launchBrowser } from "../support/browser.ts";
import { Cluster } from "../support/cluster.ts";
import { ProducerDesk } from "../support/gallery.ts";
import { expectFinal } from "../support/readings.ts";
import { shoot } from "../support/screens.ts";
import { winnerOf } from "../support/show-files.ts";
import { Television } from "../support/television.ts";

const SHOW = {
  id: "talent-final",
  title: "The talent final",
  polls: [
    winnerOf(4, { grace_ms: 300 }),
    {
      id: "quiz",
      question: "In which year was the first red button?",
      options: [
        { id: "y1996", text: "1996" },
        { id: "y1999", text: "1999" },
      ],
      mode: "first",
      answer: "y1999",
    },
  ],
  rundown: [
    { poll: "winner", after_s: 600, open_for_s: 90 },
    { poll: "quiz", after_s: 900 },
  ],
  thresholds: [
    {
      id: "thousands",
      rule: { kind: "voted", at_least: 10_000, every: 10_000 },
      message: { kind: "text", text: "{count} viewers have voted" },
    },
  ],
};

/** A part of a screen, to be published as a picture. */
const STAGE = { x: 0, y: 0, width: 480, height: 270 };

describeInBrowser("the producer's console", () => {
  let cluster: Cluster;
  let browser: Browser;
  let ann: ProducerDesk;
  let ben: ProducerDesk;
  let tv: Television;
  const faults: string[] = [];

  beforeAll(async () => {
    cluster = await Cluster.start();
    await cluster.producer("fra").create(SHOW);
    await cluster.whole();
    browser = await launchBrowser();
    ann = await ProducerDesk.open(browser, cluster, "fra", "producer", SHOW.id);
    ben = await ProducerDesk.open(browser, cluster, "nyc", "operator", SHOW.id);
    for (const { page } of [ann, ben])
      page.on("console", (message) => /Content Security Policy/.test(message.text()) && faults.push(message.text()));
    const edges = cluster.addresses;
    tv = await Television.switchOn(browser, edges, SHOW.id, "&open=1");
  });
  afterAll(async () => {
    await browser?.close();
    await cluster?.end();
  });

  test("shows the show, its polls, edges and thresholds; the token leaves the address", async () => {
    await ann.page.getByRole("heading", { name: "Who shall win the final?" }).waitFor();
    await ann.page.locator(".edges li.live").nth(2).waitFor();
    expect(ann.page.url()).not.toContain("token");
    await shoot(ann.page, "console-draft");
    await expectAccessible(ann.page);
  });

  test("opens a poll when the big button is held, and not when it is clicked", async () => {
    await ann.offers("Open");
    await ann.bigButton.click();
    await ann.page.selectOption("#duration", "600");
    expect(await ann.page.locator(".desk .state").innerText()).toContain("DRAFT");
    await ann.hold(ann.bigButton, () => ann.says('Opened "Who shall win the final?"'));
    await ann.offers("Close");
    await tv.asks("Who shall win the final?");
    await tv.says("Choose");
  });

  test("shows the other producer what was done, and lets both go on", async () => {
    await ben.says("open winner");
    await ben.offers("Close");
    await tv.press("2");
    await tv.says(/Counted for Ben/);
    await ben.page.locator(".counts .total", { hasText: "1 receivers" }).waitFor();
    await ann.page.locator(".countdown", { hasText: /9:\d\d/ }).waitFor();
    await shoot(ann.page, "console-open");
    await expectAccessible(ann.page);
  });

  test("puts a lower third over the viewers' picture, and takes it off", async () => {
    await ben.page.getByLabel("Title").fill("Ben Carter");
    await ben.page.getByLabel("Text").fill("Juggler, from Leeds");
    await ben.button("Put on the screens").click();
    await tv.shows("Ben Carter");
    await ben.button("Take off: Ben Carter").click();
    await tv.page.locator("#lower").waitFor({ state: "hidden" });
  });

  test("publishes a picture, which the viewers see as a card", async () => {
    const picture = { name: "stage.png", mimeType: "image/png", buffer: await ann.page.screenshot({ clip: STAGE }) };
    await ben.page.getByLabel("What", { exact: false }).first().selectOption("picture");
    await ben.page.getByLabel("Title").fill("Tonight's stage");
    await ben.page.getByLabel("File").setInputFiles(picture);
    await ben.page.getByLabel("What it shows").fill("The stage, seen from the second row");
    await ben.button("Put on the screens").click();
    // A viewer in the middle of a vote is left there, and goes to the picture.
    await tv.page.locator("#keys", { hasText: "1 of 2" }).waitFor();
    await tv.press("right");
    await tv.asks("Tonight's stage");
    const photo = tv.page.getByRole("img", { name: "The stage, seen from the second row" });
    await photo.waitFor();
    expect(await tv.page.evaluate("document.getElementById('photo').naturalWidth")).toBe(STAGE.width);
    await shoot(tv.page, "tv-picture");
    await expectAccessible(tv.page);
    await shoot(ben.page, "console-picture");
    await ben.button("Take off: Tonight's stage").click();
    await tv.asks("Who shall win the final?");
  });

  test("defines a threshold of any rule by the keyboard, and arms it", async () => {
    await ben.page.locator("body").press("t");
    await ben.page.getByLabel("When").selectOption("share");
    await ben.page.locator('[name="option"]').selectOption("cleo");
    await ben.page.getByLabel("Percent").fill("40");
    await ben.page.getByLabel("of so many votes or more").fill("500");
    await shoot(ben.page, "console-threshold-form");
    await expectAccessible(ben.page);
    await ben.page.getByLabel("Text, where").press("Enter");
    const defined = ben.page.locator(".thresholds li", { hasText: "40 % for cleo in winner, of 500 or more" });
    await defined.locator(".state", { hasText: "draft" }).waitFor();
    await defined.getByRole("button", { name: "Arm" }).focus();
    await ben.holdKey(" ", () => defined.locator(".state", { hasText: "arming" }).waitFor());
  });

  test("says who has sealed, and goes on without an edge that is named lost", async () => {
    await cluster.member("syd").kill();
    await ann.page.locator(".edges li.away", { hasText: "syd" }).waitFor();
    await ben.hold(ben.bigButton, () => ann.page.locator(".seals", { hasText: "sealed 2 of 3" }).waitFor());
    await ann.page.locator(".seals", { hasText: "waiting for syd" }).waitFor();
    await shoot(ann.page, "console-sealing");
    const final = ann.page.locator(".seals", { hasText: "Final without syd" });
    await ann.hold(ann.button("Name lost"), () => final.waitFor());
    await expectFinal(cluster, SHOW.id, "winner", { ben: 1 });
  });

  test("releases the result to the viewers", async () => {
    await ann.offers("Release");
    await shoot(ann.page, "console-final");
    await ann.hold(ann.bigButton, () => tv.shows("Final result · 1 vote"));
    await ann.offers("Released");
  });

  test("is worked by the keyboard alone: choose, open, stop", async () => {
    await ben.page.locator("body").press("j");
    await ben.page.getByRole("heading", { name: "In which year" }).waitFor();
    await ben.page.keyboard.press("o");
    await ben.holdKey(" ", () => ben.offers("Close"));
    await tv.asks("In which year was the first red button?");
    await ben.page.keyboard.press("?");
    await ben.page.getByRole("dialog").waitFor();
    await shoot(ben.page, "console-keys");
    await expectAccessible(ben.page);
    await ben.page.keyboard.press("Escape");
    await ben.page.keyboard.press("x");
    expect(await ben.page.locator(":focus").getAttribute("id")).toBe("stop");
    await ben.holdKey("Enter", () => ben.says("Emergency stop"));
    await tv.says("The vote is closed");
    const standings = ben.page.locator(".thresholds .state");
    await standings.filter({ hasText: "off" }).waitFor();
    expect(await standings.allInnerTexts()).toEqual(["draft", "off"]);
  });

  test("keeps what a role may not do from it", async () => {
    expect(await ben.button("Void this poll").getAttribute("aria-disabled")).toBe("true");
    expect(await ben.button("Rehearse").count()).toBe(0);
    const guest = await ProducerDesk.open(browser, cluster, "fra", "viewer", SHOW.id);
    await guest.page.getByRole("heading", { level: 1 }).waitFor();
    expect(await guest.bigButton.getAttribute("aria-disabled")).toBe("true");
    expect(await guest.button("Put on the screens").count()).toBe(0);
    await guest.page.close();
    const reader = await ProducerDesk.open(browser, cluster, "fra", "reader", SHOW.id);
    await reader.page.getByText("the console takes viewer, operator or producer").waitFor();
    await shoot(reader.page, "console-sign-in");
    await expectAccessible(reader.page);
    await reader.page.close();
  });

  test("rehearses in a show of its own, which every page says", async () => {
    await ann.button("Rehearse").click();
    await ann.says("Rehearsal");
    await ann.page.getByText("Rehearsal: nothing here counts").waitFor();
    await ann.hold(ann.bigButton, () => ann.offers("Close"));
    const set = await Television.switchOn(browser, [cluster.address("nyc")], "talent-final-r1", "&open=1");
    await set.shows("Rehearsal");
    await set.asks("Who shall win the final?");
    await set.press("1");
    await set.says("Counted for Anna");
    await ann.page.locator(".counts .total", { hasText: "1 receivers" }).waitFor();
    await shoot(ann.page, "console-rehearsal");
    await shoot(set.page, "tv-rehearsal");
    await expectFinal(cluster, SHOW.id, "winner", { ben: 1 });
    await set.page.close();
  });

  test("goes on at another edge when its own is gone", async () => {
    await cluster.member("fra").kill();
    await ann.page.locator(".link", { hasText: "at nyc" }).waitFor();
    await ann.hold(ann.bigButton, () => ann.page.locator(".desk .state", { hasText: /clos/i }).waitFor());
  });

  test("breaks no rule of its own policy", () => {
    expect(faults).toEqual([]);
  });
});
