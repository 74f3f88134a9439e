import type { Random } from "../crdt/ports.ts";
import { jitter } from "./jitter.ts";
import type { Buckets } from "./limits.ts";
import type { Receipt, ReceiptLevel } from "./receipt.ts";
import { refuse, type Refusal } from "./refusal.ts";
import type { BallotBody } from "./schemas.ts";
import type { ShowService } from "./service.ts";
import type { Receiver } from "./tokens.ts";

/** Seconds added at most to a Retry-After, so that those refused together do not come back together. */
export const RETRY_JITTER_S = 4;

/** How a checked ballot gets from a receiver to its show, whether it came by HTTP or on a WebSocket. */
export interface Casting {
  readonly ballots: Buckets;
  readonly random: Random;
}

export function cast(
  { ballots, random }: Casting,
  show: ShowService,
  receiver: Receiver,
  poll: string,
  body: BallotBody,
  level: ReceiptLevel,
): Promise<Receipt | Refusal> | Refusal {
  const wait = ballots.take(receiver.subject);
  if (wait > 0) return refuseRate(random, wait, "this receiver has cast too many ballots");
  const { option, press, k } = body;
  return show.vote({ subject: receiver.subject, signed: receiver.signed, poll, option, press, k, level });
}

/** "Too many", with how long to wait: `waitMs` and a little more for all but the luckiest. */
export function refuseRate(random: Random, waitMs: number, detail: string): Refusal {
  return refuse("rate_limited", detail, { retryAfterS: Math.ceil(waitMs / 1000) + jitter(random, 0, RETRY_JITTER_S) });
}
