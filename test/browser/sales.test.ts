// The gallery while a show sells: products on and off sale, stock, orders a second, and orders that wait for somebody.
import { randomUUID } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "../support/axe.ts";
import { describeInBrowser, launchBrowser } from "../support/browser.ts";
import { ProducerDesk } from "../support/gallery.ts";
import { shoot } from "../support/screens.ts";
import { SellingCluster } from "../support/selling-cluster.ts";
import { soon } from "../support/soon.ts";

const SHOW = {
  id: "talent-final",
  title: "The talent final",
  polls: [],
  products: [
    { id: "shirt", title: "The tour's shirt", price: 2990, currency: "EUR", stock: 40, most_at_once: 4 },
    {
      id: "ticket",
      title: "A seat at the next final",
      price: 12_500,
      currency: "EUR",
      stock: 2,
      confirmation: "pin",
    },
  ],
};

describeInBrowser("sales in the gallery", () => {
  let selling: SellingCluster;
  let browser: Browser;
  let ann: ProducerDesk;

  const row = (title: string) => ann.page.locator(".products li", { hasText: title });
  const figure = (name: string, value: string | RegExp) =>
    ann.page.locator(".order-figures div", { hasText: name }).locator("dd", { hasText: value }).waitFor();
  /** Orders, with one key at one edge after another until one has it; returns the order's id. */
  const buy = async (subject: string, product: string, quantity = 1) => {
    const { cluster } = selling;
    const body = { key: randomUUID(), product, quantity, pin: "4711" };
    let id = "";
    await soon(async () => {
      const token = cluster.receiverToken(subject, { anonymous: false });
      const answer = await cluster.client("nyc", token).post(`/v1/shows/${SHOW.id}/orders`, body);
      expect(answer.status).toBe(202);
      id = (answer.body as { readonly id: string }).id;
    });
    return id;
  };

  beforeAll(async () => {
    // From Carl's account it takes a cent, from Dora's nothing before somebody has looked at it.
    selling = await SellingCluster.start({
      takes: ({ account, amount }) => (account === "carl" || account === "dora" ? 1 : Number(amount)),
    });
    await selling.cluster.producer("fra").create(SHOW);
    await selling.cluster.whole();
    browser = await launchBrowser();
    ann = await ProducerDesk.open(browser, selling.cluster, "fra", "producer", SHOW.id);
  });
  afterAll(async () => {
    await browser?.close();
    await selling?.end();
  });

  test("puts a product on sale when the button is held, and not when it is clicked", async () => {
    // What stands above grows while the edges are found, and a button that moves from under the finger is let go.
    await ann.page.locator(".edges li.live").nth(2).waitFor();
    await ann.page.locator("body").press("s");
    await row("shirt").locator(".state", { hasText: "hidden" }).waitFor();
    await row("shirt").getByRole("button", { name: "Offer" }).click();
    expect(await row("shirt").locator(".state").innerText()).toBe("hidden");
    for (const title of ["The tour's shirt", "A seat at the next final"])
      await ann.hold(row(title).getByRole("button"), () =>
        row(title).locator(".state", { hasText: "offered" }).waitFor(),
      );
    await shoot(ann.page, "console-sales-offered");
    await expectAccessible(ann.page);
  });

  test("shows orders a second, their states, the stock and the money", async () => {
    for (let buyer = 0; buyer < 5; buyer++) await buy(`buyer-${buyer}`, "shirt", 2);
    await figure("orders/s", /[1-9]/);
    await figure("confirmed", "5");
    await row("shirt").getByText("30 of 40 left").waitFor();
    await row("shirt").getByText("€299.00 taken").waitFor();
    for (let buyer = 0; buyer < 3; buyer++) await buy(`buyer-${buyer}`, "ticket");
    await figure("rejected", "1");
    await row("seat").getByText("sold out").waitFor();
    await shoot(ann.page, "console-sales");
    await expectAccessible(ann.page);
  });

  test("says which orders are stuck, on its tab too; one is cancelled, with the money back", async () => {
    const order = await buy("carl", "shirt", 3);
    await ann.page.getByRole("tab", { name: "1 stuck" }).waitFor();
    const stuck = ann.page.locator(".stuck li", { hasText: "3 × The tour's shirt" });
    await stuck.getByText("The provider took another amount").waitFor();
    await shoot(ann.page, "console-sales-stuck");
    await expectAccessible(ann.page);
    await ann.hold(stuck.getByRole("button", { name: "Cancel" }), () => ann.says("its money goes back"));
    await figure("cancelled", "1");
    await stuck.waitFor({ state: "detached" });
    expect(selling.provider.refunds).toEqual([order]);
    await row("shirt").getByText("30 of 40 left").waitFor();
  });

  test("tries another one again, once the provider has put its books right", async () => {
    const order = await buy("dora", "shirt");
    const stuck = ann.page.locator(".stuck li", { hasText: "1 × The tour's shirt" });
    await stuck.waitFor();
    selling.provider.books.set(order, { ...selling.provider.books.get(order)!, amount: 2990 });
    await ann.hold(stuck.getByRole("button", { name: "Try again" }), () => ann.says("asked again"));
    await figure("confirmed", "8");
    await stuck.waitFor({ state: "detached" });
    await row("shirt").getByText("29 of 40 left").waitFor();
  });

  test("takes a product off sale for good, and keeps from a role what it may not do", async () => {
    const order = await buy("dora", "shirt");
    const ben = await ProducerDesk.open(browser, selling.cluster, "nyc", "operator", SHOW.id);
    await ben.page.locator(".edges li.live").nth(2).waitFor();
    await ben.page.getByRole("tab", { name: "Sales" }).click();
    await ben.page.locator(".stuck li").waitFor();
    expect(await ben.button("Cancel, give money back").getAttribute("aria-disabled")).toBe("true");
    const button = ben.page.locator(".products li", { hasText: "shirt" }).getByRole("button", { name: "Withdraw" });
    await ben.hold(button, () => ben.says("Off sale for good"));
    await row("shirt").locator(".state", { hasText: "withdrawn" }).waitFor();
    expect(await row("shirt").getByRole("button").count()).toBe(0);
    expect(selling.provider.refunds).not.toContain(order);
    await ben.page.close();
  });
});
