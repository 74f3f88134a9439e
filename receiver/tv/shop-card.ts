import type { OfferBody, OrderAnswer } from "../../edge/answers.ts";
import { LAST_ORDER, type Placing, type Step, type Turn } from "./counter.ts";
import { isOver, type Purchase } from "./purchase.ts";
import type { Row, Status } from "./row.ts";
import type { Texts, Word } from "./texts.ts";

/** What the counter is about, in whatever step. */
export interface ShopCard {
  readonly kind: "shop";
  readonly id: "shop";
  /** Another page has other rows. */
  readonly page: string;
  readonly title: string;
  readonly heading?: string;
  readonly text?: string;
  readonly rows: readonly ShopRow[];
  /** Digits of a PIN that were entered, where one is wanted. */
  readonly digits?: number;
  readonly status?: Status | undefined;
  /** What the keys do; where it is left out, what they do on every card. */
  readonly keys?: string;
}

export interface ShopRow extends Row {
  readonly turn: Turn;
}

/** Everything that the shop's card depends on. */
export interface Counter {
  readonly step: Step;
  readonly products: readonly OfferBody[];
  /** Newest first. */
  readonly orders: readonly OrderAnswer[];
  readonly purchase: Purchase | undefined;
  readonly isSigned: boolean;
  readonly isAway: boolean;
}

/** Undefined where there is nothing to buy and nothing was bought. */
export function shopCard(counter: Counter, texts: Texts): ShopCard | undefined {
  if (counter.products.length === 0 && counter.orders.length === 0 && !counter.purchase) return undefined;
  var step = counter.step;
  if (step.at === "history") return historyCard(counter, texts);
  if (step.at === "order") return orderCard(counter, step.id, texts);
  var offer = step.at === "list" ? undefined : offerOf(counter.products, step.product);
  // One that was taken off sale meanwhile leads back to those that are not.
  if (step.at === "list" || !offer) return listCard(counter, texts);
  if (step.at === "pin") return pinCard(offer, step.quantity, step.digits.length, texts);
  if (step.at === "confirm") return confirmCard(offer, step.quantity, texts);
  return productCard(counter, offer, step.quantity, texts);
}

export function offerOf(products: readonly OfferBody[], id: string | undefined): OfferBody | undefined {
  for (var i = 0; i < products.length; i++) if (products[i]!.id === id) return products[i];
  return undefined;
}

/** Everything that may be bought, and what was. */
function listCard(counter: Counter, texts: Texts): ShopCard {
  var rows = counter.products.map((offer) => offerRow(offer, texts));
  if (counter.isSigned) rows.push(row(texts.say("my_orders"), { step: { at: "history" }, deed: "look" }));
  return { kind: "shop", id: "shop", page: "list", title: texts.say("shop"), rows };
}

function offerRow(offer: OfferBody, texts: Texts): ShopRow {
  var turn: Turn = { step: { at: "product", product: offer.id, quantity: 1 } };
  var price = texts.money(offer.price, offer.currency);
  var availability = availabilityText(offer, texts);
  return row(offer.title, turn, availability ? `${price} · ${availability}` : price);
}

function availabilityText(offer: OfferBody, texts: Texts): string {
  if (offer.availability === "available") return "";
  return texts.say(offer.availability === "few" ? "few" : "sold_out");
}

function productCard(counter: Counter, offer: OfferBody, quantity: number, texts: Texts): ShopCard {
  var mayBuy = counter.isSigned && offer.availability !== "sold-out";
  var total = texts.money(offer.price * quantity, offer.currency);
  return {
    kind: "shop",
    id: "shop",
    page: `product ${offer.id}`,
    title: offer.title,
    heading: priceText(offer, quantity, texts),
    text: offer.text,
    rows: mayBuy ? [row(texts.say("buy"), { step: nextStep(offer, quantity) }, undefined, total)] : [],
    status: productStatus(counter, offer, texts),
    keys: texts.say(!mayBuy ? "keys_back" : offer.most_at_once > 1 ? "keys_product" : "keys_choose"),
  };
}

