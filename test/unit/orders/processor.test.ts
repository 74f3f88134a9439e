// The order processor over a real database file and a real HTTP server: charged once, never oversold, told in the end.
import { afterEach, describe, expect, test } from "vitest";
import { makeEnvelopeKey } from "../../../crdt/envelope.ts";
import { PIN_MISSING, PIN_WRONG } from "../../../crdt/order.ts";
import { PAUSE_MS } from "../../../monitor/orders/backoff.ts";
import { MAX_TRIES } from "../../../monitor/orders/courier.ts";
import { CLAIM_MS, RECONCILE_INTERVAL_MS } from "../../../monitor/orders/show-orders.ts";
import { aProduct } from "../../support/orders.ts";
import type { Mood } from "../../support/provider.ts";
import { orderIdOf, Scene, SHOW, TIMEOUT_MS, type SceneWish } from "./scene.ts";

let scene: Scene;
const open = async (wish: SceneWish = {}) => (scene = await Scene.open(wish));
afterEach(() => scene.end());

const one = orderIdOf(1);
const many = (count: number) => Array.from({ length: count }, (_, i) => ({ id: orderIdOf(i + 1), lo: i }));

/** Sends orders as an edge does, so many a batch. */
async function sendAll(orders: readonly { readonly id: string; readonly lo: number }[]): Promise<void> {
  for (let at = 0; at < orders.length; at += 14) await scene.send(orders.slice(at, at + 14));
}

/** Provider, database and receivers have the same orders, each once, to the cent. */
async function expectAgreement(): Promise<void> {
  const confirmed = scene.standing().filter(({ state }) => state === "confirmed");
  const booked = (await scene.books.orders(SHOW)).filter(({ state }) => state === "confirmed");
  const charged = [...scene.provider.books].filter(([, { state }]) => state === "charged").map(([id]) => id);
  expect(new Set(confirmed.map(({ order }) => order.id))).toEqual(new Set(charged));
  expect(new Set(booked.map(({ order }) => order))).toEqual(new Set(charged));
  expect(booked.reduce((sum, { total }) => sum + total, 0)).toBe(scene.provider.taken);
  const times = new Set(scene.provider.charges.map(({ reference }) => reference));
  expect(scene.provider.charges).toHaveLength(times.size);
}

describe("an order", () => {
  test("is reserved, charged with its details, confirmed, and told", async () => {
    await open();
    await scene.send([{ id: one, quantity: 3 }]);
    await scene.settled(1);
    expect(scene.standing()).toMatchObject([{ state: "confirmed", step: 2, reason: "" }]);
    expect(scene.provider.charges).toEqual([
      { reference: one, amount: 8970, account: "ada", details: { name: "Ada" }, pin: undefined },
    ]);
    await scene.until(() =>
      expect(scene.shop.sales()?.products).toEqual({ shirt: { left: 97, reserved: 0, confirmed: 3 } }),
    );
    await expectAgreement();
  });

  test("that comes twice is one order; of two bodies the first that was taken stands", async () => {
    await open();
    await scene.send([{ id: one, quantity: 2 }]);
    await scene.settled(1);
    await scene.send([{ id: one, quantity: 2 }]);
    await scene.send([{ id: one, quantity: 4, digest: "ee".repeat(16) }]);
    await scene.round();
    expect(scene.provider.charges).toHaveLength(1);
    expect(await scene.books.orders(SHOW)).toMatchObject([{ quantity: 2, total: 5980 }]);
    expect((await scene.books.sales(SHOW))["shirt"]).toEqual({ left: 98, reserved: 0, confirmed: 2 });
  });

  test("is refused by the provider: its stock goes back", async () => {
    await open({ refuses: () => "card-declined" });
    await scene.send([{ id: one, quantity: 3 }]);
    await scene.settled(1);
    expect(scene.standing()).toMatchObject([{ state: "rejected", reason: "card-declined", step: 2 }]);
    expect((await scene.books.sales(SHOW))["shirt"]).toEqual({ left: 100, reserved: 0, confirmed: 0 });
  });

  test("of what nobody knows is rejected, and never charged", async () => {
    await open();
    await scene.send([{ id: one, product: "mug" }]);
    await scene.settled(1);
    expect(scene.standing()).toMatchObject([{ state: "rejected", reason: "sold-out", step: 1 }]);
    expect(scene.provider.charges).toEqual([]);
  });

  test("is sold while there is stock and no further", async () => {
    await open({ products: [aProduct({ stock: 7 })] });
    await sendAll(many(30));
    await scene.settled(30);
    expect(scene.states()).toEqual({ confirmed: 7, rejected: 23 });
    expect(scene.provider.charges).toHaveLength(7);
    await expectAgreement();
  });
});

