// The same judge over processors that are wrong in ways people get it wrong: it has to see each of them.
import { expect, test } from "vitest";
import type { OrderBooks } from "../../../monitor/orders/books.ts";
import type { Charge, Provider } from "../../../monitor/orders/provider.ts";
import { orderIdOf, Scene, SHOW, type SceneWish } from "./scene.ts";

const ORDERS = 10;

/** Sells with the first answer of each order lost, and says what money the provider has and what receivers were told. */
async function sell(wish: SceneWish): Promise<{ taken: number; told: number }> {
  const scene = await Scene.open({ mood: (_reference, call) => (call === 1 ? "done and gone" : "well"), ...wish });
  try {
    await scene.send(Array.from({ length: ORDERS }, (_, i) => ({ id: orderIdOf(i + 1), lo: i })));
    await scene.settled(ORDERS);
    const orders = await scene.books.orders(SHOW);
    const told = orders.reduce((sum, { state, total }) => sum + (state === "confirmed" ? total : 0), 0);
    return { taken: scene.provider.charges.reduce((sum, { amount }) => sum + amount, 0), told };
  } finally {
    await scene.end();
  }
}

test("without a mistake the sums agree", async () => {
  const { taken, told } = await sell({});
  expect([taken, told]).toEqual([29_900, 29_900]);
});

test("a new key a try charges twice", async () => {
  let tries = 0;
  const newKeys = (provider: Provider): Provider => ({
    charge: (charge: Charge) => {
      tries += 1;
      return provider.charge({ ...charge, reference: tries.toString(16).padStart(32, "f") });
    },
    find: () => Promise.resolve({ state: "absent" }),
    refund: (reference) => provider.refund(reference),
    list: (show) => provider.list(show),
  });
  // The first try of each order is lost, whatever its key.
  const { taken, told } = await sell({
    withProvider: newKeys,
    mood: () => (tries <= ORDERS ? "done and gone" : "well"),
  });
  expect(taken).toBeGreaterThan(told);
});

test("an order that is ended before it is sent is never charged", async () => {
  const endFirst = (books: OrderBooks): OrderBooks => ({
    shelve: (...given) => books.shelve(...given),
    take: (...given) => books.take(...given),
    claim: async (...given) => {
      const tasks = await books.claim(...given);
      for (const task of tasks) await books.end(task, { state: "confirmed", reason: "" });
      return tasks;
    },
    nextDue: (...given) => books.nextDue(...given),
    end: (...given) => books.end(...given),
    postpone: (...given) => books.postpone(...given),
    layAside: (...given) => books.layAside(...given),
    decide: (...given) => books.decide(...given),
    untold: (...given) => books.untold(...given),
    told: (...given) => books.told(...given),
    sales: (...given) => books.sales(...given),
    stuck: (...given) => books.stuck(...given),
    orders: (...given) => books.orders(...given),
  });
  const { taken, told } = await sell({ withBooks: endFirst, mood: () => "failing" });
  expect(taken).toBeLessThan(told);
});
