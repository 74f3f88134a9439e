/** Time over which a rate is taken, ms: long enough to be steady, short enough that steering follows a rush. */
export const RATE_WINDOW_MS = 2000;

/** How fast a total grows, a second: an average that forgets exponentially, from samples at any times. */
export class Rate {
  #total = 0;
  #at: number | undefined;
  #perSecond = 0;

  /** `total` as it is at `now`, ms. */
  sample(total: number, now: number): void {
    const elapsed = now - (this.#at ?? now);
    if (elapsed > 0) {
      const kept = Math.exp(-elapsed / RATE_WINDOW_MS);
      const latest = Math.max(0, ((total - this.#total) * 1000) / elapsed);
      this.#perSecond = this.#perSecond * kept + latest * (1 - kept);
    }
    // A clock that was set back starts a new interval.
    this.#total = total;
    this.#at = now;
  }

  get perSecond(): number {
    return this.#perSecond;
  }
}
