import * as v from "valibot";
import type { RefusalCode } from "../../refusal.ts";
import { PROBLEMS } from "../../problem.ts";

/** What a receiver hears of a press. */
export type Answer = ReceiptAnswer | RefusedAnswer | FailedAnswer;

export interface ReceiptAnswer {
  readonly is: "receipt";
  readonly shard: number;
  readonly edge: string;
  readonly boot: string;
  readonly sequence: number;
  /** Milliseconds since 1970 by the edge's clock. */
  readonly time: number;
}

export interface RefusedAnswer {
  readonly is: "refused";
  readonly code: RefusalCode;
  readonly retryAfterMs: number;
  /** On a conflict: the press that the edge knows. */
  readonly knownPress?: number;
}

/** Nothing was heard. Only an unreachable edge has certainly not written the ballot. */
export interface FailedAnswer {
  readonly is: "failed";
  readonly reason: FailureReason;
}

export type FailureReason = "unreachable" | "reset" | "timeout" | "left" | "unreadable";

const receipt = v.object({
  shard: v.number(),
  edge: v.string(),
  boot: v.string(),
  sequence: v.number(),
  time: v.number(),
});
const problem = v.object({
  code: v.string(),
  retry_after_s: v.optional(v.number(), 0),
  known_press: v.optional(v.number()),
});

const UNREADABLE: FailedAnswer = { is: "failed", reason: "unreadable" };

/** The body of a 202, or a message of type "receipt". */
export function readReceipt(body: unknown): Answer {
  const read = v.safeParse(receipt, body);
  return read.success ? { is: "receipt", ...read.output } : UNREADABLE;
}

/** A problem document, or a message of type "refused". */
export function readProblem(body: unknown): Answer {
  const read = v.safeParse(problem, body);
  if (!read.success || !isCode(read.output.code)) return UNREADABLE;
  const { code, retry_after_s: seconds, known_press: knownPress } = read.output;
  return { is: "refused", code, retryAfterMs: seconds * 1000, ...(knownPress === undefined ? {} : { knownPress }) };
}

function isCode(code: string): code is RefusalCode {
  return Object.hasOwn(PROBLEMS, code);
}

/** What a receiver does next about its press. */
export type Verdict =
  | "counted"
  /** Again, at another edge, with the same press. */
  | "elsewhere"
  /** Again, not before Retry-After. */
  | "later"
  /** Again, with the press after the known one. */
  | "renumber"
  /** It is no use. */
  | "end";

export function verdictOf(answer: Answer): Verdict {
  switch (answer.is) {
    case "receipt":
      return "counted";
    case "failed":
      return "elsewhere";
    case "refused":
      return verdictOfCode(answer.code);
  }
}

function verdictOfCode(code: RefusalCode): Verdict {
  switch (code) {
    case "rate_limited":
    case "pin_blocked":
      return "later";
    case "not_ready":
    case "clock_untrusted":
    case "draining":
    case "overloaded":
    case "log_full":
    case "peer_unavailable":
    case "wrong_shard":
    case "internal":
    // An edge that has just started may not have heard of the show, or of its opening, which another one answered to.
    case "unknown_show":
    case "unknown_poll":
    case "unknown_product":
    case "orders_unavailable":
      return "elsewhere";
    case "press_conflict":
    case "press_stale":
      return "renumber";
    case "malformed":
    case "too_large":
    case "not_found":
    case "method_not_allowed":
    case "unsupported_media_type":
    case "token_missing":
    case "token_invalid":
    case "token_expired":
    case "forbidden":
    case "unknown_option":
    case "unknown_content":
    case "unknown_threshold":
    case "threshold_state":
    case "threshold_unfit":
    case "show_exists":
    case "poll_not_open":
    case "poll_closed":
    case "poll_void":
    case "poll_state":
    case "results_hidden":
    case "already_voted":
    case "vote_out_of_range":
    case "unknown_order":
    case "product_state":
    case "order_state":
    case "not_offered":
    case "quantity_out_of_range":
    case "pin_required":
    case "order_conflict":
      return "end";
  }
}

/** Whether the edge may have written the ballot although it gave no receipt. */
export function mayBeWritten(answer: Answer): boolean {
  switch (answer.is) {
    case "receipt":
      return true;
    case "failed":
      return answer.reason !== "unreachable";
    case "refused":
      // "not_ready" is also what an edge says whose write's outcome is unknown.
      return answer.code === "internal" || answer.code === "not_ready" || answer.code === "peer_unavailable";
  }
}
