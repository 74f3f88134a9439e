import type { RefusalCode } from "./refusal.ts";

/**
 * How this edge closes a WebSocket of a receiver or a reader. As with the stock y-websocket provider, 44xx says that
 * coming back in the same way is pointless, and 45xx to come back after a while (with jitter), here or at another edge.
 */
export const CLOSE = {
  /** A message that cannot be read, or that may not be sent here: a reader that writes, a ballot before the hello. */
  offence: 4400,
  /** The token is missing, wrong or expired: come back with a new one. */
  token: 4401,
  /** The token is right and does not allow this. */
  forbidden: 4403,
  /** A message is too large. */
  tooLarge: 4413,
  /** This edge does not keep the receiver's shard: come back with `?shard=` and the number in the refusal. */
  wrongShard: 4421,
  /** No hello came in time. */
  silent: 4508,
  /** The other end does not read what it is sent. */
  slow: 4513,
  /** Messages come too fast. */
  tooFast: 4529,
  /** This edge shuts down, is not ready or has too much to do: another one is better. */
  unavailable: 4503,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/** The close code for a refusal that ends a connection. */
export function closeCodeOf(code: RefusalCode): CloseCode {
  switch (code) {
    case "token_missing":
    case "token_invalid":
    case "token_expired":
      return CLOSE.token;
    case "forbidden":
      return CLOSE.forbidden;
    case "too_large":
      return CLOSE.tooLarge;
    case "rate_limited":
      return CLOSE.tooFast;
    case "wrong_shard":
      return CLOSE.wrongShard;
    case "not_ready":
    case "clock_untrusted":
    case "draining":
    case "overloaded":
    case "log_full":
    case "peer_unavailable":
    case "internal":
      return CLOSE.unavailable;
    default:
      return CLOSE.offence;
  }
}
