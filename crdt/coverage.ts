import { chainId, parseChainId, type Chain } from "./batch.ts";

/** Plain form of a coverage: chain's name → highest sequence up to which every batch is held. */
export type Watermark = Readonly<Record<string, number>>;

/** (shard, edge, boot) → highest sequence number up to which every batch is folded. Grows only. */
export class Coverage {
  readonly #last = new Map<string, number>();

  static from(watermark: Watermark): Coverage {
    const coverage = new Coverage();
    for (const [id, sequence] of Object.entries(watermark)) coverage.raise(id, sequence);
    return coverage;
  }

  /** 0 where nothing of the chain is covered. */
  of(chain: Chain | string): number {
    return this.#last.get(typeof chain === "string" ? chain : chainId(chain)) ?? 0;
  }

  raise(chain: Chain | string, sequence: number): void {
    const id = typeof chain === "string" ? chain : chainId(chain);
    if (sequence > (this.#last.get(id) ?? 0)) this.#last.set(id, sequence);
  }

  /** True where every chain of `other` is covered at least as far here. */
  covers(other: Watermark): boolean {
    return Object.entries(other).every(([id, sequence]) => this.of(id) >= sequence);
  }

  /** What `other` holds and this does not, a range a chain: `after` exclusive, `upTo` inclusive. */
  missing(other: Watermark): { chain: Chain; after: number; upTo: number }[] {
    return Object.entries(other)
      .filter(([id, upTo]) => this.of(id) < upTo)
      .map(([id, upTo]) => ({ chain: parseChainId(id), after: this.of(id), upTo }));
  }

  /** Sum of covered sequences: which of two coverages of one shard has seen more. */
  get sum(): number {
    let sum = 0;
    for (const sequence of this.#last.values()) sum += sequence;
    return sum;
  }

  entries(): IterableIterator<[string, number]> {
    return this.#last.entries();
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#last);
  }
}

/** For each chain known to both, the lesser sequence: what every one of `watermarks` covers. */
export function leastOf(watermarks: readonly Watermark[]): Record<string, number> {
  const [first, ...rest] = watermarks;
  if (!first) return {};
  const least: Record<string, number> = {};
  for (const [id, sequence] of Object.entries(first)) {
    const lowest = Math.min(sequence, ...rest.map((watermark) => watermark[id] ?? 0));
    if (lowest > 0) least[id] = lowest;
  }
  return least;
}
