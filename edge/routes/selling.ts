import { DecisionAnswer, ProductAnswer, SellingAnswer } from "../selling-answers.ts";
import { problem } from "../problem.ts";
import { isRefusal, type Refusal } from "../refusal.ts";
import { DecisionBody } from "../schemas.ts";
import type { ProductView } from "../selling.ts";
import { productAnswer, sellingAnswer } from "../view.ts";
import { answer, PRODUCERS } from "./answer.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";
import { BODY_REFUSALS, DEED_REFUSALS, SHOW_REFUSALS } from "./refusals.ts";
import { MAX_COMMAND_BYTES, readJson, withRole } from "./shows.ts";

/** How selling goes: products with their stock, orders by state, and those that wait for an operator. */
export function showSelling(context: RouteContext): RouteHandler {
  const handler = withRole(context, "reader", (_c, show) => answer(sellingAnswer(show.selling.view()), 200, PRODUCERS));
  return described(SHOW, handler);
}

export function commandProduct(context: RouteContext, command: "offer" | "withdraw"): RouteHandler {
  const handler = withRole(context, "operator", async (c, show, { subject }) =>
    answered(await show.selling[command](pathParam(c, "product"), subject)),
  );
  return described({ ...COMMAND, summary: SUMMARIES[command] }, handler);
}

/** Money goes back here: it takes a producer. */
export function decideOrder(context: RouteContext): RouteHandler {
  const handler = withRole(context, "producer", async (c, show, { subject }) => {
    const body = await readJson(c.req.raw, MAX_COMMAND_BYTES, DecisionBody, "reading the decision");
    if (isRefusal(body)) return problem(body);
    const order = pathParam(c, "order");
    const refusal = await show.selling.decide(order, body.decision, subject);
    return refusal ? problem(refusal) : answer({ order, decision: body.decision }, 200, PRODUCERS);
  });
  return described(DECIDE, handler);
}

function answered(view: ProductView | Refusal): Response {
  return isRefusal(view) ? problem(view) : answer(productAnswer(view), 200, PRODUCERS);
}

const SHOW = {
  summary: "How selling goes: products with their stock, orders by state, and those that are stuck",
  tag: "producers",
  token: "reader",
  answer: SellingAnswer,
  refusals: [...SHOW_REFUSALS, "clock_untrusted"],
} as const;

const SUMMARIES = {
  offer: "Offers a product to receivers",
  withdraw: "Takes a product off sale for good; orders that are logged go on",
} as const;

const COMMAND = {
  tag: "producers",
  token: "operator",
  answer: ProductAnswer,
  refusals: [...DEED_REFUSALS, "unknown_product", "product_state"],
} as const;

const DECIDE = {
  summary: "Decides what becomes of an order: cancelled with its money back, or tried again where it is stuck",
  tag: "producers",
  token: "producer",
  body: DecisionBody,
  answer: DecisionAnswer,
  refusals: [...DEED_REFUSALS, ...BODY_REFUSALS, "unknown_order", "order_state"],
} as const;