function nextStep(offer: OfferBody, quantity: number): Step {
  return offer.confirmation === "pin"
    ? { at: "pin", product: offer.id, quantity, digits: "" }
    : { at: "confirm", product: offer.id, quantity };
}

function productStatus(counter: Counter, offer: OfferBody, texts: Texts): Status | undefined {
  if (!counter.isSigned) return { kind: "refused", text: texts.say("sign_in"), more: texts.say("sign_in_more") };
  var text = availabilityText(offer, texts);
  return text ? { kind: "quiet", text, more: "" } : undefined;
}

function confirmCard(offer: OfferBody, quantity: number, texts: Texts): ShopCard {
  var total = texts.money(offer.price * quantity, offer.currency);
  var placing: Placing = { product: offer.id, quantity, pin: undefined };
  return {
    kind: "shop",
    id: "shop",
    page: "confirm",
    title: offer.title,
    heading: priceText(offer, quantity, texts),
    text: texts.say("sure", { total }),
    rows: [
      row(texts.say("pay"), { step: LAST_ORDER, deed: placing }, undefined, total),
      row(texts.say("not_now"), { step: { at: "product", product: offer.id, quantity } }),
    ],
    keys: texts.say("keys_confirm"),
  };
}

function pinCard(offer: OfferBody, quantity: number, digits: number, texts: Texts): ShopCard {
  var total = texts.money(offer.price * quantity, offer.currency);
  return {
    kind: "shop",
    id: "shop",
    page: "pin",
    title: offer.title,
    heading: priceText(offer, quantity, texts),
    text: texts.say("enter_pin", { total }),
    rows: [],
    digits,
    keys: texts.say("keys_pin"),
  };
}

/** An order from its sending to its end. */
function orderCard(counter: Counter, id: string | undefined, texts: Texts): ShopCard {
  var purchase = counter.purchase;
  var order = orderOf(counter.orders, id === undefined && purchase ? purchase.id : id);
  if (order) return standingCard(order, texts);
  if (!purchase) return listCard(counter, texts);
  var offer = offerOf(counter.products, purchase.product);
  return {
    kind: "shop",
    id: "shop",
    page: `purchase ${purchase.is}`,
    title: offer ? offer.title : purchase.product,
    heading: offer ? priceText(offer, purchase.quantity, texts) : "",
    rows: purchaseRows(purchase, offer, texts),
    status: purchaseStatus(purchase, counter.isAway, texts),
    keys: texts.say(purchase.is === "sending" ? "keys_back" : "keys_choose"),
  };
}

function orderOf(orders: readonly OrderAnswer[], id: string | undefined): OrderAnswer | undefined {
  for (var i = 0; i < orders.length; i++) if (orders[i]!.id === id) return orders[i];
  return undefined;
}

function purchaseRows(purchase: Purchase, offer: OfferBody | undefined, texts: Texts): ShopRow[] {
  if (purchase.is === "sending") return [];
  var rows = [row(texts.say("to_shop"), { step: { at: "list" } })];
  var again = purchase.is === "unconfirmed" ? "go_on" : "try_again";
  if (offer) rows.unshift(row(texts.say(again as "go_on"), { step: nextStep(offer, purchase.quantity) }));
  if (purchase.is === "unconfirmed") rows.push(row(texts.say("forget"), { step: { at: "list" }, deed: "drop" }));
  return rows;
}

function purchaseStatus(purchase: Purchase, isAway: boolean, texts: Texts): Status {
  if (purchase.is === "unconfirmed")
    return { kind: "sending", text: texts.say("unconfirmed"), more: texts.say("unconfirmed_more") };
  if (purchase.is === "refused")
    return { kind: "refused", text: texts.say("not_bought"), more: whyText(purchase.why || "", texts) };
  return { kind: "sending", text: texts.say("ordering"), more: texts.say(isAway ? "order_kept" : "order_once") };
}

