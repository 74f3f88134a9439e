// More buyers than stock, an edge and the processor killed in the middle: every set of books agrees to the cent.
import { expect, test } from "vitest";
import { sellThroughFaults } from "../faults/orders.ts";

test("a limited item is sold through kill -9 of an edge and of the processor: books, database and receivers agree", async () => {
  const { orders, once, twice, never, oversold, rejected, strikes, problems } = await sellThroughFaults(60, 7);
  expect({ twice, never, oversold, problems }).toEqual({ twice: 0, never: 0, oversold: 0, problems: [] });
  expect(once + rejected).toBe(orders);
  // About two pieces a buyer, and one there for each.
  expect(rejected).toBeGreaterThan(0);
  expect(strikes).toBeGreaterThanOrEqual(3);
});
