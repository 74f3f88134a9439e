// What a receiver that is none of ours gets out of real edges: no order of another's, no price, and no more than it may.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dice } from "../../edge/cli/audience/dice.ts";
import { DEFAULT_LIMITS } from "../../edge/limits.ts";
import { contradict, judgeContradiction } from "../support/contradiction.ts";
import { attack, placed } from "../support/hostile-buyer.ts";
import { PRODUCT, ShopFloor } from "../support/shop-floor.ts";
import { findSqld } from "../support/sqld.ts";

const SHOW = "gala";
const sqld = findSqld();
const why = "missing" in sqld ? ` (not run: ${sqld.missing})` : "";

describe.skipIf(why)(`a hostile receiver${why}`, () => {
  let floor: ShopFloor;

  beforeAll(async () => {
    floor = await ShopFloor.open(new Dice(3));
    await floor.offer(SHOW, 1000);
  });
  afterAll(() => floor?.end());

  const order = (key: string, quantity = 1) => ({ key, product: PRODUCT.id, quantity, details: { name: "Ada" } });
  const place = async (subject: string, body: object, edge = 0) => {
    const response = await placed(() => floor.place(SHOW, edge, floor.token(subject), body));
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const charged = (id: unknown) => floor.provider.charges.filter(({ reference }) => reference === id);

  test("is refused what it forges, and floods nobody but itself", async () => {
    expect(await attack(floor, SHOW, 0)).toEqual([]);
  });

  test("that replays another's order has one of its own, and pays for it itself", async () => {
    const key = randomUUID();
    const hers = await place("ada", order(key));
    const his = await place("mallory", order(key, 2), 1);
    expect([hers.status, his.status]).toEqual([202, 202]);
    expect(his.body["id"]).not.toBe(hers.body["id"]);
    for (const [subject, quantity, { body }] of [["ada", 1, hers] as const, ["mallory", 2, his] as const]) {
      const told = await floor.outcome(SHOW, { subject, key, quantity }, 0);
      expect(told).toMatchObject({ id: body["id"], quantity, state: "confirmed" });
      expect(charged(body["id"])).toMatchObject([{ account: subject, amount: quantity * PRODUCT.price }]);
    }
  });

  test("that sends one order again and again is charged once", async () => {
    const key = randomUUID();
    const answers = await Promise.all([0, 1, 0, 1].map((edge) => place("eve", order(key), edge)));
    const ids = new Set(answers.map(({ body }) => body["id"]));
    expect(ids.size).toBe(1);
    await floor.outcome(SHOW, { subject: "eve", key, quantity: 1 }, 1);
    expect(charged([...ids][0])).toHaveLength(1);
  });

  test("that says two things under one key on both sides of a partition has one order, and is told so", async () => {
    floor.links.cut("fra", { is: "black hole" });
    const liar = await contradict(floor, SHOW);
    floor.links.mend("fra");
    expect(await judgeContradiction(floor, SHOW, liar)).toEqual([]);
  });

  test("that orders as fast as it can gets what it may, and others are served meanwhile", async () => {
    const { burst } = DEFAULT_LIMITS.ordersPerReceiver;
    const flood = Array.from({ length: 4 * burst }, () => place("greedy", order(randomUUID())));
    const [bob, ...answers] = await Promise.all([place("bob", order(randomUUID())), ...flood]);
    expect(bob!.status).toBe(202);
    const held = answers.filter(({ status }) => status === 429);
    expect(answers.length - held.length).toBeGreaterThanOrEqual(burst);
    expect(held.length).toBeGreaterThanOrEqual(2 * burst);
    expect(held.every(({ body }) => Number(body["retry_after_s"]) > 0)).toBe(true);
  });
});
