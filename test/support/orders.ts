// Orders and outcomes for tests.
import type { Order, Outcome } from "../../crdt/order.ts";
import type { Product } from "../../crdt/shop.ts";
import { START } from "./ballots.ts";

export const ORDER_ID = "0f".repeat(16);
export const ORDER_DIGEST = "d1".repeat(16);

export const anOrder = (given: Partial<Order> = {}): Order => ({
  id: ORDER_ID,
  hi: 1,
  lo: 2,
  product: "shirt",
  quantity: 3,
  digest: ORDER_DIGEST,
  envelope: Uint8Array.of(0xca, 0xfe),
  time: START + 5,
  ...given,
});
export const anOutcome = (given: Partial<Outcome> = {}): Outcome => ({
  id: ORDER_ID,
  hi: 1,
  lo: 2,
  digest: ORDER_DIGEST,
  step: 1,
  state: "reserved",
  reason: "",
  time: START + 9,
  ...given,
});

export const aProduct = (given: Partial<Product> = {}): Product => ({
  id: "shirt",
  title: "The tour's shirt",
  text: "Cotton, black",
  price: 2990,
  currency: "EUR",
  stock: 100,
  mostAtOnce: 4,
  confirmation: "press",
  ...given,
});