describe("an order of a product that is confirmed with a PIN", () => {
  const products = [aProduct({ confirmation: "pin" })];
  const personal = { account: "ada", details: {}, pin: "4711" };

  test("is charged with it, and rejected where the provider finds it wrong", async () => {
    await open({ products, refuses: ({ pin }) => (pin === "4711" ? undefined : PIN_WRONG) });
    await scene.send([
      { id: one, personal },
      { id: orderIdOf(2), personal: { ...personal, pin: "0000" } },
    ]);
    await scene.settled(2);
    expect(scene.provider.charges).toMatchObject([{ reference: one, account: "ada", pin: "4711" }]);
    expect(scene.standing().map(({ state, reason }) => [state, reason])).toEqual([
      ["confirmed", ""],
      ["rejected", PIN_WRONG],
    ]);
  });

  test("is rejected without one, whatever an edge let through: the provider never hears of it", async () => {
    await open({ products });
    await scene.send([{ id: one, personal: { account: "ada", details: { pin: "4711" } } }]);
    await scene.settled(1);
    expect(scene.standing()).toMatchObject([{ state: "rejected", reason: PIN_MISSING }]);
    expect(scene.provider.calls.filter((call) => call.startsWith("POST"))).toEqual([]);
    expect((await scene.books.sales(SHOW))["shirt"]).toEqual({ left: 100, reserved: 0, confirmed: 0 });
  });
});

describe("a provider that", () => {
  const moods: readonly Mood[] = [
    "failing",
    "done and failing",
    "done and gone",
    "done and silent",
    "late",
    "babbling",
  ];

  test.each(moods)("is %s at first charges once", async (mood) => {
    await open({ mood: (_reference, call) => (call === 1 ? mood : "well"), lateMs: TIMEOUT_MS + 150 });
    await sendAll(many(5));
    await scene.settled(5);
    expect(scene.states()).toEqual({ confirmed: 5 });
    await expectAgreement();
  });

  test("answers twice charges once, and its second answer is nobody's", async () => {
    await open({ mood: () => "twice" });
    await sendAll(many(40));
    await scene.settled(40);
    expect(scene.states()).toEqual({ confirmed: 40 });
    await expectAgreement();
  });

  test("has lost its idempotency keys is asked what it has before it is asked again", async () => {
    await open({ mood: (_reference, call) => (call === 1 ? "done and gone" : "well"), knowsKeys: false });
    await sendAll(many(10));
    await scene.settled(10);
    expect(scene.provider.charges).toHaveLength(10);
    const asked = scene.provider.calls.filter((call) => call.startsWith("GET /charges/"));
    expect(new Set(asked).size).toBe(10);
    await expectAgreement();
  });

  test("took another amount makes a dead letter, never a confirmation", async () => {
    await open();
    scene.provider.books.set(one, { state: "charged", reason: "", show: SHOW, amount: 1, currency: "EUR" });
    await scene.send([{ id: one }]);
    await scene.until(() => expect(scene.shop.stuck()).toMatchObject([{ order: one, reason: "amount-differs" }]));
    expect(scene.states()).toEqual({ reserved: 1 });
  });
});

describe("a dead letter", () => {
  const stick = async () => {
    let isAway = true;
    await open({ mood: () => (isAway ? "failing" : "well") });
    await scene.send([{ id: one, quantity: 2 }]);
    await scene.until(() =>
      expect(scene.shop.stuck()).toMatchObject([{ order: one, reason: "no-answer", quantity: 2 }]),
    );
    isAway = false;
  };
  const decide = (decision: "cancel" | "retry") =>
    scene.replica.change(() => scene.shop.decide(one, { at: scene.world.time, by: "producer", decision }));

  test("comes after so many tries, and none follows", async () => {
    await stick();
    const calls = () => scene.provider.calls.filter((call) => call.startsWith("POST")).length;
    const tried = calls();
    // One more where a busy machine took so long to ask that the claim ran out.
    expect([MAX_TRIES, MAX_TRIES + 1]).toContain(tried);
    await scene.round();
    expect(calls()).toBe(tried);
    expect(scene.problems).not.toEqual([]);
  });

  test("is tried again when an operator says so, once a word", async () => {
    await stick();
    await decide("retry");
    await scene.settled(1);
    expect(scene.states()).toEqual({ confirmed: 1 });
    await scene.until(() => expect(scene.shop.stuck()).toEqual([]));
    await expectAgreement();
  });

  test("is given up when an operator says so: closed at the provider, its stock back", async () => {
    await stick();
    await decide("cancel");
    await scene.settled(1);
    expect(scene.standing()).toMatchObject([{ state: "cancelled", reason: "never-charged" }]);
    expect((await scene.books.sales(SHOW))["shirt"]).toEqual({ left: 100, reserved: 0, confirmed: 0 });
    await expectAgreement();
  });
});

test("books that differ from the provider's are a problem that health names, for as long as they do", async () => {
  await open();
  await scene.send([{ id: one }]);
  await scene.settled(1);
  scene.provider.books.set(orderIdOf(9), { state: "charged", reason: "", show: SHOW, amount: 5, currency: "EUR" });
  scene.world.advance(RECONCILE_INTERVAL_MS);
  await scene.until(() => expect(scene.problems).toContainEqual("1 orders differ from the provider's books"));
  // Something was under way, and is no more.
  scene.provider.books.delete(orderIdOf(9));
  await scene.until(() => expect(scene.problems).toEqual([]));
});

