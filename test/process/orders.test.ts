// More buyers than stock, everything struck in the middle: every set of books agrees to the cent.
import { expect, test } from "vitest";
import { sellThroughFaults } from "../faults/orders.ts";
import { findSqld } from "../support/sqld.ts";

const sqld = findSqld();
const why = "missing" in sqld ? ` (not run: ${sqld.missing})` : "";

test.skipIf(why)(`a limited item is sold through every fault: books, database and receivers agree${why}`, async () => {
  const [sale] = await sellThroughFaults(["all of these"], 40, 7);
  const { orders, once, twice, never, oversold, rejected, strikes, problems } = sale!;
  expect({ twice, never, oversold, problems }).toEqual({ twice: 0, never: 0, oversold: 0, problems: [] });
  expect(once + rejected).toBe(orders);
  // About two pieces a buyer, and one there for each.
  expect(rejected).toBeGreaterThan(0);
  expect(strikes).toBeGreaterThanOrEqual(8);
});
