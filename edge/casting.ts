import type { Random } from "../crdt/ports.ts";
import { jitter } from "./jitter.ts";
import type { Buckets } from "./limits.ts";
import type { Settle } from "./receipt.ts";
import { refuse, type Refusal } from "./refusal.ts";
import type { BallotRequest, ShowService } from "./service.ts";

/** Seconds added at most to a Retry-After, so that those refused together do not come back together. */
export const RETRY_JITTER_S = 4;

/** How a checked ballot gets from a receiver to its show, whether it came by HTTP or on a WebSocket. */
export interface Casting {
  readonly ballots: Buckets;
  readonly random: Random;
}

/** Has a ballot cast, unless its receiver casts too many; `settle` is told what became of it. */
export function cast({ ballots, random }: Casting, show: ShowService, ballot: BallotRequest, settle: Settle): void {
  const wait = ballots.take(ballot.subject);
  if (wait > 0) return settle(refuseRate(random, wait, "this receiver has cast too many ballots"));
  show.vote(ballot, settle);
}

/** "Too many", with how long to wait: `waitMs` and a little more for all but the luckiest. */
export function refuseRate(random: Random, waitMs: number, detail: string): Refusal {
  return refuse("rate_limited", detail, { retryAfterS: Math.ceil(waitMs / 1000) + jitter(random, 0, RETRY_JITTER_S) });
}
