// What is found when the books of a sale are compared: every way in which they can differ, and none where they do not.
import { expect, test } from "vitest";
import type { OrderAnswer } from "../../../edge/answers.ts";
import type { BuyerLine } from "../../../edge/cli/buyers/books.ts";
import { compareSale, type SaleSources } from "../../../edge/cli/sale/comparison.ts";
import { saleText } from "../../../edge/cli/sale/report.ts";

const COUNTS = { received: 0, reserved: 0, confirmed: 0, rejected: 0, cancelled: 0 };

/** Two buyers of one piece each, and one piece: "a" has it. */
const sources = (): SaleSources => ({
  show: "final",
  products: [{ id: "shirt", stock: 1 }],
  buyers: [told("a", "confirmed"), told("b", "rejected")],
  booked: [booked("a", "confirmed"), booked("b", "rejected")],
  shelf: { shirt: { left: 0, reserved: 0, confirmed: 1 } },
  charges: [{ reference: "a", state: "charged", amount: 2990, currency: "EUR" }],
  edges: [{ name: "fra", orders: { ...COUNTS, confirmed: 1, rejected: 1 } }],
});

function told(id: string, state: OrderAnswer["state"]): BuyerLine {
  const { at: time, ...order } = booked(id, "confirmed");
  const answer = { ...order, id, title: "Shirt", state, price: order.total, step: 2, time };
  return { kind: "buyer", buyer: `buyer ${id}`, key: id, end: { is: "told", order: answer } };
}

function booked(order: string, state: "reserved" | "confirmed" | "rejected" | "cancelled") {
  return { order, product: "shirt", quantity: 1, total: 2990, currency: "EUR", state, reason: "", at: 1 };
}

test("books that agree have no differences, and everyone's sums stand beside each other", () => {
  const report = compareSale(sources());
  expect(report.differences).toEqual([]);
  expect(report.ok).toBe(true);
  expect(report.rows.map(({ source, taken }) => [source, taken])).toEqual([
    ["buyers' own books", { EUR: 2990 }],
    ["database", { EUR: 2990 }],
    ["provider's books", { EUR: 2990 }],
    ["fra", undefined],
  ]);
  expect(saleText(report)).toContain("agree to the cent");
});

test.for<[what: string, change: (its: SaleSources) => Partial<SaleSources>, difference: RegExp]>([
  [
    "a receiver was told another outcome",
    ({ buyers }) => ({ buyers: [told("a", "rejected"), buyers[1]!] }),
    /buyer a was told rejected.* database has confirmed/,
  ],
  [
    "a receiver was told another sum",
    () => ({ booked: [{ ...booked("a", "confirmed"), total: 2991 }, booked("b", "rejected")] }),
    /buyer a was told .* 29\.90 EUR .* 29\.91 EUR/,
  ],
  ["an order got lost", ({ booked: [a] }) => ({ booked: [a!] }), /buyer b was told rejected.* database has nothing/],
  [
    "nobody said whether it was taken",
    ({ buyers }) => ({ buyers: [...buyers, { kind: "buyer", buyer: "c", key: "c", end: { is: "unknown" } }] }),
    /c never heard/,
  ],
  [
    "it is still on its way",
    () => ({ booked: [booked("a", "confirmed"), booked("b", "reserved")] }),
    /order b is not over/,
  ],
  [
    "it was never charged",
    () => ({ charges: [] }),
    /order a: the database has charged 2990 EUR, the provider nothing kept/,
  ],
  [
    "it was charged twice",
    ({ charges }) => ({ charges: [...charges, ...charges] }),
    /order a: the provider has it more than once/,
  ],
  [
    "a rejected one was charged",
    ({ charges }) => ({ charges: [...charges, { ...charges[0]!, reference: "b" }] }),
    /taken: the database has 29\.90 EUR, the provider 59\.80 EUR/,
  ],
  [
    "more was sold than there is",
    () => ({ shelf: { shirt: { left: -1, reserved: 0, confirmed: 2 } } }),
    /"shirt" is oversold: 2 of 1/,
  ],
  [
    "a piece got lost",
    () => ({ shelf: { shirt: { left: 0, reserved: 0, confirmed: 0 } } }),
    /0 left, 0 reserved and 0 sold are not its stock of 1/,
  ],
  [
    "an edge has another outcome",
    () => ({ edges: [{ name: "fra", orders: { ...COUNTS, reserved: 1, rejected: 1 } }] }),
    /fra has 0 orders confirmed, the database 1/,
  ],
])("it is found that %s", ([, change, difference]) => {
  const good = sources();
  const report = compareSale({ ...good, ...change(good) });
  expect(report.ok).toBe(false);
  expect(report.differences).toContainEqual(expect.stringMatching(difference));
  expect(saleText(report)).toContain("NOT EQUAL");
});

test("orders of others stand in a row of their own", () => {
  const good = sources();
  const report = compareSale({ ...good, buyers: [told("a", "confirmed")] });
  expect(report.ok).toBe(true);
  expect(report.rows.find(({ source }) => source === "others in the database")?.orders).toBe(1);
});
