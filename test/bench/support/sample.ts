/** What one round found of one subject: figures by their names. */
export type Sample = Readonly<Record<string, number>>;

/** Figure by figure the median over rounds. Throws where no round has the figure: a chapter asks for what it measures. */
export class Medians {
  readonly #samples: readonly Sample[];

  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
  }

  of(figure: string): number {
    const values = this.values(figure);
    if (values.length === 0) throw new Error(`a median: got no sample with "${figure}"`);
    return median(values);
  }

  /** In the order of the rounds. */
  values(figure: string): number[] {
    return this.#samples.flatMap((sample) => sample[figure] ?? []);
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that `part` of all lie at or below; 0 of none. */
export function percentile(sorted: ArrayLike<number>, part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
}
