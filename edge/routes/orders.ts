import { OrderAnswer, OrdersAnswer, ProductsAnswer } from "../answers.ts";
import { refuseRate } from "../casting.ts";
import { problem } from "../problem.ts";
import { isRefusal } from "../refusal.ts";
import { checkJson, OrderBody } from "../schemas.ts";
import { orderAnswer, publicProducts } from "../view.ts";
import { bearer } from "../tokens.ts";
import { answer, ANY_ORIGIN, NO_STORE } from "./answer.ts";
import { readText } from "./body.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";

/** Bytes of an order's body: 600 characters of details, each of at most 4 bytes, and the rest. */
export const MAX_ORDER_BODY_BYTES = 4096;

/** Takes an order: 202 once it is logged here. The price is the board's, and nothing that comes from a receiver. */
export function placeOrder({ edge, tokens, orders, world }: RouteContext): RouteHandler {
  return described(PLACE, async (c) => {
    const receiver = await tokens.receiver(bearer(c.req.raw.headers));
    if (isRefusal(receiver)) return problem(receiver);
    const show = edge.show(pathParam(c, "show"));
    if (isRefusal(show)) return problem(show);
    const wait = orders.take(receiver.subject);
    if (wait > 0) return problem(refuseRate(world.random, wait, "this receiver has sent too many orders"));
    const text = await readText(c.req.raw, MAX_ORDER_BODY_BYTES);
    if (typeof text !== "string") return problem(text);
    const body = checkJson(OrderBody, text, "reading the order");
    if (isRefusal(body)) return problem(body);
    const { subject, signed } = receiver;
    const order = await show.orders.place({ subject, signed, ...body });
    if (isRefusal(order)) return problem(order);
    return answer(orderAnswer(order), 202, { ...ANY_ORIGIN, ...NO_STORE });
  });
}

/** The receiver's own orders, as far as this edge knows. */
export function listOwnOrders({ edge, tokens }: RouteContext): RouteHandler {
  return described(MINE, async (c) => {
    const receiver = await tokens.receiver(bearer(c.req.raw.headers));
    if (isRefusal(receiver)) return problem(receiver);
    const show = edge.show(pathParam(c, "show"));
    if (isRefusal(show)) return problem(show);
    const orders = show.orders.mine(receiver.subject);
    if (isRefusal(orders)) return problem(orders);
    return answer({ orders: orders.map(orderAnswer) }, 200, { ...ANY_ORIGIN, ...NO_STORE });
  });
}

/** What may be bought now. */
export function listProducts({ edge }: RouteContext): RouteHandler {
  return described(PRODUCTS, (c) => {
    const show = edge.show(pathParam(c, "show"));
    if (isRefusal(show)) return problem(show);
    return answer({ products: publicProducts(show) }, 200, { ...ANY_ORIGIN, "Cache-Control": "no-cache" });
  });
}

const WHO = ["token_missing", "token_invalid", "token_expired", "unknown_show", "wrong_shard", "not_ready"] as const;

const PLACE = {
  summary: "Places an order; a retry keeps its key, and gets what became of it",
  tag: "receivers",
  token: "receiver",
  body: OrderBody,
  status: 202,
  answer: OrderAnswer,
  refusals: [
    ...WHO,
    "malformed",
    "too_large",
    "forbidden",
    "rate_limited",
    "unknown_product",
    "not_offered",
    "quantity_out_of_range",
    "pin_required",
    "pin_blocked",
    "order_conflict",
    "orders_unavailable",
    "clock_untrusted",
    "draining",
    "overloaded",
    "log_full",
  ],
} as const;

const MINE = {
  summary: "The receiver's own orders",
  tag: "receivers",
  token: "receiver",
  answer: OrdersAnswer,
  refusals: [...WHO, "clock_untrusted"],
} as const;

const PRODUCTS = {
  summary: "What may be bought now",
  tag: "receivers",
  answer: ProductsAnswer,
  refusals: ["unknown_show", "not_ready"],
} as const;
