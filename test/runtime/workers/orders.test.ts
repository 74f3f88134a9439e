// The order processor as an object inside workerd, with the real libSQL server and a provider behind real HTTP whose first
// calls fail: each order is charged once, whoever sleeps or is ended meanwhile.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { Shop } from "../../../crdt/shop.ts";
import { openLibsqlStore } from "../../../crdt/store/libsql.ts";
import type { OrderAnswer } from "../../../edge/answers.ts";
import type { SellingAnswer } from "../../../edge/selling-answers.ts";
import { readSettings } from "../../../edge/runtime/workers/settings.ts";
import { openOrderBooks } from "../../../monitor/database.ts";
import type { BookedCharge } from "../../../monitor/orders/provider.ts";
import { WebhookProvider } from "../../../monitor/orders/webhook.ts";
import { ask, json, orders, producer, receiverToken, until } from "./network.ts";

const PRICE = 1250;
const created: string[] = [];

/** The provider's own books of a show. */
function charged(show: string): Promise<readonly BookedCharge[]> {
  const { provider } = readSettings(env).selling!;
  return new WebhookProvider({ ...provider, clock: { now: () => Date.now() } }).list(show);
}

/** Creates a show that sells `stock` mugs, and offers them; every edge takes orders when this resolves. */
async function sell(show: string, stock: number): Promise<void> {
  const mug = { id: "mug", title: "Mug", price: PRICE, currency: "EUR", stock };
  const file = { id: show, title: show, shards: 2, polls: [], products: [mug] };
  await until(
    `show "${show}"`,
    () => ask("POST", "/v1/shows", producer, file).then(({ status }) => status),
    (status) => status === 201 || status === 409,
  );
  created.push(show);
  await until(
    "the offer",
    () => ask("POST", `/v1/shows/${show}/products/mug/offer`, producer).then(({ status }) => status),
    (status) => status === 200,
  );
}

function withdraw(show: string): Promise<number> {
  return until(
    "the withdrawal",
    () => ask("POST", `/v1/shows/${show}/products/mug/withdraw`, producer).then(({ status }) => status),
    (status) => status === 200 || status === 409,
  );
}

/** Orders one mug until an object has logged it, as a receiver does. */
function buy(show: string, subject: string): Promise<OrderAnswer> {
  const body = { key: crypto.randomUUID(), product: "mug", quantity: 1, details: { name: subject } };
  return until(
    `an order of "${subject}"`,
    () => json<OrderAnswer>(ask("POST", `/v1/shows/${show}/orders`, receiverToken(subject), body)),
    ({ id }) => id !== undefined,
  );
}

/** What a receiver is told of its order once it is so. */
function told(show: string, subject: string, isSo: (order: OrderAnswer) => boolean): Promise<OrderAnswer> {
  return until(
    `the outcome of "${subject}"`,
    async () => {
      const mine = ask("GET", `/v1/shows/${show}/orders/mine`, receiverToken(subject));
      return (await json<{ orders?: OrderAnswer[] }>(mine)).orders?.[0];
    },
    (order) => order !== undefined && isSo(order),
  ).then((order) => order!);
}

const isOver = ({ state }: OrderAnswer) => state === "confirmed" || state === "rejected";

interface Condition {
  readonly state: string;
  readonly problems: readonly string[];
  readonly duties?: readonly { readonly show: string; readonly figures: Readonly<Record<string, number>> }[];
}

async function condition(): Promise<Condition> {
  return JSON.parse(await orders().condition()) as Condition;
}

/** All files' networks have one database: what stands there as being on offer would keep the next one awake. */
afterAll(async () => {
  for (const show of created) {
    await withdraw(show);
    await until(
      "the withdrawal in the database",
      () => isRecordedAsWithdrawn(show),
      (isSo) => isSo,
    );
  }
});

