// What the shop on the television decides without a page: money in words, keys at the counter, what its cards say.
import { describe, expect, test } from "vitest";
import type { OfferBody, OrderAnswer } from "../../../edge/answers.ts";
import { afterKey, LAST_ORDER, type Step } from "../../../receiver/tv/counter.ts";
import type { Key } from "../../../receiver/tv/remote.ts";
import { shopCard, type Counter } from "../../../receiver/tv/shop-card.ts";
import { textsOf } from "../../../receiver/tv/texts.ts";

const texts = textsOf("en");
const shirt: OfferBody = {
  id: "shirt",
  title: "Shirt",
  text: "",
  price: 2990,
  currency: "EUR",
  stock: 9,
  most_at_once: 3,
  confirmation: "press",
  availability: "available",
};
const ticket: OfferBody = { ...shirt, id: "ticket", title: "Ticket", most_at_once: 1, confirmation: "pin" };
const order: OrderAnswer = {
  id: "0123456789abcdef0123456789abcdef",
  product: "shirt",
  title: "Shirt",
  quantity: 2,
  price: 2990,
  total: 5980,
  currency: "EUR",
  state: "received",
  reason: "",
  step: 0,
  time: 1,
};

test.for([
  ["en", 2990, "EUR", "€29.90"],
  ["de", 2990, "EUR", "29,90 €"],
  ["en", 5, "USD", "$0.05"],
  ["en", 123_456_789, "GBP", "£1,234,567.89"],
  ["de", 123_456_700, "EUR", "1.234.567,00 €"],
  ["en", 1500, "JPY", "JPY 1,500"],
  ["en", 1500, "KWD", "KWD 1.500"],
  ["en", 0, "CHF", "CHF 0.00"],
] as const)("in %s %d of %s is %s", ([language, amount, currency, text]) => {
  expect(textsOf(language).money(amount, currency)).toBe(text);
});

describe("a key at the counter", () => {
  const press = (step: Step, ...keys: readonly Key[]) =>
    keys.reduce((now, key) => afterKey(now, key, shirt)?.step ?? now, step);
  const digit = (value: number): Key => ({ is: "digit", digit: value });
  const holding: Step = { at: "product", product: "shirt", quantity: 1 };
  const entering: Step = { at: "pin", product: "shirt", quantity: 1, digits: "" };

  test("takes no fewer than one, and no more than are sold at once", () => {
    expect(press(holding, { is: "left" })).toMatchObject({ quantity: 1 });
    expect(press(holding, { is: "right" }, { is: "right" }, { is: "right" })).toMatchObject({ quantity: 3 });
  });

  test("enters up to eight digits, and orders with four at least", () => {
    const nine = Array.from({ length: 9 }, (_, i) => digit(i));
    expect(press(entering, ...nine)).toMatchObject({ digits: "01234567" });
    expect(press(entering, digit(4), digit(7), { is: "left" })).toMatchObject({ digits: "4" });
    const three = press(entering, digit(1), digit(2), digit(3));
    expect(afterKey(three, { is: "ok" }, shirt)).toEqual({ step: three });
    expect(afterKey(press(three, digit(0)), { is: "ok" }, shirt)).toEqual({
      step: LAST_ORDER,
      deed: { product: "shirt", quantity: 1, pin: "1230" },
    });
  });

  test("leads back one step, with nothing of the PIN left, and from the list out of the shop", () => {
    expect(press({ ...entering, digits: "47" }, { is: "back" })).toEqual(holding);
    expect(press(holding, { is: "back" })).toEqual({ at: "list" });
    expect(afterKey({ at: "list" }, { is: "back" }, shirt)).toBeUndefined();
  });

  test("turns to no other card while something is bought", () => {
    for (const step of [{ ...holding, at: "confirm" }, entering, LAST_ORDER, { at: "history" }] as const)
      expect(afterKey(step, { is: "right" }, shirt)).toEqual({ step });
    expect(afterKey({ at: "list" }, { is: "right" }, shirt)).toBeUndefined();
  });
});

describe("the shop's card", () => {
  const counter = (given: Partial<Counter>): Counter => ({
    step: { at: "list" },
    products: [shirt, ticket],
    orders: [],
    purchase: undefined,
    isSigned: true,
    isAway: false,
    ...given,
  });
  const cardOf = (given: Partial<Counter>) => shopCard(counter(given), texts)!;
  const rowsOf = (given: Partial<Counter>) => cardOf(given).rows.map(({ text }) => text);
  const holding = (product: string): Step => ({ at: "product", product, quantity: 1 });

  test("is not there where nothing is sold and nothing was bought", () => {
    expect(shopCard(counter({ products: [] }), texts)).toBeUndefined();
    expect(cardOf({ products: [], orders: [order] }).title).toBe("Shop");
  });

  test("leads from a product to a second press, or to the PIN where the product says so", () => {
    expect(cardOf({ step: holding("shirt") }).rows[0]!.turn.step).toMatchObject({ at: "confirm" });
    expect(cardOf({ step: holding("ticket") }).rows[0]!.turn.step).toMatchObject({ at: "pin", digits: "" });
  });

  test("sells nothing that is sold out or taken off sale, and nothing to a set that nobody vouches for", () => {
    expect(rowsOf({ step: holding("shirt"), products: [{ ...shirt, availability: "sold-out" }] })).toEqual([]);
    expect(rowsOf({ step: holding("shirt"), isSigned: false })).toEqual([]);
    expect(rowsOf({ step: holding("shirt"), products: [ticket] })).toEqual(["Ticket", "My orders"]);
  });

  test.for([
    [{ state: "reserved" }, "Reserved for you. Paying …", []],
    [{ state: "confirmed" }, "Bought", ["Back to the shop"]],
    [{ state: "rejected", reason: "pin-wrong" }, "Not bought", ["Try again", "Back to the shop"]],
    [{ state: "rejected", reason: "card-declined" }, "Not bought", ["Back to the shop"]],
    [{ state: "cancelled", reason: "refunded" }, "Cancelled", ["Back to the shop"]],
  ] as const)("says of an order that is %j: %s", ([given, text, rows]) => {
    const card = cardOf({ step: { at: "order", id: order.id }, orders: [{ ...order, ...given }] });
    expect([card.status!.text, card.rows.map((row) => row.text)]).toEqual([text, rows]);
  });

  test("says why in words, or by the reason's own name", () => {
    const more = (reason: string) =>
      cardOf({ step: { at: "order", id: order.id }, orders: [{ ...order, state: "rejected", reason }] }).status!.more;
    expect(more("sold-out")).toBe("It was sold out. Nothing was charged\nOrder 01234567");
    expect(more("card-declined")).toContain("(card-declined)");
  });
});
