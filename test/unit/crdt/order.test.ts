import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_DELAY_MS } from "../../../crdt/ballot.ts";
import {
  BatchError,
  decodeBatch,
  encodeBatch,
  MAX_BATCH_BYTES,
  MAX_BATCH_ORDERS,
  MAX_BATCH_OUTCOMES,
  NO_HASH,
} from "../../../crdt/batch.ts";
import { Fold } from "../../../crdt/fold.ts";
import { OrderBook } from "../../../crdt/order-book.ts";
import {
  MAX_PRODUCT_BYTES,
  MAX_ORDER_BYTES,
  MAX_OUTCOME_BYTES,
  MAX_REASON_BYTES,
  MAX_ENVELOPE_BYTES,
  packOrders,
  packOutcomes,
  readOrders,
  readOutcomes,
  type Order,
  type Outcome,
} from "../../../crdt/order.ts";
import { encodeSnapshots, joinSnapshots } from "../../../crdt/snapshot.ts";
import { anU32, START } from "../../support/ballots.ts";
import { anOrder, anOutcome, ORDER_DIGEST as DIGEST, ORDER_ID as ID } from "../../support/orders.ts";

const header = { shard: 0, edge: "fra", boot: "00a1b2c3d4e5f607", sequence: 1, time: START, previous: NO_HASH };

const anId = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytesToHex);
const aTime = fc.integer({ min: START, max: START + MAX_DELAY_MS });
const anyOrder: fc.Arbitrary<Order> = fc.record({
  id: anId,
  hi: anU32,
  lo: anU32,
  product: fc.stringMatching(/^[a-z0-9]{1,40}$/),
  quantity: fc.integer({ min: 0, max: 255 }),
  digest: anId,
  envelope: fc.uint8Array({ maxLength: 60 }),
  time: aTime,
});
const anyOutcome: fc.Arbitrary<Outcome> = fc.record({
  id: anId,
  hi: anU32,
  lo: anU32,
  digest: anId,
  step: fc.integer({ min: 0, max: 0xffff }),
  state: fc.constantFrom("reserved", "confirmed", "rejected", "cancelled"),
  reason: fc.stringMatching(/^[a-z-]{0,40}$/),
  time: aTime,
});

describe("golden bytes", () => {
  const head = ID + "00000001" + "00000002";

  test("of an order", () => {
    const bytes = encodeBatch({ ...header, kind: "orders", orders: [anOrder()] });
    const order = head + "0005" + "03" + DIGEST + "05" + "7368697274" + "cafe";
    expect(bytesToHex(bytes.subarray(44))).toBe("0033" + order);
    expect(bytes[1]).toBe(4);
  });

  test("of an outcome", () => {
    const outcome = anOutcome({ step: 258, state: "rejected", reason: "sold-out" });
    const bytes = encodeBatch({ ...header, kind: "outcomes", outcomes: [outcome] });
    expect(bytesToHex(bytes.subarray(44))).toBe("0035" + head + "0009" + DIGEST + "0102" + "03" + "736f6c642d6f7574");
    expect(bytes[1]).toBe(5);
  });
});

describe("what was written reads back", () => {
  test("orders", () => {
    fc.assert(
      fc.property(fc.array(anyOrder, { minLength: 1, maxLength: 20 }), (orders) => {
        expect(readOrders(packOrders(orders, START), START)).toEqual(orders);
      }),
    );
  });

  test("outcomes", () => {
    fc.assert(
      fc.property(fc.array(anyOutcome, { minLength: 1, maxLength: 20 }), (outcomes) => {
        expect(readOutcomes(packOutcomes(outcomes, START), START)).toEqual(outcomes);
      }),
    );
  });

  test("the longest of both fit their limits, and a batch", () => {
    const order = anOrder({ product: "x".repeat(MAX_PRODUCT_BYTES), envelope: new Uint8Array(MAX_ENVELOPE_BYTES) });
    expect(packOrders([order], START).length).toBe(MAX_ORDER_BYTES);
    const outcome = anOutcome({ reason: "x".repeat(MAX_REASON_BYTES) });
    expect(packOutcomes([outcome], START).length).toBe(MAX_OUTCOME_BYTES);
    const full = Array.from({ length: MAX_BATCH_ORDERS }, () => order);
    expect(encodeBatch({ ...header, kind: "orders", orders: full }).length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    expect(() => encodeBatch({ ...header, kind: "orders", orders: [...full, order] })).toThrow(/count is 15/);
    const outcomes = Array.from({ length: MAX_BATCH_OUTCOMES }, () => outcome);
    expect(encodeBatch({ ...header, kind: "outcomes", outcomes }).length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
  });
});

test("damaged records are told from good ones, wherever the damage is", () => {
  const good = encodeBatch({ ...header, kind: "orders", orders: [anOrder(), anOrder({ id: "0e".repeat(16) })] });
  for (let length = 44; length < good.length; length++)
    expect(() => decodeBatch(good.subarray(0, length)), `${length} bytes`).toThrow(BatchError);
  const outcome = encodeBatch({ ...header, kind: "outcomes", outcomes: [anOutcome()] });
  const stateAt = outcome.length - 1;
  expect(() => decodeBatch(outcome.map((byte, i) => (i === stateAt ? 9 : byte)))).toThrow(BatchError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readOrders(bytes, START);
      readOutcomes(bytes, START);
    }),
  );
});

