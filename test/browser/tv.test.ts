// The red-button application in a real browser, at real edges: an evening in front of the television.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "../support/axe.ts";
import { describeInBrowser, launchBrowser } from "../support/browser.ts";
import { Cluster } from "../support/cluster.ts";
import type { EdgeClient } from "../support/edge-client.ts";
import { Proxy } from "../support/proxy.ts";
import { expectEverywhere, expectFinal } from "../support/readings.ts";
import { shoot } from "../support/screens.ts";
import { winnerOf } from "../support/show-files.ts";
import { Television } from "../support/television.ts";

const SHOW = {
  id: "talent-final",
  title: "The talent final",
  polls: [
    winnerOf(4, { grace_ms: 200 }),
    {
      id: "quiz",
      question: "In which year was the first red button?",
      options: [
        { id: "y1996", text: "1996" },
        { id: "y1999", text: "1999" },
        { id: "y2004", text: "2004" },
      ],
      mode: "first",
      answer: "y1999",
      grace_ms: 0,
    },
    {
      id: "song",
      question: "Which song was the best?",
      options: [
        { id: "waterloo", text: "Waterloo" },
        { id: "volare", text: "Volare" },
      ],
      grace_ms: 0,
    },
    {
      id: "wildcard",
      question: "Which two come back next year?",
      options: [
        { id: "ella", text: "Ella" },
        { id: "finn", text: "Finn" },
        { id: "gus", text: "Gus" },
      ],
      mode: "votes",
      votes: 2,
      results: "live",
    },
  ],
};

