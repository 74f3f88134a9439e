import { OwnReceiptBody } from "../answers.ts";
import { refuseRate } from "../casting.ts";
import { Buckets } from "../limits.ts";
import { parseBatchName, type OwnReceipt } from "../own-receipt.ts";
import { problem } from "../problem.ts";
import { isRefusal, refuse } from "../refusal.ts";
import { bearer } from "../tokens.ts";
import { answer, ANY_ORIGIN, NO_STORE } from "./answer.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";

/** What became of the viewer's own ballot, by its receipt. Nobody else's is told, nor any count. */
export function showOwnReceipt({ edge, tokens, limits, world }: RouteContext): RouteHandler {
  const asked = new Buckets(limits.ballotsPerReceiver, world.clock);
  return described(DESCRIPTION, async (c) => {
    const receiver = await tokens.receiver(bearer(c.req.raw.headers));
    if (isRefusal(receiver)) return problem(receiver);
    const wait = asked.take(receiver.subject);
    if (wait > 0) return problem(refuseRate(world.random, wait, "this receiver has asked too often"));
    const code = pathParam(c, "receipt");
    const named = c.req.query("batch");
    const batch = named === undefined ? undefined : parseBatchName(named);
    if (named !== undefined && !batch)
      return problem(refuse("malformed", `"batch" is no SHARD/EDGE/BOOT/SEQUENCE as a receipt has them`));
    for (const id of edge.shows()) {
      const show = edge.show(id);
      const found = isRefusal(show) ? undefined : await show.ownReceipt(receiver.subject, code, batch);
      if (found) return answer(receiptBody(found), 200, { ...ANY_ORIGIN, ...NO_STORE });
    }
    return problem(refuse("not_found", `this receiver has no ballot with the receipt "${code.slice(0, 20)}" here`));
  });
}

function receiptBody({ batch, ...receipt }: OwnReceipt) {
  if (!batch) return receipt;
  const { acceptedAt, recorded, edges } = batch;
  return { ...receipt, accepted_at: acceptedAt, recorded, edges };
}

const DESCRIPTION = {
  summary: "What became of one's own ballot, by its receipt",
  tag: "receivers",
  token: "receiver",
  query: { batch: "SHARD/EDGE/BOOT/SEQUENCE of the receipt: with it, who has the ballot is told too" },
  answer: OwnReceiptBody,
  refusals: ["malformed", "token_missing", "token_invalid", "token_expired", "forbidden", "rate_limited", "not_found"],
} as const;