describe("an order book", () => {
  /** Few ids, receivers, times and steps, so that they meet. */
  const few = fc.record({
    id: fc.constantFrom("00".repeat(16), "01".repeat(16)),
    time: fc.integer({ min: START, max: START + 2 }),
    digest: fc.constantFrom(DIGEST, "d2".repeat(16)),
    step: fc.integer({ min: 1, max: 3 }),
    state: fc.constantFrom("reserved" as const, "confirmed" as const, "cancelled" as const),
    edge: fc.constantFrom("fra", "nyc"),
    isOrder: fc.boolean(),
  });

  type Few = typeof few extends fc.Arbitrary<infer T> ? T : never;

  test("says the same whatever the order of arrival and however often each record comes", () => {
    fc.assert(
      fc.property(fc.array(few, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 24 }), (records, picks) => {
        const again = [...picks.map((pick) => records[pick % Math.max(1, records.length)]), ...records.toReversed()];
        const book = bookOf(again.filter((record) => record !== undefined));
        expect(said(bookOf(records))).toEqual(said(book));
        for (const [state, count] of Object.entries(book.states))
          expect(said(book).filter((order) => order.state === state)).toHaveLength(count);
      }),
    );
  });

  test("the first order under an id stands, and the processor's greatest step", () => {
    const book = new OrderBook();
    book.takeOutcome(anOutcome({ step: 2, state: "confirmed" }));
    expect(book.get(ID)).toBeUndefined();
    book.take(anOrder({ time: START + 7, quantity: 9 }), "nyc");
    book.take(anOrder({ time: START + 6 }), "syd");
    book.takeOutcome(anOutcome({ step: 1 }));
    expect(book.get(ID)).toMatchObject({ edge: "syd", state: "confirmed", step: 2, order: { quantity: 3 } });
    expect(book.of(1, 2).map(({ order }) => order.id)).toEqual([ID]);
    expect(book.of(1, 3)).toEqual([]);
  });

  test("of two orders under one id the one that was taken stands, though the other came first", () => {
    const book = new OrderBook();
    const other = "d2".repeat(16);
    book.take(anOrder({ time: START + 1, quantity: 1 }), "fra");
    book.take(anOrder({ time: START + 2, quantity: 2, digest: other }), "nyc");
    expect(book.get(ID)).toMatchObject({ state: "received", order: { quantity: 1 } });
    book.takeOutcome(anOutcome({ digest: other }));
    expect(book.get(ID)).toMatchObject({ state: "reserved", edge: "nyc", order: { quantity: 2 } });
    const copy = new OrderBook();
    for (const record of book.records()) copy.takeRecord(record);
    expect(said(copy)).toEqual(said(book));
  });

  function bookOf(records: readonly Few[]): OrderBook {
    const book = new OrderBook();
    for (const { isOrder, edge, ...given } of records) {
      if (isOrder) book.take(anOrder(given), edge);
      else book.takeOutcome(anOutcome(given));
    }
    return book;
  }

  const said = (book: OrderBook) => [...book.orders()].sort((a, b) => (a.order.id < b.order.id ? -1 : 1));
});

test("a fold keeps the orders, and so does its snapshot", () => {
  const fold = new Fold(() => undefined, START);
  const orders = encodeBatch({ ...header, kind: "orders", orders: [anOrder()] });
  fold.take(orders);
  fold.take(encodeBatch({ ...header, edge: "processor", kind: "outcomes", outcomes: [anOutcome()] }));
  expect(fold.orders.get(ID)).toMatchObject({ state: "reserved", edge: "fra" });
  expect(fold.lastTime("0/fra/00a1b2c3d4e5f607")).toBe(START + 5);
  const joined = new Fold(() => undefined, START);
  const bytes = encodeSnapshots(new Map([[0, fold]]));
  joinSnapshots(new Map([[0, joined]]), bytes);
  joinSnapshots(new Map([[0, joined]]), bytes);
  expect([...joined.orders.orders()]).toEqual([...fold.orders.orders()]);
  expect(joined.take(orders)).toEqual([]);
});
