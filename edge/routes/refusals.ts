// Refusals that several routes share, as /openapi.json lists them.

/** Of a token that is checked. */
export const TOKEN_REFUSALS = ["token_missing", "token_invalid", "token_expired", "forbidden"] as const;
/** Of a show that a token is good for. */
export const SHOW_REFUSALS = [...TOKEN_REFUSALS, "unknown_show", "not_ready"] as const;
/** Of a body that is read and checked. */
export const BODY_REFUSALS = ["malformed", "too_large", "unsupported_media_type"] as const;
/** Of a change of the show. */
export const DEED_REFUSALS = [...SHOW_REFUSALS, "clock_untrusted", "draining", "log_full"] as const;
