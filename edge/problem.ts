import type { Refusal, RefusalCode } from "./refusal.ts";

/** What a code means in HTTP. */
export interface ProblemKind {
  readonly status: ProblemStatus;
  readonly title: string;
}

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 421 | 422 | 429 | 500 | 503;

/** Every code with its status and title. 4xx: the same request will be refused again; 429 and 503: try again later. */
export const PROBLEMS: Readonly<Record<RefusalCode, ProblemKind>> = {
  malformed: { status: 400, title: "The request cannot be read" },
  too_large: { status: 413, title: "The request is too large" },
  not_found: { status: 404, title: "There is nothing at this address" },
  method_not_allowed: { status: 405, title: "This address does not take this method" },
  unsupported_media_type: { status: 415, title: "The body's media type is not taken here" },
  token_missing: { status: 401, title: "A token is needed" },
  token_invalid: { status: 401, title: "The token is not valid" },
  token_expired: { status: 401, title: "The token has expired" },
  forbidden: { status: 403, title: "The token does not allow this" },
  rate_limited: { status: 429, title: "Too many requests" },
  unknown_show: { status: 404, title: "There is no such show" },
  unknown_poll: { status: 404, title: "There is no such poll in this show" },
  unknown_option: { status: 422, title: "There is no such option in this poll" },
  unknown_content: { status: 404, title: "There is no such content in this show" },
  unknown_threshold: { status: 404, title: "There is no such threshold in this show" },
  unknown_product: { status: 404, title: "There is no such product in this show" },
  unknown_order: { status: 404, title: "There is no such order in this show" },
  show_exists: { status: 409, title: "A show of this name exists" },
  poll_not_open: { status: 409, title: "The poll is not open yet" },
  poll_closed: { status: 409, title: "The poll is closed" },
  poll_void: { status: 409, title: "The poll is void" },
  poll_state: { status: 409, title: "The poll's state does not allow this" },
  results_hidden: { status: 403, title: "The results are hidden" },
  threshold_state: { status: 409, title: "The threshold's state does not allow this" },
  threshold_unfit: { status: 422, title: "The threshold does not fit this show" },
  product_state: { status: 409, title: "The product's state does not allow this" },
  order_state: { status: 409, title: "The order's state does not allow this" },
  not_offered: { status: 409, title: "The product is not on offer" },
  quantity_out_of_range: { status: 422, title: "So many pieces are not sold at once" },
  pin_required: { status: 422, title: "This product is confirmed with the household's PIN" },
  pin_blocked: { status: 429, title: "Too many wrong PINs" },
  press_conflict: { status: 409, title: "This press was for another option" },
  press_stale: { status: 409, title: "A later press is known" },
  already_voted: { status: 409, title: "The first ballot counts, and it is known" },
  vote_out_of_range: { status: 422, title: "The poll does not give so many votes" },
  order_conflict: { status: 409, title: "This key was for another order" },
  not_ready: { status: 503, title: "This edge is not ready" },
  clock_untrusted: { status: 503, title: "This edge cannot trust its clock" },
  draining: { status: 503, title: "This edge is shutting down" },
  overloaded: { status: 503, title: "This edge has too much to do" },
  log_full: { status: 503, title: "This edge cannot write its log" },
  peer_unavailable: { status: 503, title: "No second replica has the ballot" },
  orders_unavailable: { status: 503, title: "No order processor takes orders" },
  wrong_shard: { status: 421, title: "This edge does not keep this receiver's shard" },
  internal: { status: 500, title: "This edge made a mistake" },
};

/** What a refusal looks like to programs (RFC 9457): on HTTP a body, on a WebSocket the members of a message. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: ProblemStatus;
  readonly detail: string;
  readonly code: RefusalCode;
  readonly retry_after_s?: number;
  readonly [extra: string]: unknown;
}

/** `type` is a name and no address: the code is documented in /openapi.json. */
export function problemDocument(refusal: Refusal): ProblemDocument {
  const { status, title } = PROBLEMS[refusal.refused];
  const { refused: code, detail, retryAfterS, extra } = refusal;
  const retry = retryAfterS === undefined ? {} : { retry_after_s: Math.ceil(retryAfterS) };
  return { type: `urn:redbutton:problem:${code}`, title, status, detail, code, ...retry, ...extra };
}

/** The refusal as application/problem+json, readable by pages of any origin. */
export function problem(refusal: Refusal, headers: Readonly<Record<string, string>> = {}): Response {
  const document = problemDocument(refusal);
  return new Response(JSON.stringify(document), {
    status: document.status,
    headers: { ...problemHeaders(document), ...headers },
  });
}

function problemHeaders(document: ProblemDocument): Record<string, string> {
  const headers: Record<string, string> = {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
  };
  if (document.retry_after_s !== undefined) headers["Retry-After"] = String(document.retry_after_s);
  const challenge = challengeOf(document);
  if (challenge) headers["WWW-Authenticate"] = challenge;
  return headers;
}

/** RFC 6750, 3. */
function challengeOf({ status, code }: ProblemDocument): string | undefined {
  if (code === "token_missing") return "Bearer";
  if (status === 401) return 'Bearer error="invalid_token"';
  if (code === "forbidden") return 'Bearer error="insufficient_scope"';
  return undefined;
}
