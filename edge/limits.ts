import type { Clock } from "../crdt/ports.ts";
import { RecentMap } from "./recent.ts";

/** A token bucket: `burst` at once, and `perSecond` in the long run. */
export interface Limit {
  readonly burst: number;
  readonly perSecond: number;
}

export interface Limits {
  /** New receivers from one address (IPv4, or an IPv6 /64): a home, or all behind a carrier's NAT. */
  readonly receiversPerAddress: Limit;
  /** New receivers from one /24 or /48: a district, or one who rents addresses. */
  readonly receiversPerSubnet: Limit;
  /** Ballots of one receiver over all its connections: more than a thumb can do. */
  readonly ballotsPerReceiver: Limit;
  /** Messages on one receiver's WebSocket. */
  readonly messagesPerSocket: Limit;
  /** Messages on one reader's WebSocket: each sync step 1 makes the edge encode a document. */
  readonly messagesPerReader: Limit;
}

export const DEFAULT_LIMITS: Limits = {
  receiversPerAddress: { burst: 100, perSecond: 5 },
  receiversPerSubnet: { burst: 1000, perSecond: 50 },
  ballotsPerReceiver: { burst: 20, perSecond: 5 },
  messagesPerSocket: { burst: 20, perSecond: 20 },
  messagesPerReader: { burst: 50, perSecond: 5 },
};

/**
 * A bucket is one number, the time at which it will be full again (the "theoretical arrival time" of the generic cell
 * rate algorithm, ITU-T I.371, annex A), in ms since 1970; one of the past is a full bucket, and needs no memory.
 */
export type Bucket = number;
export const FULL: Bucket = -Infinity;

/** Milliseconds until `bucket` gives one; 0 where it does so now. */
export function waitFor(limit: Limit, bucket: Bucket, now: number): number {
  const interval = 1000 / limit.perSecond;
  return Math.max(0, bounded(limit, bucket, now) - now - (limit.burst - 1) * interval);
}

/** The bucket after one was taken from it. */
export function takeOne(limit: Limit, bucket: Bucket, now: number): Bucket {
  return Math.max(now, bounded(limit, bucket, now)) + 1000 / limit.perSecond;
}

/** No bucket is emptier than empty: a clock that jumps back an hour must not close it for an hour. */
function bounded(limit: Limit, bucket: Bucket, now: number): Bucket {
  return Math.min(bucket, now + (limit.burst * 1000) / limit.perSecond);
}

/** Keys that a `Buckets` remembers for certain; it holds at most twice as many, some 100 B each. */
export const MAX_BUCKETS = 200_000;

/** Buckets by key, of one limit, in bounded memory. */
export class Buckets {
  readonly #limit: Limit;
  readonly #clock: Clock;
  readonly #buckets: RecentMap<Bucket>;

  constructor(limit: Limit, clock: Clock, capacity = MAX_BUCKETS) {
    this.#limit = limit;
    this.#clock = clock;
    this.#buckets = new RecentMap(capacity);
  }

  /** Milliseconds until `key` may have one; 0 where it may now. Takes nothing. */
  wait(key: string): number {
    const now = this.#clock.now();
    return waitFor(this.#limit, this.#bucketOf(key, now), now);
  }

  /** Takes one where there is one: then 0, else the milliseconds until there is. */
  take(key: string): number {
    const now = this.#clock.now();
    const bucket = this.#bucketOf(key, now);
    const wait = waitFor(this.#limit, bucket, now);
    if (wait === 0) this.#buckets.set(key, takeOne(this.#limit, bucket, now));
    return wait;
  }

  /** One from before the clock was set back is written down as empty, or it would stay empty until that time comes. */
  #bucketOf(key: string, now: number): Bucket {
    const bucket = this.#buckets.get(key) ?? FULL;
    const emptied = bounded(this.#limit, bucket, now);
    if (emptied < bucket) this.#buckets.set(key, emptied);
    return emptied;
  }
}
