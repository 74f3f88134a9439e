import { expect, test } from "vitest";
import * as Y from "yjs";
import { isBoardValue } from "../../../crdt/replicate/shapes.ts";
import { Shop } from "../../../crdt/shop.ts";
import { aProduct } from "../../support/orders.ts";

const by = (at: number) => ({ at, by: "ada" });

function aShop() {
  const doc = new Y.Doc();
  return { doc, shop: new Shop(doc) };
}

test("a product is for sale from its offer to its withdrawal, and never again", () => {
  const { shop } = aShop();
  shop.addProduct(aProduct());
  expect([shop.products(), shop.isOffered("shirt")]).toEqual([[aProduct()], false]);
  shop.offer("shirt", by(1));
  expect(shop.isOffered("shirt")).toBe(true);
  shop.withdraw("shirt", by(2));
  shop.offer("shirt", by(3));
  expect(shop.isOffered("shirt")).toBe(false);
});

test("what is enclosed goes to the key shown last", () => {
  const { shop } = aShop();
  expect(shop.envelopeKey()).toBeUndefined();
  const key = (digit: string) => `04${digit.repeat(128)}`;
  shop.setEnvelopeKey("a1", { key: key("1"), since: 5 });
  shop.setEnvelopeKey("b2", { key: key("2"), since: 9 });
  shop.setEnvelopeKey("c3", { key: key("3"), since: 7 });
  expect(shop.envelopeKey()).toEqual({ id: "b2", key: key("2") });
});

test("orders that are stuck stand there until they are cleared; the latest decision on one stands", () => {
  const { shop } = aShop();
  const stuck = { order: "0f", product: "shirt", quantity: 1, reason: "provider-unknown", at: 3 };
  shop.setStuck(stuck);
  shop.setStuck({ ...stuck, order: "0e", at: 2 });
  expect(shop.stuck().map(({ order }) => order)).toEqual(["0e", "0f"]);
  shop.clearStuck("0e");
  shop.clearStuck("0d");
  expect(shop.stuck()).toEqual([stuck]);
  shop.decide("0f", { ...by(4), decision: "retry" });
  shop.decide("0f", { ...by(5), decision: "cancel" });
  expect([...shop.decisions()]).toEqual([["0f", { ...by(5), decision: "cancel" }]]);
});

test("everything that a shop writes may stand on a board", () => {
  const { doc, shop } = aShop();
  shop.addProduct(aProduct());
  shop.offer("shirt", by(1));
  shop.withdraw("shirt", by(1));
  shop.setEnvelopeKey("a1", { key: `04${"0".repeat(128)}`, since: 5 });
  shop.setSales("processor", { at: 1, products: { shirt: { left: 1, reserved: 2, confirmed: 3 } } });
  shop.setStuck({ order: "0f", product: "shirt", quantity: 1, reason: "x", at: 3 });
  shop.clearStuck("0f");
  shop.decide("0f", { ...by(5), decision: "cancel" });
  const values = [...doc.getMap("board").entries()];
  expect(values.length).toBe(7);
  expect(values.filter(([key, value]) => !isBoardValue(key, value))).toEqual([]);
  expect(isBoardValue("product/shirt", { ...aProduct(), price: -1 })).toBe(false);
});
