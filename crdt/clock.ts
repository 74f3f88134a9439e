import type { Clock } from "./ports.ts";

/** Another replica's clock this far ahead never moves ours, and this far from its peers' median an edge admits nothing. */
export const MAX_CLOCK_SKEW_MS = 2000;

/**
 * A bounded hybrid logical clock: physical time that never runs backwards and follows others, but only so far. Times
 * are milliseconds since 1970; equal times are ordered by edge and bytes, so there is no logical counter. Once physical
 * time was confirmed it is followed for `MAX_CLOCK_SKEW_MS` more and then has to be confirmed again: a wall clock that
 * is set an hour ahead must not leave an hour in our memory, nor in a ballot.
 */
export class HybridClock {
  readonly #clock: Clock;
  #last = 0;
  /** Of `#last`, what is owed to the log: it was never taken from a wall clock that nobody had confirmed. */
  #resumed = 0;
  /** Physical time beyond this is not followed. */
  #bound = Infinity;
  #looked: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Goes on from the durable log's last time, so that a restarted edge's new ballots come after its old ones. */
  resume(last: number): void {
    this.#resumed = Math.max(this.#resumed, last);
    this.#last = Math.max(this.#last, last);
  }

  /** The time of a local event. */
  now(): number {
    this.#last = Math.max(this.#last, this.#physical);
    return this.#last;
  }

  /** Hears another's time; false where it is too far ahead to be believed. */
  hear(time: number): boolean {
    if (time > this.#physical + MAX_CLOCK_SKEW_MS) return false;
    this.#last = Math.max(this.#last, time);
    return true;
  }

  /**
   * Whether the wall clock was set, or this process stood still, since it was last asked: called at least every second.
   * What was known of physical time then holds no longer.
   */
  hasStepped(): boolean {
    const now = this.#clock.now();
    const stepped = this.#looked !== undefined && Math.abs(now - this.#looked) > MAX_CLOCK_SKEW_MS;
    this.#looked = now;
    if (stepped && this.#bound === Infinity) this.#last = this.#resumed;
    return stepped;
  }

  /** Peers agree with physical time as it is now. */
  confirm(): void {
    this.#bound = this.#clock.now() + MAX_CLOCK_SKEW_MS;
  }

  get #physical(): number {
    return Math.min(this.#clock.now(), this.#bound);
  }

  /** How far the clock's own memory is ahead of physical time, ms. */
  get ahead(): number {
    return Math.max(0, this.#last - this.#clock.now());
  }
}

/** Whether an edge may trust its clock, and why not. */
export type ClockTrust =
  | { readonly trusted: true; readonly skewMs: number }
  | { readonly trusted: false; readonly reason: "unmeasured" | "skewed"; readonly skewMs: number };

/**
 * Judges this replica's clock by its peers: `offsets` are their clocks minus ours in ms, one a peer measured since
 * boot. `alone` where the network has no other member to compare with.
 */
export function judgeClock(offsets: readonly number[], ahead: number, alone: boolean): ClockTrust {
  if (offsets.length === 0 && !alone) return { trusted: false, reason: "unmeasured", skewMs: 0 };
  const skewMs = middle([0, ...offsets]);
  if (Math.abs(skewMs) > MAX_CLOCK_SKEW_MS || ahead > MAX_CLOCK_SKEW_MS)
    return { trusted: false, reason: "skewed", skewMs: Math.abs(skewMs) > ahead ? skewMs : -ahead };
  return { trusted: true, skewMs };
}

/** The median; of two middle values the one farther from 0, since nothing says which of the two clocks is right. */
function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [lower, upper] = [sorted[(sorted.length - 1) >> 1]!, sorted[sorted.length >> 1]!];
  return Math.abs(lower) > Math.abs(upper) ? lower : upper;
}