describeInBrowser("the red-button application", () => {
  let cluster: Cluster;
  let producer: EdgeClient;
  let browser: Browser;
  let tv: Television;

  beforeAll(async () => {
    cluster = await Cluster.start();
    producer = cluster.producer("nyc");
    await producer.create(SHOW);
    await cluster.whole();
    browser = await launchBrowser();
    tv = await Television.switchOn(browser, cluster.addresses, SHOW.id);
  });
  afterAll(async () => {
    await browser?.close();
    await cluster?.end();
  });

  test("asks for the red button, which opens and closes it", async () => {
    await tv.shows("Press red");
    await shoot(tv.page, "tv-prompt");
    await expectAccessible(tv.page);
    await tv.press("red");
    await tv.asks("Nothing to vote on yet");
    await shoot(tv.page, "tv-nothing");
    await expectAccessible(tv.page);
    await tv.press("back");
    await tv.shows("Press red");
  });

  test("calls to the vote when a poll opens, and shows it", async () => {
    await producer.command(SHOW.id, "winner", "arm", "open");
    await tv.shows("Vote now");
    await shoot(tv.page, "tv-call");
    await tv.press("red");
    await tv.asks("Who shall win the final?");
    await tv.says("Choose with a number");
    await shoot(tv.page, "tv-open");
    await expectAccessible(tv.page);
  });

  test("counts a press of a digit, says so with a receipt, and shows no counts", async () => {
    await tv.press("2");
    await tv.says(/Counted for Ben.*Receipt RB-[0-9A-Z]{6}/s);
    expect(await tv.chosen()).toEqual(["Ben, the juggler"]);
    expect(await tv.page.locator(".figure").allInnerTexts()).toEqual(["", "", "", ""]);
    await shoot(tv.page, "tv-counted");
    await expectAccessible(tv.page);
    await expectEverywhere(cluster, SHOW.id, "winner", { ben: 1 });
  });

  test("takes a changed mind by the arrows and OK", async () => {
    await tv.press("up", "ok");
    await tv.says(/Changed to Anna.*Counted/s);
    await shoot(tv.page, "tv-changed");
    expect(await tv.chosen()).toEqual(["Anna, the singer"]);
    await expectEverywhere(cluster, SHOW.id, "winner", { anna: 1 });
  });

  test("knows its choice after the set was switched off", async () => {
    await tv.page.reload();
    await tv.shows("Vote now");
    await tv.press("red");
    await tv.says(/Counted for Anna|Changed to Anna/);
    expect(await tv.chosen()).toEqual(["Anna, the singer"]);
  });

  test("moves on when its edge is gone, and is still the same receiver", async () => {
    await cluster.member("fra").kill();
    await tv.press("2");
    await tv.says(/Changed to Ben.*Counted/s);
    await expectEverywhere(cluster, SHOW.id, "winner", { ben: 1 });
    await cluster.revive("fra");
  });

  test("shows the result once it is released, and not before", async () => {
    await producer.command(SHOW.id, "winner", "close");
    await tv.says("The result will be shown here");
    await shoot(tv.page, "tv-closed");
    await expectFinal(cluster, SHOW.id, "winner", { ben: 1 });
    expect(await tv.page.locator("#app").innerText()).not.toContain("%");
    await producer.command(SHOW.id, "winner", "release");
    await tv.shows("Final result · 1 vote");
    expect(await tv.page.locator(".figure").allInnerTexts()).toEqual(["0 %", "100 %", "0 %", "0 %"]);
    await shoot(tv.page, "tv-result");
    await expectAccessible(tv.page);
  });

  test("keeps a quiz's answer until it is revealed", async () => {
    await producer.command(SHOW.id, "quiz", "arm", "open");
    await tv.asks("In which year was the first red button?");
    await tv.press("1");
    await tv.says("Counted for 1996");
    await tv.press("2");
    expect(await tv.chosen()).toEqual(["1996"]);
    await producer.command(SHOW.id, "quiz", "close");
    await tv.says("The result will be shown here");
    await producer.command(SHOW.id, "quiz", "release");
    await tv.says("Not this time");
    await tv.shows("Right answer");
    await shoot(tv.page, "tv-quiz");
    await expectAccessible(tv.page);
  });

  test("says what was not counted, why, and that the earlier vote still counts", async () => {
    const way = await Proxy.listen(Number(new URL(cluster.address("nyc")).port));
    const set = await Television.switchOn(browser, [`http://127.0.0.1:${way.port}`], SHOW.id, "&open=1");
    await producer.command(SHOW.id, "song", "arm", "open");
    await set.asks("Which song was the best?");
    await set.press("1");
    await set.says("Counted for Waterloo");
    way.become({ is: "refusing" });
    await set.press("2");
    await set.says("Sending your vote");
    await producer.command(SHOW.id, "song", "close");
    await expectFinal(cluster, SHOW.id, "song", { waterloo: 1 });
    way.become({ is: "open" });
    await set.says(/Not counted. The vote had closed when it came.*Your vote for Waterloo still counts/s);
    expect(await set.chosen()).toEqual(["Waterloo"]);
    await shoot(set.page, "tv-not-counted");
    await expectAccessible(set.page);
    await set.page.close();
    await way.close();
  });

  test("gives as many votes as the poll has, and shows live counts", async () => {
    await producer.command(SHOW.id, "wildcard", "arm", "open");
    await tv.asks("Which two come back next year?");
    await tv.says("2 of 2 votes left");
    await tv.press("1");
    await tv.says("1 of 2 votes left");
    await tv.press("3");
    await tv.says("All 2 votes given");
    await tv.shows("So far · 2 votes");
    expect((await tv.chosen()).toSorted()).toEqual(["Ella", "Gus"]);
    await shoot(tv.page, "tv-votes");
  });

  test("shows what is published: a page, a lower third", async () => {
    const put = (path: string, body: object) => producer.ask("PUT", `/v1/shows/${SHOW.id}/content/${path}`, body);
    expect(await put("rules", { title: "How it works", text: "Vote once.\n\nYour last vote counts." })).toMatchObject({
      status: 200,
    });
    await tv.press("right");
    await tv.asks("How it works");
    await shoot(tv.page, "tv-page");
    await expectAccessible(tv.page);
    await put("name", { kind: "lower-third", title: "Ben Carter", text: "Juggler, from Leeds" });
    await tv.press("back");
    await tv.shows("Ben Carter");
    await shoot(tv.page, "tv-lower-third");
    await producer.ask("DELETE", `/v1/shows/${SHOW.id}/content/name`, undefined);
    await tv.page.locator("#lower").waitFor({ state: "hidden" });
  });

  test("says when no edge answers, and goes on by itself", async () => {
    for (const edge of cluster.edges) await cluster.member(edge).kill();
    await tv.shows("No connection");
    await tv.press("red", "2");
    await tv.says("Sending your vote");
    await shoot(tv.page, "tv-away");
    for (const edge of cluster.edges) cluster.member(edge).start();
    await cluster.whole();
    await tv.says(/Counted/);
    await tv.page.locator("#trouble").waitFor({ state: "hidden" });
    await expectEverywhere(cluster, SHOW.id, "wildcard", { finn: 1, gus: 1 });
  });
});