test("an order that is confirmed is cancelled with its money back, once", async () => {
  await open({ mood: (_reference, call) => (call === 2 ? "done and gone" : "well") });
  await scene.send([{ id: one, quantity: 4 }]);
  await scene.settled(1);
  await scene.replica.change(() => scene.shop.decide(one, { at: scene.world.time, by: "p", decision: "cancel" }));
  await scene.until(() => expect(scene.states()).toEqual({ cancelled: 1 }));
  expect(scene.provider.refunds).toEqual([one]);
  expect(scene.provider.taken).toBe(0);
  expect((await scene.books.sales(SHOW))["shirt"]).toEqual({ left: 100, reserved: 0, confirmed: 0 });
});

describe("an order that is cancelled before a processor has taken it", () => {
  const cancel = () =>
    scene.replica.change(() => scene.shop.decide(one, { at: scene.world.time, by: "p", decision: "cancel" }));

  test("is cancelled when it comes: its viewer pays nothing", async () => {
    await open();
    await cancel();
    await scene.round();
    await scene.send([{ id: one }]);
    await scene.until(() => expect(scene.states()).toEqual({ cancelled: 1 }));
    expect(scene.provider.taken).toBe(0);
    await expectAgreement();
  });

  test("while it waited for a processor to start, is never charged", async () => {
    await open();
    await cancel();
    await scene.crash();
    await scene.send([{ id: one }]);
    await scene.start();
    await scene.until(() => expect(scene.states()).toEqual({ cancelled: 1 }));
    expect(scene.provider.charges).toEqual([]);
  });
});

describe("a processor that ended", () => {
  test("at any moment goes on where the books are", async () => {
    await open({ products: [aProduct({ stock: 20 })], mood: (_r, call) => (call === 1 ? "done and gone" : "well") });
    await sendAll(many(30));
    for (let crash = 0; crash < 6; crash++) {
      const round = scene.round();
      await scene.crash();
      await round;
      await scene.start();
    }
    await scene.settled(30);
    expect(scene.states()).toEqual({ confirmed: 20, rejected: 10 });
    await expectAgreement();
  });

  test("takes what came while it was away", async () => {
    await open();
    await scene.crash();
    await sendAll(many(20));
    await scene.start();
    await scene.settled(20);
    await expectAgreement();
  });
});

test("two processors over the same books charge each order once, and sell no piece twice", async () => {
  await open({ products: [aProduct({ stock: 25 })], mood: (_r, call) => (call === 1 ? "done and failing" : "well") });
  await scene.round();
  await scene.startSecond();
  await sendAll(many(40));
  await scene.settled(40);
  expect(scene.states()).toEqual({ confirmed: 25, rejected: 15 });
  await expectAgreement();
});

describe("envelopes", () => {
  test("under an older key are opened after the newer one came", async () => {
    await open();
    const newer = await makeEnvelopeKey();
    await scene.crash();
    scene.keys = [newer.pair, scene.pair];
    scene.world.advance(1000);
    await scene.start();
    await scene.send([{ id: one }]);
    await scene.settled(1);
    expect(scene.states()).toEqual({ confirmed: 1 });
    expect(scene.shop.envelopeKey()?.id).toBe(newer.pair.id);
  });

  test("that no key opens make a dead letter", async () => {
    await open();
    await scene.send([{ id: one, envelope: Uint8Array.of(1, 2, 3) }]);
    await scene.until(() => expect(scene.shop.stuck()).toMatchObject([{ order: one, reason: "unreadable" }]));
    expect(scene.provider.charges).toEqual([]);
  });
});

describe("what is due next", () => {
  test("is an order's next try, and the day's comparison while something is on offer", async () => {
    await open({ mood: () => "failing" });
    const inMs = async () => ((await scene.nextDue()) ?? Infinity) - scene.world.clock.now();
    await scene.until(async () => expect(await inMs()).toBe(Infinity));
    await scene.replica.change(() => scene.shop.offer("shirt", { at: scene.world.clock.now(), by: "producer" }));
    expect(await inMs()).toBeGreaterThan(RECONCILE_INTERVAL_MS / 2);
    await scene.send([{ id: one }]);
    // A try that is to come: after its pause, or after the claim of the one under way, and within the day.
    await scene.until(async () => {
      expect(await inMs()).toBeGreaterThan(0);
      expect(await inMs()).toBeLessThan(CLAIM_MS + PAUSE_MS.longest);
    });
  });

  test("is nothing more where an order waits for an operator", async () => {
    await open({ mood: () => "failing" });
    await scene.send([{ id: one }]);
    await scene.until(() => expect(scene.shop.stuck()).toHaveLength(1));
    await scene.until(async () => expect(await scene.nextDue()).toBe(undefined));
  });
});
