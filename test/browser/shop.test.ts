// Buying with the remote control, in a real browser, at real edges, an order processor and a provider over HTTP.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OrdersAnswer } from "../../edge/answers.ts";
import { expectAccessible } from "../support/axe.ts";
import { describeInBrowser, launchBrowser } from "../support/browser.ts";
import type { Mood } from "../support/provider.ts";
import { shoot } from "../support/screens.ts";
import { SellingCluster } from "../support/selling-cluster.ts";
import { winnerOf } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";
import { Television } from "../support/television.ts";

const SHOW = {
  id: "talent-final",
  title: "The talent final",
  polls: [winnerOf(2)],
  products: [
    {
      id: "shirt",
      title: "The tour's shirt",
      text: "Black cotton, with tonight's date on the back.\nShipped within a week.",
      price: 2990,
      currency: "EUR",
      stock: 40,
      most_at_once: 4,
    },
    {
      id: "ticket",
      title: "A seat at the next final",
      text: "First row. Doors open at seven.",
      price: 12_500,
      currency: "EUR",
      stock: 3,
      confirmation: "pin",
    },
    { id: "poster", title: "The signed poster", price: 900, currency: "EUR", stock: 1 },
  ],
};
/** Long enough to stand in no UUID. */
const PIN_KEYS = ["4", "7", "1", "1", "0", "8", "1", "5"] as const;
const PIN = PIN_KEYS.join("");

