/** Everything an edge says no to, by a code that stays the same for ever. */
export type RefusalCode =
  // the request itself
  | "malformed"
  | "too_large"
  | "not_found"
  | "method_not_allowed"
  | "unsupported_media_type"
  // who asks
  | "token_missing"
  | "token_invalid"
  | "token_expired"
  | "forbidden"
  | "rate_limited"
  // what is asked for
  | "unknown_show"
  | "unknown_poll"
  | "unknown_option"
  | "unknown_content"
  | "unknown_threshold"
  | "unknown_product"
  | "unknown_order"
  | "show_exists"
  | "poll_not_open"
  | "poll_closed"
  | "poll_void"
  | "poll_state"
  | "results_hidden"
  | "threshold_state"
  | "threshold_unfit"
  | "product_state"
  | "order_state"
  | "not_offered"
  | "quantity_out_of_range"
  | "pin_required"
  | "pin_blocked"
  // the receiver's own earlier ballots
  | "press_conflict"
  | "press_stale"
  | "already_voted"
  | "vote_out_of_range"
  | "order_conflict"
  // the edge's condition
  | "not_ready"
  | "clock_untrusted"
  | "draining"
  | "overloaded"
  | "log_full"
  | "peer_unavailable"
  | "orders_unavailable"
  | "wrong_shard"
  | "internal";

/** A no, as a value. */
export interface Refusal {
  readonly refused: RefusalCode;
  /** One sentence: what was being done, what came, what was wanted. */
  readonly detail: string;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterS?: number;
  /** Further members of the problem document, e.g. `known_press`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export function refuse(refused: RefusalCode, detail: string, more: Omit<Refusal, "refused" | "detail"> = {}): Refusal {
  return { refused, detail, ...more };
}

export function isRefusal(value: object): value is Refusal {
  return "refused" in value;
}