function standingCard(order: OrderAnswer, texts: Texts): ShopCard {
  var again: Turn = { step: { at: "product", product: order.product, quantity: order.quantity } };
  var rows = isOver(order) ? [row(texts.say("to_shop"), { step: { at: "list" } })] : [];
  if (order.reason === "pin-wrong") rows.unshift(row(texts.say("try_again"), again));
  return {
    kind: "shop",
    id: "shop",
    page: `order ${order.state}`,
    title: order.title,
    heading: priceText(order, order.quantity, texts),
    text: progressText(order, texts),
    rows,
    status: standingStatus(order, texts),
    keys: texts.say(isOver(order) ? "keys_choose" : "keys_back"),
  };
}

/** The way of an order that is going well: what is done, what is being done, what is still to come. */
function progressText(order: OrderAnswer, texts: Texts): string {
  var done = order.state === "received" ? 1 : order.state === "reserved" ? 2 : 3;
  if (order.state === "rejected" || order.state === "cancelled") return "";
  return ["step_received", "step_reserved", "step_paid"]
    .map((step, i) => `${i < done ? "✓" : i === done ? "…" : "·"} ${texts.say(step as "step_paid")}`)
    .join("\n");
}

function standingStatus(order: OrderAnswer, texts: Texts): Status {
  var number = texts.say("order_number", { number: order.id.slice(0, 8).toUpperCase() });
  var why = whyText(order.reason, texts);
  switch (order.state) {
    case "received":
    case "reserved":
      return { kind: "sending", text: texts.say(order.state), more: number };
    case "confirmed":
      return { kind: "counted", text: texts.say("bought"), more: number };
    case "rejected":
      return { kind: "refused", text: texts.say("not_bought"), more: `${why}\n${number}` };
    case "cancelled":
      return { kind: "refused", text: texts.say("cancelled"), more: `${why}\n${number}` };
  }
}

/** Reasons that are put into words, by the slug of the order processor or the edge's code. */
var REASONS: { readonly [reason: string]: Word } = {
  "sold-out": "no_stock",
  "pin-wrong": "no_pin_wrong",
  "pin-blocked": "no_pin_blocked",
  pin_blocked: "no_pin_blocked",
  refunded: "no_refunded",
  "never-charged": "no_charge",
  not_offered: "no_offer",
  forbidden: "sign_in_more",
};

function whyText(reason: string, texts: Texts): string {
  return texts.say(REASONS[reason] || "no_other", { reason });
}

function historyCard(counter: Counter, texts: Texts): ShopCard {
  var orders = counter.orders;
  return {
    kind: "shop",
    id: "shop",
    page: `history ${orders.length}`,
    title: texts.say("my_orders"),
    text: orders.length === 0 ? texts.say("no_orders") : "",
    rows: orders.map((order) => orderRow(order, texts)),
    keys: texts.say(orders.length > 0 ? "keys_choose" : "keys_back"),
  };
}

function orderRow(order: OrderAnswer, texts: Texts): ShopRow {
  var state = texts.say(`state_${order.state}` as "state_received");
  var note = `${texts.money(order.total, order.currency)} · ${state}`;
  return row(`${order.quantity} × ${order.title}`, { step: { at: "order", id: order.id } }, note);
}

function priceText(
  each: { readonly price: number; readonly currency: string },
  quantity: number,
  texts: Texts,
): string {
  var price = texts.money(each.price, each.currency);
  var total = texts.money(each.price * quantity, each.currency);
  return quantity === 1 ? price : `${quantity} × ${price} = ${total}`;
}

function row(text: string, turn: Turn, note?: string, figure?: string): ShopRow {
  return {
    option: text,
    letter: "",
    text,
    mine: 0,
    result: undefined,
    figure: figure || "",
    isRight: false,
    note: note || "",
    turn,
  };
}