describeInBrowser("buying on the television", () => {
  let selling: SellingCluster;
  let browser: Browser;
  let tv: Television;
  let mood: Mood = "well";

  /** A set that the broadcaster vouches for, its application open. */
  const signedIn = (subject: string, query = "&open=1") => {
    const token = selling.cluster.receiverToken(subject, { anonymous: false });
    const edges = selling.cluster.addresses;
    return Television.switchOn(browser, edges, SHOW.id, `${query}#token=${token}`);
  };
  /** What an edge knows of somebody's orders. */
  const ordersOf = async (subject: string) => {
    const token = selling.cluster.receiverToken(subject, { anonymous: false });
    const { body } = await selling.cluster.client("nyc", token).get(`/v1/shows/${SHOW.id}/orders/mine`);
    return (body as OrdersAnswer).orders.map(({ product, quantity, state }) => `${quantity} ${product} ${state}`);
  };
  const chargesOf = (account: string) =>
    selling.provider.charges.filter((charge) => charge.account === account).map(({ amount }) => amount);

  beforeAll(async () => {
    selling = await SellingCluster.start({
      mood: () => mood,
      refuses: ({ product, pin }) => (product === "ticket" && pin !== PIN ? "pin-wrong" : undefined),
    });
    await selling.cluster.producer("fra").create(SHOW);
    await selling.cluster.whole();
    browser = await launchBrowser();
    tv = await signedIn("ada", "");
  });
  afterAll(async () => {
    await browser?.close();
    await selling?.end();
  });

  test("is called for when something is on offer, with prices; the token leaves the address", async () => {
    await tv.shows("Press red");
    expect(tv.page.url()).not.toContain("token");
    await selling.offer(SHOW.id, "shirt", "ticket", "poster");
    await tv.shows("Press red to buy");
    await tv.press("red");
    await tv.asks("Shop");
    await tv.page.locator("#rows li").nth(3).waitFor();
    expect(await tv.page.locator("#rows .text").allInnerTexts()).toEqual([
      "The signed poster",
      "The tour's shirt",
      "A seat at the next final",
      "My orders",
    ]);
    expect(await tv.page.locator("#rows .note").allInnerTexts()).toEqual([
      "€9.00 · Only a few left",
      "€29.90",
      "€125.00",
      "",
    ]);
    await shoot(tv.page, "tv-shop");
    await expectAccessible(tv.page);
  });

  test("takes a quantity and a second word, and tells each step as it is pushed", async () => {
    mood = "failing";
    await tv.press("2");
    await tv.asks("The tour's shirt");
    await tv.press("right", "right", "right", "right", "right", "left");
    await tv.shows("3 × €29.90 = €89.70");
    await shoot(tv.page, "tv-shop-product");
    await expectAccessible(tv.page);
    await tv.press("ok");
    await tv.shows("You are about to buy this for €89.70.");
    expect(await ordersOf("ada")).toEqual([]);
    await shoot(tv.page, "tv-shop-confirm");
    await expectAccessible(tv.page);
    await tv.press("ok", "ok", "ok");
    await tv.says("Reserved for you. Paying");
    await shoot(tv.page, "tv-shop-reserved");
    await expectAccessible(tv.page);
    mood = "well";
    await tv.says(/Bought.*Order [0-9A-F]{8}/s);
    await shoot(tv.page, "tv-shop-bought");
    await expectAccessible(tv.page);
    expect(await ordersOf("ada")).toEqual(["3 shirt confirmed"]);
    expect(chargesOf("ada")).toEqual([8970]);
  });

  test("asks for the PIN where the product says so, and takes no wrong one", async () => {
    await tv.press("ok");
    await tv.asks("Shop");
    await tv.press("3", "ok");
    await tv.shows("Enter your PIN");
    await tv.press("0", "0", "0");
    await tv.page.getByRole("img", { name: "PIN: 3 digits" }).waitFor();
    await tv.press("ok");
    await shoot(tv.page, "tv-shop-pin");
    await expectAccessible(tv.page);
    expect(await tv.page.locator("#app").innerText()).not.toContain("000");
    await tv.press("0", "ok");
    await tv.says(/Not bought.*The PIN was wrong. Nothing was charged/s);
    await shoot(tv.page, "tv-shop-wrong-pin");
    await expectAccessible(tv.page);
    await tv.press("ok", "ok");
    await tv.shows("Enter your PIN");
    await tv.press("4", "9", "left", ...PIN_KEYS.slice(1), "ok");
    await tv.says("Bought");
    expect(chargesOf("ada")).toEqual([8970, 12_500]);
    expect(selling.provider.charges.at(-1)).toMatchObject({ account: "ada", pin: PIN });
  });

  test("shows what is scarce, what is sold out, and what was bought", async () => {
    await tv.press("back");
    await tv.shows("Only a few left");
    await tv.press("1", "ok", "ok");
    await tv.says("Bought");
    await tv.press("back");
    await tv.shows("Sold out");
    await shoot(tv.page, "tv-shop-scarce");
    await expectAccessible(tv.page);
    await tv.press("1");
    await tv.asks("The signed poster");
    expect(await tv.page.locator("#rows button").count()).toBe(0);
    await tv.press("back", "4");
    await tv.asks("My orders");
    await tv.page.locator("#rows li").nth(3).waitFor();
    expect(await tv.page.locator("#rows .text").allInnerTexts()).toEqual([
      "1 × The signed poster",
      "1 × A seat at the next final",
      "1 × A seat at the next final",
      "3 × The tour's shirt",
    ]);
    expect(await tv.page.locator("#rows .note").allInnerTexts()).toEqual([
      "€9.00 · Bought",
      "€125.00 · Bought",
      "€125.00 · Not bought",
      "€89.70 · Bought",
    ]);
    await shoot(tv.page, "tv-shop-history");
    await expectAccessible(tv.page);
    await tv.press("4");
    await tv.says(/Bought.*Order [0-9A-F]{8}/s);
  });

  test("is one order, though the answer was lost and the set lost its power", async () => {
    const bob = await signedIn("bob");
    await bob.asks("Shop");
    // The request arrives, and what it is answered with does not.
    await bob.page.route("**/orders", async (route) => {
      await route.fetch().catch(() => {});
      await route.abort();
    });
    await bob.press("2", "ok", "ok");
    await soon(async () => expect(await ordersOf("bob")).toHaveLength(1));
    await bob.says("Sending your order");
    await bob.page.unrouteAll({ behavior: "ignoreErrors" });
    await bob.page.reload();
    // The outcome may have been pushed before the power went: then there is nothing to say any more.
    const kept = () => bob.page.evaluate("localStorage.getItem('redbutton-order-talent-final')");
    await soon(async () => expect(await kept()).toBe("null"));
    expect(await ordersOf("bob")).toEqual(["1 shirt confirmed"]);
    expect(chargesOf("bob")).toEqual([2990]);
    await bob.page.close();
  });

  test("keeps no PIN: one that was on its way when the power failed is asked for again", async () => {
    const cleo = await signedIn("cleo");
    await cleo.asks("Shop");
    await cleo.page.route("**/orders", (route) => route.abort());
    await cleo.press("3", "ok", ...PIN_KEYS, "ok");
    await cleo.says("Sending your order");
    const kept = String(await cleo.page.evaluate("JSON.stringify(localStorage)"));
    expect(kept).toContain("ticket");
    expect(kept).not.toContain(PIN);
    await cleo.page.reload();
    await cleo.page.unrouteAll({ behavior: "ignoreErrors" });
    await cleo.says("Your order was interrupted");
    await shoot(cleo.page, "tv-shop-interrupted");
    await expectAccessible(cleo.page);
    await cleo.press("ok");
    await cleo.shows("Enter your PIN");
    await cleo.press(...PIN_KEYS, "ok");
    await cleo.says("Bought");
    expect(await ordersOf("cleo")).toEqual(["1 ticket confirmed"]);
    await cleo.page.close();
  });

  test("goes without a socket: what becomes of the order is asked for", async () => {
    const dan = await signedIn("dan");
    await dan.page.addInitScript("delete window.WebSocket");
    await dan.page.reload();
    await dan.asks("Shop");
    await dan.press("2", "ok", "ok");
    await dan.says("Bought");
    expect(await dan.page.evaluate("typeof WebSocket")).toBe("undefined");
    await dan.page.close();
  });

  test("moves to another edge with the same order when its own is gone", async () => {
    const eve = await signedIn("eve");
    await eve.asks("Shop");
    await eve.press("2", "ok");
    await eve.shows("You are about to buy");
    await selling.cluster.member("fra").kill();
    await eve.press("ok");
    await eve.says("Bought");
    expect(await ordersOf("eve")).toEqual(["1 shirt confirmed"]);
    await selling.cluster.revive("fra");
    await eve.page.close();
  });

  test("is not for a set that nobody vouches for, which is told why", async () => {
    const edges = selling.cluster.addresses;
    const guest = await Television.switchOn(browser, edges, SHOW.id, "&open=1");
    await guest.asks("Shop");
    await guest.press("2");
    await guest.says(/Sign in to buy.*nobody could be charged/s);
    await guest.press("ok", "ok");
    expect(await guest.page.locator("#rows button").count()).toBe(0);
    await shoot(guest.page, "tv-shop-anonymous");
    await expectAccessible(guest.page);
    await guest.page.close();
  });

  test("leaves a poll that opens beside it: no digit of a PIN is a vote", async () => {
    const fay = await signedIn("fay");
    const heard = new Promise<void>((resolve) => {
      fay.page.on("websocket", (socket) =>
        socket.on("framereceived", ({ payload }) => String(payload).includes('"state":"open"') && resolve()),
      );
    });
    await fay.page.reload();
    await fay.asks("Shop");
    await fay.press("3", "ok");
    await fay.shows("Enter your PIN");
    await selling.cluster.producer("nyc").command(SHOW.id, "winner", "arm", "open");
    await heard;
    await fay.press("1", "2");
    await fay.page.getByRole("img", { name: "PIN: 2 digits" }).waitFor();
    await fay.press("back", "back", "left");
    await fay.asks("Who shall win the final?");
    await fay.says("Choose with a number");
    await fay.page.close();
  });
});
