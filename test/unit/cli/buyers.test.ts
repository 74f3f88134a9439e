// One buyer: the same order wherever it is sent, and what it makes of what it hears.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { OrderAnswer } from "../../../edge/answers.ts";
import { Dice } from "../../../edge/cli/audience/dice.ts";
import { buyersOfShow, type BuyerLine, type BuyersLine } from "../../../edge/cli/buyers/books.ts";
import { Buyer, type BuyerEnd, type BuyerMeans } from "../../../edge/cli/buyers/buyer.ts";
import { planBuyer, type BuyerPlan } from "../../../edge/cli/buyers/plan.ts";
import { BuyersLedger } from "../../../edge/cli/buyers/report.ts";
import type { Purchase, TillAnswer } from "../../../edge/cli/buyers/till.ts";
import { check, OrderBody } from "../../../edge/schemas.ts";
import { isRefusal } from "../../../edge/refusal.ts";

const folder = mkdtempSync(join(tmpdir(), "redbutton-buyers-"));
afterAll(() => rmSync(folder, { recursive: true }));

const RULES = { seed: 1, edges: 2, mostAtOnce: 3, shares: { ws: 0.5, retry: 0.5, move: 0.5 } };
const PLAN: BuyerPlan = { ...planBuyer(0, RULES), edge: 0, transport: "http", repeats: false, moves: false };
const PURCHASE: Purchase = { key: PLAN.key, product: "shirt", quantity: 1, details: {} };
const DEADLINE_MS = 10_000;

const orderIn = (state: OrderAnswer["state"]): OrderAnswer => ({
  id: "a1",
  product: "shirt",
  title: "Shirt",
  quantity: 1,
  price: 2990,
  total: 2990,
  currency: "EUR",
  state,
  reason: "",
  step: 1,
  time: 1,
});
const taken: TillAnswer = { is: "order", order: orderIn("received") };
const reset: TillAnswer = { is: "failed", reason: "reset" };
const refused = (code: "not_offered" | "orders_unavailable" | "rate_limited"): TillAnswer => ({
  is: "refused",
  code,
  retryAfterMs: 1000,
});

/** What both edges answer, in turn; the last answer is repeated. */
interface Script {
  readonly place: readonly TillAnswer[];
  readonly ask?: readonly (OrderAnswer | undefined)[];
  readonly listen?: readonly (OrderAnswer | undefined)[];
}

async function buy(script: Script, plan: Partial<BuyerPlan> = {}) {
  const calls: string[] = [];
  const sent: Purchase[] = [];
  const next = inTurn(script);
  const till = (edge: number): BuyerMeans["tills"][number] => ({
    place: async (purchase) => {
      calls.push(`place at ${edge}`);
      sent.push(purchase);
      return next.place();
    },
    ask: async () => {
      calls.push(`ask at ${edge}`);
      return next.ask();
    },
    listen: async () => {
      calls.push(`listen at ${edge}`);
      return next.listen();
    },
  });
  const events = new BuyersLedger();
  let now = 0;
  const means: BuyerMeans = {
    tills: [till(0), till(1)],
    purchase: PURCHASE,
    dice: new Dice(1),
    events,
    deadlineMs: DEADLINE_MS,
    now: () => now,
    sleep: async (ms) => void (now += ms),
  };
  const end: BuyerEnd = await new Buyer({ ...PLAN, ...plan }, means).run();
  return { end, calls, sent, events };
}

function inTurn({ place, ask = [], listen = [] }: Script) {
  const turner = <T>(answers: readonly T[]) => {
    let i = 0;
    return () => answers[Math.min(i++, answers.length - 1)]!;
  };
  return { place: turner(place), ask: turner(ask), listen: turner(listen) };
}

test("the same seed gives the same buyers, each with a key that edges take", () => {
  const plans = Array.from({ length: 50 }, (_, i) => planBuyer(i, RULES));
  expect(plans).toEqual(Array.from({ length: 50 }, (_, i) => planBuyer(i, RULES)));
  expect(new Set(plans.map(({ key }) => key)).size).toBe(50);
  expect(new Set(plans.map(({ quantity }) => quantity))).toEqual(new Set([1, 2, 3]));
  for (const { key } of plans)
    expect(isRefusal(check(OrderBody, { key, product: "shirt", quantity: 1 }, "x"))).toBe(false);
});

