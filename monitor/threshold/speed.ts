/** How far back a speed looks, ms: shorter jumps about with each flush, longer hides that the audience has begun. */
export const SPEED_WINDOW_MS = 10_000;

interface Sample {
  readonly at: number;
  readonly value: number;
}

/** How fast a value grows, over the last seconds. */
export class Speed {
  readonly #samples: Sample[] = [];

  /** `at` in milliseconds; a clock that was set back starts anew. */
  note(at: number, value: number): void {
    const last = this.#samples.at(-1);
    if (last && at < last.at) this.#samples.length = 0;
    this.#samples.push({ at, value });
    while (this.#samples.length > 2 && this.#samples[1]!.at <= at - SPEED_WINDOW_MS) this.#samples.shift();
  }

  /** A second; 0 where too little is known, or the value shrinks. */
  get perSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.at === first.at) return 0;
    return Math.max(0, ((last.value - first.value) * 1000) / (last.at - first.at));
  }
}
