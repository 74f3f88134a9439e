// Buying on a television of 2012: ES5, no WebSocket, against the edge's own application with a till of this test.
import { expect, test } from "vitest";
import { Shop } from "../../../crdt/shop.ts";
import type { OrderRequest, OrderService, OrderView } from "../../../edge/order-desk.ts";
import { refuse } from "../../../edge/refusal.ts";
import { OldTelevision, type Sent } from "../../support/old-television.ts";
import { aProduct } from "../../support/orders.ts";
import { Harness } from "../edge/harness.ts";

const [RED, OK] = [403, 13];
const isOrder = ({ path }: Sent) => path.endsWith("/orders");

/** Takes each key once, as the real desk does. */
class Till implements OrderService {
  readonly taken = new Map<string, { readonly request: OrderRequest; view: OrderView }>();

  place(request: OrderRequest) {
    const known = this.taken.get(request.key);
    if (known) return Promise.resolve(known.view);
    if (!request.signed) return Promise.resolve(refuse("forbidden", "anonymous"));
    if (request.product === "ticket" && request.pin === undefined)
      return Promise.resolve(refuse("pin_required", "no PIN"));
    const { product, quantity } = request;
    const id = request.key.replaceAll("-", "");
    const money = { price: 2990, total: 2990 * quantity, currency: "EUR" };
    const view: OrderView = {
      id,
      product,
      title: "Shirt",
      quantity,
      ...money,
      state: "received",
      reason: "",
      step: 0,
      time: 1,
    };
    this.taken.set(request.key, { request, view });
    return Promise.resolve(view);
  }

  mine(subject: string): OrderView[] {
    return [...this.taken.values()].filter(({ request }) => request.subject === subject).map(({ view }) => view);
  }

  follow() {
    return () => {};
  }

  /** What becomes of every order. */
  settle(state: OrderView["state"], step: number, reason = ""): void {
    for (const each of this.taken.values()) each.view = { ...each.view, state, step, reason };
  }
}

/** A set in front of a shop; `isSigned`: the broadcaster's token is in its address. */
async function shopping({ isSigned = true } = {}) {
  const harness = new Harness();
  const shop = new Shop(harness.show.documents.board);
  for (const product of [aProduct(), aProduct({ id: "ticket", title: "Ticket", confirmation: "pin" })]) {
    shop.addProduct(product);
    shop.offer(product.id, { at: 1, by: "test" });
  }
  const till = new Till();
  harness.show.orders = till;
  const tv = new OldTelevision(harness);
  if (isSigned) tv.hash = `#token=${harness.receiver("ada", false)}`;
  tv.switchOn();
  await tv.run();
  tv.key(RED);
  // A poll that is on comes first; there is none, and the shop is the first card.
  expect(tv.element("question").textContent).toBe("Shop");
  return { harness, till, tv };
}

test("a shirt is bought with two more presses, and asked about until it is over", async () => {
  const { till, tv } = await shopping();
  tv.press(1);
  tv.key(OK);
  expect(tv.element("text").textContent).toBe("You are about to buy this for €29.90.");
  tv.key(OK);
  tv.key(OK);
  await tv.run(1);
  expect(tv.status).toContain("Order received");
  till.settle("reserved", 1);
  await tv.run();
  expect(tv.status).toContain("Reserved for you");
  till.settle("confirmed", 2);
  await tv.run();
  expect(tv.status).toContain("Bought|Order ");
  const looks = () => tv.sent.filter(({ path }) => path.endsWith("/orders/mine")).length;
  const before = looks();
  await tv.run();
  expect(looks()).toBe(before);
  expect([...till.taken.values()].map(({ request }) => request)).toMatchObject([
    { subject: "ada", signed: true, product: "shirt", quantity: 1 },
  ]);
});

test("an order whose answer was lost keeps its key, over a power cut too", async () => {
  const { till, tv } = await shopping();
  tv.loses = isOrder;
  tv.press(1);
  tv.key(OK);
  tv.key(OK);
  await tv.run(0);
  expect(tv.status).toContain("Sending your order …");
  tv.hash = "";
  tv.switchOn();
  await tv.run();
  tv.key(RED);
  expect(tv.status).toContain("Order received");
  const keys = tv.sent.filter(isOrder).map(({ body }) => (JSON.parse(body!) as { key: string }).key);
  expect(keys.length).toBeGreaterThan(1);
  expect(new Set(keys).size).toBe(1);
  expect(till.taken.size).toBe(1);
});