test("an order that got no answer is sent to another edge under the same key", async () => {
  const { end, calls, sent } = await buy({ place: [reset, taken], ask: [orderIn("confirmed")] });
  expect(calls).toEqual(["place at 0", "place at 1", "ask at 1"]);
  expect(sent).toEqual([PURCHASE, PURCHASE]);
  expect(end).toEqual({ is: "told", order: orderIn("confirmed") });
});

test("it waits until its order is over, at another edge where one does not know it", async () => {
  const { end, calls, events } = await buy({
    place: [taken],
    ask: [orderIn("reserved"), undefined, orderIn("rejected")],
  });
  expect(calls).toEqual(["place at 0", "ask at 0", "ask at 0", "ask at 1"]);
  expect(end).toEqual({ is: "told", order: orderIn("rejected") });
  expect([events.acknowledged, events.over, events.moved["by need"]]).toEqual([1, 1, 1]);
});

test("one with a WebSocket listens, and asks where that was lost", async () => {
  const listening = { transport: "ws" } as const;
  const pushed = await buy({ place: [taken], listen: [orderIn("confirmed")] }, listening);
  expect(pushed.calls).toEqual(["place at 0", "listen at 0"]);
  const lost = await buy({ place: [taken], listen: [undefined], ask: [undefined, orderIn("confirmed")] }, listening);
  expect(lost.calls).toEqual(["place at 0", "listen at 0", "ask at 0", "listen at 1", "ask at 1"]);
});

test("a nervous one sends it twice, and one that moves waits elsewhere", async () => {
  const { calls, sent } = await buy({ place: [taken], ask: [orderIn("confirmed")] }, { repeats: true, moves: true });
  expect(calls).toEqual(["place at 0", "place at 0", "ask at 1"]);
  expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
});

test("a no is the last word only where no edge can have the order", async () => {
  expect((await buy({ place: [refused("not_offered")] })).end).toEqual({ is: "refused", code: "not_offered" });
  const unsure = await buy({ place: [reset, refused("not_offered")] });
  expect(unsure.end).toEqual({ is: "unknown" });
  expect(unsure.calls.length).toBeGreaterThan(3);
});

test("who is told to come later stays, and comes no earlier", async () => {
  const { calls, events } = await buy({ place: [refused("rate_limited"), taken], ask: [orderIn("confirmed")] });
  expect(calls).toEqual(["place at 0", "place at 0", "ask at 0"]);
  expect(events.latencies()[0]![1]!.max).toBeGreaterThanOrEqual(1000);
});

test("an order without an end at the deadline is told as it stands", async () => {
  const { end, events } = await buy({ place: [taken], ask: [orderIn("reserved")] });
  expect(end).toEqual({ is: "told", order: orderIn("reserved") });
  expect(events.over).toBe(0);
});

test("the books of a show are all that was written: a run that goes on, or was ended, takes nothing from the others", () => {
  const head = (seed: number): BuyersLine => ({
    kind: "buyers",
    version: 1,
    show: "final",
    product: "shirt",
    seed,
    buyers: 2,
    edges: ["fra"],
    started: seed,
  });
  const line = (buyer: string): BuyerLine => ({ kind: "buyer", buyer, key: buyer, end: { is: "unknown" } });
  const write = (name: string, text: string) => writeFileSync(join(folder, `buyers-${name}.jsonl`), text);
  const textOf = (...lines: object[]) => lines.map((each) => `${JSON.stringify(each)}\n`).join("");
  write("whole", textOf(head(1), line("a"), line("b")));
  write("torn", `${textOf(head(2), line("c"))}{"kind":"buyer","bu`);
  write("begun", "");
  write("other", textOf({ ...head(3), show: "other" }, line("d")));
  expect(buyersOfShow(folder, "final").map(({ buyer }) => buyer)).toEqual(["a", "b", "c"]);
  write("strange", textOf(head(4), { kind: "buyer" }));
  expect(() => buyersOfShow(folder, "final")).toThrow(/buyers-strange.jsonl": line 2 is none/);
});
