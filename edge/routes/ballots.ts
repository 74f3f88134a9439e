import { MineBody, ReceiptBody } from "../answers.ts";
import { readBallot } from "../ballot-form.ts";
import { cast } from "../casting.ts";
import { problem } from "../problem.ts";
import type { Receipt, ReceiptLevel, Settle } from "../receipt.ts";
import { isRefusal, refuse, type Refusal } from "../refusal.ts";
import { BallotBody } from "../schemas.ts";
import type { BallotRequest, ShowService } from "../service.ts";
import { bearer } from "../tokens.ts";
import { answer, ANY_ORIGIN, NO_STORE } from "./answer.ts";
import { readText } from "./body.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";

/** Bytes of a ballot's body; a good one has some 40. */
export const MAX_BALLOT_BYTES = 4096;

/** Takes a ballot from a request whose address has been read. */
export type BallotTaker = (request: Request, address: BallotAddress) => Promise<Response>;

/** What a ballot's address says. */
export interface BallotAddress {
  readonly show: string;
  readonly poll: string;
  readonly level: string | undefined;
}

/**
 * Takes a ballot. The hot path: an audience presses in the same second, so nothing here is done twice, awaited without
 * need or left to a middleware.
 */
export function ballotTaker(
  context: RouteContext,
  mistake: (error: unknown, request: Request) => Response,
): BallotTaker {
  const { world, casting } = context;
  return (request, address) =>
    new Promise((resolve) => {
      const began = world.clock.now();
      // Of the request nothing is asked once it has waited: by then it has left the processor's caches.
      const forPage = request.headers.get("origin") !== null;
      const settle: Settle = (answer) => {
        if (answer instanceof Error) resolve(mistake(answer, request));
        else if (isRefusal(answer)) resolve(problem(answer));
        else resolve(accepted(answer, world.clock.now() - began, forPage));
      };
      readRequest(context, request, address)
        .then((read) => (isRefusal(read) ? settle(read) : cast(casting, read.show, read.ballot, settle)))
        .catch((error: unknown) => resolve(mistake(error, request)));
    });
}

interface ReadBallot {
  readonly show: ShowService;
  readonly ballot: BallotRequest;
}

/** Who casts what, and where. */
async function readRequest(
  { edge, tokens }: RouteContext,
  request: Request,
  { show: id, poll, level: asked }: BallotAddress,
): Promise<ReadBallot | Refusal> {
  const claimed = tokens.receiver(bearer(request.headers));
  const receiver = claimed instanceof Promise ? await claimed : claimed;
  if (isRefusal(receiver)) return receiver;
  const show = edge.show(id);
  if (isRefusal(show)) return show;
  const level = levelOf(asked);
  if (typeof level !== "string") return level;
  const text = await readText(request, MAX_BALLOT_BYTES);
  if (typeof text !== "string") return text;
  const body = readBallot(text);
  if (isRefusal(body)) return body;
  const { option, press, k } = body;
  return { show, ballot: { subject: receiver.subject, signed: receiver.signed, poll, option, press, k, level } };
}

export function castBallot(take: BallotTaker): RouteHandler {
  return described(CAST, (c) =>
    take(c.req.raw, { show: pathParam(c, "show"), poll: pathParam(c, "poll"), level: c.req.query("level") }),
  );
}

/**
 * The same route for requests whose address is written plainly, past the router and its context for each request: 3 µs
 * of a ballot. Undefined for every other request, which is the router's.
 */
export function castPlainBallot(take: BallotTaker): (request: Request) => Promise<Response> | undefined {
  return (request) => {
    if (request.method !== "POST") return undefined;
    const match = PLAIN_BALLOT.exec(request.url);
    return match ? take(request, { show: match[1]!, poll: match[2]!, level: undefined }) : undefined;
  };
}

/** No escapes and no query. */
const PLAIN_BALLOT = /^https?:\/\/[^/?#]+\/v1\/shows\/([\w-]+)\/polls\/([\w-]+)\/ballots$/;

function levelOf(level: string | undefined): ReceiptLevel | Refusal {
  if (level === undefined || level === "local") return "local";
  if (level === "peer") return "peer";
  return refuse("malformed", `level is "${level.slice(0, 20)}", wanted "local" or "peer"`);
}

/**
 * 202: it counts unless its edge is named lost before it was replicated. `Server-Timing` (W3C): ms until it was
 * durable. Each header costs Deno half a µs, so the one for pages of other origins is for them only.
 */
function accepted(receipt: Receipt, ms: number, forPage: boolean): Response {
  const headers = { "Content-Type": "application/json", "Server-Timing": `log;dur=${ms}` };
  return new Response(JSON.stringify(receipt), {
    status: 202,
    headers: forPage ? { ...headers, ...ANY_ORIGIN } : headers,
  });
}

/** What this edge knows of the receiver's own ballots in a poll. */
export function listOwnBallots({ edge, tokens }: RouteContext): RouteHandler {
  return described(MINE, async (c) => {
    const receiver = await tokens.receiver(bearer(c.req.raw.headers));
    if (isRefusal(receiver)) return problem(receiver);
    const show = edge.show(pathParam(c, "show"));
    if (isRefusal(show)) return problem(show);
    const poll = show.poll(pathParam(c, "poll"));
    if (isRefusal(poll)) return problem(poll);
    const known = show.ballotsOf(receiver.subject, poll.definition.id);
    if (isRefusal(known)) return problem(known);
    const ballots = known.map(({ press, option, k }) => ({ press, option: poll.definition.options[option]?.id, k }));
    return answer({ ballots }, 200, { ...ANY_ORIGIN, ...NO_STORE });
  });
}

const CAST = {
  summary: "Casts a ballot; the receipt comes once it is durable. A retry keeps its press",
  tag: "receivers",
  token: "receiver",
  body: BallotBody,
  query: { level: 'How durable: "local" (default), or "peer" for on a second replica too' },
  status: 202,
  answer: ReceiptBody,
  refusals: [
    "malformed",
    "too_large",
    "token_missing",
    "token_invalid",
    "token_expired",
    "forbidden",
    "rate_limited",
    "unknown_show",
    "unknown_poll",
    "unknown_option",
    "poll_not_open",
    "poll_closed",
    "poll_void",
    "press_conflict",
    "press_stale",
    "already_voted",
    "vote_out_of_range",
    "wrong_shard",
    "not_ready",
    "clock_untrusted",
    "draining",
    "overloaded",
    "log_full",
    "peer_unavailable",
  ],
} as const;

const MINE = {
  summary: "The receiver's own ballots in a poll",
  tag: "receivers",
  token: "receiver",
  answer: MineBody,
  refusals: [
    "token_missing",
    "token_invalid",
    "token_expired",
    "unknown_show",
    "unknown_poll",
    "wrong_shard",
    "not_ready",
    "clock_untrusted",
  ],
} as const;
