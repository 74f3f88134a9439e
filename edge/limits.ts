import type { Clock } from "../crdt/ports.ts";

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
  /** Orders of one receiver, retries included: more than a household buys. */
  readonly ordersPerReceiver: Limit;
  /** Messages on one receiver's WebSocket. */
  readonly messagesPerSocket: Limit;
  /** Messages on one reader's WebSocket: each sync step 1 makes the edge encode a document. */
  readonly messagesPerReader: Limit;
}

export const DEFAULT_LIMITS: Limits = {
  receiversPerAddress: { burst: 100, perSecond: 5 },
  receiversPerSubnet: { burst: 1000, perSecond: 50 },
  ballotsPerReceiver: { burst: 20, perSecond: 5 },
  ordersPerReceiver: { burst: 10, perSecond: 0.5 },
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

/** Buckets that are remembered at once, 12 B each; most are full again within a second, and give their place away. */
export const MAX_BUCKETS = 2 ** 16;
/** Places that a key may have. */
const WAYS = 8;

/**
 * Buckets by key, of one limit, in memory that is fixed from the start: a map of strings would be walked by the garbage
 * collector again and again while an audience votes. A key is known by 32 bits of a hash, in one of a few places that
 * another hash names; where all are taken the fullest bucket is forgotten, in favour of its owner.
 */
export class Buckets {
  readonly #limit: Limit;
  readonly #clock: Clock;
  readonly #sets: number;
  readonly #tags: Uint32Array;
  readonly #buckets: Float64Array;

  constructor(limit: Limit, clock: Clock, capacity = MAX_BUCKETS) {
    this.#limit = limit;
    this.#clock = clock;
    this.#sets = Math.ceil(capacity / WAYS);
    this.#tags = new Uint32Array(this.#sets * WAYS);
    this.#buckets = new Float64Array(this.#sets * WAYS).fill(FULL);
  }

  /** Milliseconds until `key` may have one; 0 where it may now. Takes nothing. */
  wait(key: string): number {
    const now = this.#clock.now();
    return waitFor(this.#limit, this.#look(this.#placeOf(key), now), now);
  }

  /** Takes one where there is one: then 0, else the milliseconds until there is. */
  take(key: string): number {
    const now = this.#clock.now();
    const place = this.#placeOf(key);
    const bucket = this.#look(place, now);
    const wait = waitFor(this.#limit, bucket, now);
    if (wait === 0) this.#buckets[place] = takeOne(this.#limit, bucket, now);
    return wait;
  }

  /** One from before the clock was set back is written down as empty, or it would stay empty until that time comes. */
  #look(place: number, now: number): Bucket {
    return (this.#buckets[place] = bounded(this.#limit, this.#buckets[place]!, now));
  }

  /** The key's own place, or the one that it takes over. */
  #placeOf(key: string): number {
    let [tag, set] = [0x811c9dc5, key.length];
    for (let i = 0; i < key.length; i++) {
      const unit = key.charCodeAt(i);
      tag = Math.imul(tag ^ unit, 0x01000193);
      set = Math.imul(set ^ unit, 0x5bd1e995) ^ (set >>> 15);
    }
    return this.#placeIn(((set >>> 0) % this.#sets) * WAYS, tag >>> 0);
  }

  #placeIn(first: number, tag: number): number {
    let fullest = first;
    for (let place = first; place < first + WAYS; place++) {
      if (this.#tags[place] === tag) return place;
      if (this.#buckets[place]! < this.#buckets[fullest]!) fullest = place;
    }
    this.#tags[fullest] = tag;
    this.#buckets[fullest] = FULL;
    return fullest;
  }
}
