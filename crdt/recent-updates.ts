/**
 * Updates that are remembered of one document: most of a minute of tallies at ten a second, in 50 kB; half an hour of a
 * board, whose cues are asked for long afterwards.
 */
export const MAX_RECENT_UPDATES = { tallies: 512, ledger: 512, board: 4_096 } as const;

/** One change of a document, after the fact. */
export interface RecentUpdate {
  /** When it was applied here, ms since 1970. */
  readonly at: number;
  readonly bytes: number;
  /** The peer that brought it; undefined where it was written here. */
  readonly from: string | undefined;
  /** Clocks after it of the Yjs clients that it brought something of. */
  readonly clocks: ReadonlyMap<number, number>;
}

/** The last changes of one document, oldest first. */
export class RecentUpdates {
  readonly #capacity: number;
  readonly #ring: RecentUpdate[] = [];
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  note(update: RecentUpdate): void {
    this.#ring[this.#next % this.#capacity] = update;
    this.#next += 1;
  }

  /** Changes since this boot began. */
  get count(): number {
    return this.#next;
  }

  list(): RecentUpdate[] {
    const oldest = this.#next % this.#capacity;
    return this.#next <= this.#capacity
      ? [...this.#ring]
      : [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)];
  }

  /** When a client's struct at `clock` came to be here, ms since 1970; undefined where that is forgotten. */
  cameAt(client: number, clock: number): number | undefined {
    const list = this.list();
    const i = list.findIndex(({ clocks }) => (clocks.get(client) ?? 0) > clock);
    // Of a client's first one that is remembered, nobody knows what it went on from.
    const isFirst = !list.slice(0, Math.max(0, i)).some(({ clocks }) => clocks.has(client));
    return isFirst && this.#next > this.#capacity ? undefined : list[i]?.at;
  }
}

/** Which clients a transaction brought something of, by the state vectors before it and after it. */
export function changedClocks(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): Map<number, number> {
  const changed = new Map<number, number>();
  for (const [client, clock] of after) if (clock !== before.get(client)) changed.set(client, clock);
  return changed;
}
