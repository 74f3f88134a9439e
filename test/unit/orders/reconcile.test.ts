import { expect, test } from "vitest";
import type { BookedOrder } from "../../../monitor/orders/books.ts";
import type { BookedCharge } from "../../../monitor/orders/provider.ts";
import { reconcile } from "../../../monitor/orders/reconcile.ts";

const order = (id: string, state: BookedOrder["state"], total = 100): BookedOrder => ({
  order: id,
  product: "shirt",
  quantity: 1,
  total,
  currency: "EUR",
  state,
  reason: "",
  at: 0,
});
const charge = (reference: string, state: BookedCharge["state"] = "charged", amount = 100): BookedCharge => ({
  reference,
  state,
  amount,
  currency: "EUR",
});

test("books that agree have no differences", () => {
  const ours = [order("a", "confirmed"), order("b", "rejected"), order("c", "cancelled"), order("d", "reserved")];
  expect(reconcile(ours, [charge("a"), charge("c", "refunded"), charge("d")])).toEqual({
    orders: 4,
    taken: { EUR: { ours: 100, theirs: 200 } },
    differences: [],
  });
});

test("each way of not agreeing is a difference", () => {
  const ours = [
    order("paid", "confirmed"),
    order("cents", "confirmed"),
    order("no", "rejected"),
    order("back", "cancelled"),
  ];
  const { differences } = reconcile(ours, [charge("cents", "charged", 99), charge("no"), charge("back"), charge("?")]);
  expect(differences).toEqual([
    { order: "paid", ours: "charged 100 EUR", theirs: "nothing kept" },
    { order: "cents", ours: "charged 100 EUR", theirs: "charged 99 EUR" },
    { order: "no", ours: "nothing kept", theirs: "charged 100 EUR" },
    { order: "back", ours: "nothing kept", theirs: "charged 100 EUR" },
    { order: "?", ours: "absent", theirs: "charged 100 EUR" },
  ]);
});