async function isRecordedAsWithdrawn(show: string): Promise<boolean> {
  const store = await openLibsqlStore(env.LIBSQL_URL, { relaxed: true });
  const found = (await store.load()).shows.find(({ id }) => id === show);
  await store.close();
  const doc = new Y.Doc();
  for (const update of found?.board ?? []) Y.applyUpdate(doc, update);
  return new Shop(doc).isWithdrawn("mug");
}

describe.skipIf(env.LIBSQL_URL === "")("the order processor's object", () => {
  test("is woken by what is on offer, and sells no piece that is not there: everyone's books agree", async () => {
    await sell("mugs", 5);
    await until("the order processor", condition, ({ state }) => state === "awake");
    await runInDurableObject(orders(), (_object, ctx) => ctx.abort("killed by a test")).catch(() => {});
    const buyers = Array.from({ length: 8 }, (_, i) => `viewer-${i}`);
    const placed = await Promise.all(buyers.map((buyer) => buy("mugs", buyer)));
    expect(new Set(placed.map(({ id }) => id)).size).toBe(buyers.length);
    const outcomes = await Promise.all(buyers.map((buyer) => told("mugs", buyer, isOver)));
    const confirmed = outcomes.filter(({ state }) => state === "confirmed");
    expect(confirmed).toHaveLength(5);
    expect(outcomes.filter(({ reason }) => reason === "sold-out")).toHaveLength(3);

    const charges = await charged("mugs");
    expect(charges.map(({ reference }) => reference).sort()).toEqual(confirmed.map(({ id }) => id).sort());
    expect(charges.map(({ amount }) => amount)).toEqual(charges.map(() => PRICE));
    const database = await openOrderBooks(env.LIBSQL_URL, { relaxed: true });
    const booked = await database.books.orders("mugs");
    expect(await database.books.sales("mugs")).toEqual({ mug: { left: 0, reserved: 0, confirmed: 5 } });
    await database.close();
    expect(booked.filter(({ state }) => state === "confirmed").map(({ order }) => order)).toEqual(
      expect.arrayContaining(confirmed.map(({ id }) => id)),
    );
    expect(booked).toHaveLength(buyers.length);
    const selling = () => json<SellingAnswer>(ask("GET", "/v1/shows/mugs/selling", producer));
    const shown = await until("the stock on the board", selling, ({ products }) => products[0]?.sales?.confirmed === 5);
    expect(shown).toMatchObject({ products: [{ sales: { left: 0, reserved: 0 } }], stuck: [] });
  });

  test("sleeps while an order waits for its next try, and is woken for it by its alarm", async () => {
    await sell("late", 1);
    const { id } = await buy("late", "viewer-1");
    await told("late", "viewer-1", ({ state }) => state === "reserved");
    // From now on no edge needs it: what is left of the order is its own affair.
    await withdraw("late");
    const due = await until("its alarm", sleepUntilDue, (at) => at !== null);
    expect(due).toBeGreaterThan(Date.now() - 1000);
    expect(due).toBeLessThan(Date.now() + 60_000);
    expect(await condition()).toMatchObject({ state: "asleep", problems: [] });
    // Where the platform has not been quicker.
    await runDurableObjectAlarm(orders());
    expect(await told("late", "viewer-1", isOver)).toMatchObject({ id, state: "confirmed" });
    expect(await charged("late")).toEqual([{ reference: id, state: "charged", amount: PRICE, currency: "EUR" }]);
  });
});

/** Puts it to sleep once it has tried, and has nothing in hand: its alarm. */
async function sleepUntilDue(): Promise<number | null> {
  const { state, duties = [] } = await condition();
  if (state === "asleep") await orders().need();
  const figures = duties.find(({ show }) => show === "late")?.figures ?? {};
  if (!(figures["provider_calls"]! > 0) || figures["at_provider"] !== 0) return null;
  await orders().rest();
  return runInDurableObject(orders(), (_object, ctx) => ctx.storage.getAlarm());
}
