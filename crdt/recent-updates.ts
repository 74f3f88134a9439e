/** Updates that are remembered of one document: most of a minute of tallies at ten a second, and 50 kB. */
export const MAX_RECENT_UPDATES = 512;

/** One change of a document, after the fact. */
export interface RecentUpdate {
  /** When it was applied here, ms since 1970. */
  readonly at: number;
  readonly bytes: number;
  /** The peer that brought it; undefined where it was written here. */
  readonly from: string | undefined;
  /** Clock of this boot's own Yjs client after it: tells since when a peer lacks it. */
  readonly clock: number;
}

/** The last changes of one document, oldest first. */
export class RecentUpdates {
  readonly #ring: RecentUpdate[] = [];
  #next = 0;

  note(update: RecentUpdate): void {
    this.#ring[this.#next % MAX_RECENT_UPDATES] = update;
    this.#next += 1;
  }

  /** Changes since this boot began. */
  get count(): number {
    return this.#next;
  }

  list(): RecentUpdate[] {
    const oldest = this.#next % MAX_RECENT_UPDATES;
    return this.#next <= MAX_RECENT_UPDATES
      ? [...this.#ring]
      : [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)];
  }

  /** When this boot wrote what stands at `clock` of its client; undefined where that is forgotten. */
  writtenAt(clock: number): number | undefined {
    const list = this.list();
    const i = list.findIndex((update) => update.from === undefined && update.clock > clock);
    // The first one remembered may stand for earlier ones that are not.
    return i > 0 || this.#next <= MAX_RECENT_UPDATES ? list[i]?.at : undefined;
  }
}