test("an order of half an hour ago is not sent without another word, whatever the set's own clock says", async () => {
  const { harness, till, tv } = await shopping();
  harness.show.orders = Object.assign(new Till(), {
    place: () => Promise.resolve(refuse("overloaded", "try again later")),
  });
  tv.press(1);
  tv.key(OK);
  tv.key(OK);
  await tv.run(1);
  expect(tv.status).toContain("Sending your order …");
  harness.show.orders = till;
  harness.world.advance(1_800_000);
  tv.hash = "";
  // Without its power it has forgotten the time, as sets do.
  tv.switchOn({
    Date: class extends Date {
      constructor() {
        super(0);
      }
    },
  });
  await tv.run();
  tv.key(RED);
  expect(tv.status).toContain("Your order was interrupted");
  expect(till.taken.size).toBe(0);
  tv.key(OK);
  tv.key(OK);
  await tv.run(1);
  expect(tv.status).toContain("Order received");
  expect(till.taken.size).toBe(1);
});

test("an order that was placed is asked about until the edge in use has heard of it", async () => {
  const { harness, till, tv } = await shopping();
  tv.press(1);
  tv.key(OK);
  tv.key(OK);
  await tv.run(0);
  expect(tv.status).toContain("Order received");
  harness.show.orders = new Till();
  tv.hash = "";
  tv.switchOn();
  await tv.run();
  till.settle("confirmed", 2);
  harness.show.orders = till;
  await tv.run();
  tv.key(RED);
  expect(tv.status).toContain("Bought");
});

test("an order that was refused is tried again under its key, as it may have arrived", async () => {
  const { harness, till, tv } = await shopping();
  harness.show.orders = Object.assign(new Till(), {
    place: () => Promise.resolve(refuse("not_offered", "not on offer now")),
  });
  tv.press(1);
  tv.key(OK);
  tv.key(OK);
  await tv.run();
  expect(tv.status).toBe("Not bought|It is not on sale any more");
  harness.show.orders = till;
  tv.key(OK);
  tv.key(OK);
  await tv.run(1);
  expect(tv.status).toContain("Order received");
  const keys = tv.sent.filter(isOrder).map(({ body }) => (JSON.parse(body!) as { key: string }).key);
  expect(new Set(keys).size).toBe(1);
});

test("a PIN is entered by digits, sent once and kept nowhere", async () => {
  const { till, tv } = await shopping();
  tv.press(2);
  tv.key(OK);
  for (const digit of [4, 7, 1, 1]) tv.press(digit);
  expect(tv.element("pin").textContent).toBe("● ● ● ●");
  tv.key(OK);
  await tv.run(1);
  expect([...till.taken.values()].map(({ request }) => [request.product, request.pin])).toEqual([["ticket", "4711"]]);
  expect(tv.element("pin").className).toContain("hidden");
  till.settle("rejected", 2, "pin-wrong");
  await tv.run();
  expect(tv.status).toContain("Not bought|The PIN was wrong. Nothing was charged");
});

test("a set that nobody vouches for is shown the prices, and told why it cannot buy", async () => {
  const { till, tv } = await shopping({ isSigned: false });
  tv.press(1);
  tv.key(OK);
  tv.key(OK);
  await tv.run();
  expect(tv.element("heading").textContent).toBe("€29.90");
  expect(tv.status).toContain("Sign in to buy");
  expect(till.taken.size).toBe(0);
});

test("an old token in the address leaves the set who it was", async () => {
  const { harness, tv } = await shopping();
  tv.hash = "#token=old";
  tv.switchOn();
  await tv.run();
  const tokens = tv.sent.filter(({ path }) => path === "/v1/receivers").map(({ token }) => token);
  expect(tokens.at(-1)).toBe("old");
  const { token } = tv.sent.findLast(({ path }) => path.endsWith("/content"))!;
  expect(harness.tokens.receiver(token)).toMatchObject({ subject: "ada", signed: true });
});
