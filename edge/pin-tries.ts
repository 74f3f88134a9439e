import { PIN_WRONG } from "../crdt/order.ts";
import type { StandingOrder } from "../crdt/order-book.ts";

/** Wrong PINs of a receiver in a show within `PIN_PAUSE_MS`, after which no other is taken there: a bank's usual three. */
export const MAX_PIN_TRIES = 3;
/** How long a wrong PIN is held against its receiver, ms: four digits would take five weeks of guessing. */
export const PIN_PAUSE_MS = 15 * 60_000;
/** When to ask again while the provider has yet to say what it makes of earlier PINs, ms. */
const UNDECIDED_MS = 2000;

/**
 * Milliseconds until a receiver may try another PIN; 0 where it may now. `orders` are its own, oldest first, `writing` how
 * many more are on their way into the log. One that is undecided counts, since its PIN may be wrong.
 */
export function pinWait(
  orders: readonly StandingOrder[],
  writing: number,
  takesPin: (product: string) => boolean,
  now: number,
): number {
  const recent = orders.filter(({ order }) => takesPin(order.product) && order.time > now - PIN_PAUSE_MS);
  const wrong = recent.filter(({ reason }) => reason === PIN_WRONG);
  const oldest = wrong.at(-MAX_PIN_TRIES);
  if (oldest) return oldest.order.time + PIN_PAUSE_MS - now;
  const undecided = writing + recent.filter(({ state }) => state === "received" || state === "reserved").length;
  return wrong.length + undecided < MAX_PIN_TRIES ? 0 : UNDECIDED_MS;
}
