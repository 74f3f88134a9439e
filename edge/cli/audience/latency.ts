/** Latencies of a run, all of them kept: 4 bytes each, so that percentiles are exact. */
export class Latencies {
  #values = new Float32Array(1024);
  #count = 0;

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float32Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = ms;
  }

  summary(): LatencySummary | undefined {
    if (this.#count === 0) return undefined;
    const sorted = this.#values.slice(0, this.#count).sort();
    const [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1].map((part) => percentile(sorted, part));
    return { count: this.#count, p50: p50!, p90: p90!, p99: p99!, max: max! };
  }
}

/** Milliseconds from the first sending of a press to its receipt. */
export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** The least value that `part` of all values do not exceed ("nearest rank"). `sorted` is not empty. */
export function percentile(sorted: ArrayLike<number>, part: number): number {
  const rank = Math.max(1, Math.ceil(part * sorted.length));
  return sorted[rank - 1]!;
}
