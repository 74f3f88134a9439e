import { StoreFull, type Store, type StoreRecord } from "./store/store.ts";

interface Waiting {
  readonly records: readonly StoreRecord[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Group commit: one append to the store at a time, and whatever gathers meanwhile goes into the next. Records become
 * durable in the order in which they were handed in.
 */
export class Journal {
  readonly #store: Store;
  readonly #onlost: ((error: Error) => void) | undefined;
  /** Written before anything else, together with it. */
  #preamble: readonly StoreRecord[];
  #waiting: Waiting[] = [];
  #lost: Error | undefined;
  #draining: Promise<void> | undefined;

  /**
   * `onlost` is told once when the outcome of a write is unknown: the boot has to end, nothing more will be written.
   * Without it the journal goes on: right for a member that writes no chain of its own, since appending again what a
   * peer wrote is harmless. `preamble` goes before the first append, in its transaction.
   */
  constructor(store: Store, onlost?: (error: Error) => void, preamble: readonly StoreRecord[] = []) {
    this.#store = store;
    this.#onlost = onlost;
    this.#preamble = preamble;
  }

  /** Durable when it resolves. Rejects with `StoreFull` (nothing written, try later), or because the boot has ended. */
  append(records: readonly StoreRecord[]): Promise<void> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Ends the boot, which has to: nothing is written any more. */
  lose(cause: unknown): void {
    if (this.#lost || !this.#onlost) return;
    this.#lost = asError(cause);
    this.#onlost(this.#lost);
  }

  /**
   * Resolves once everything handed in was written or refused: the store may be closed. What comes later is refused, and
   * is no loss that anyone is told of.
   */
  async end(): Promise<void> {
    while (this.#draining) await this.#draining;
    this.#lost ??= new Error("the log has ended");
  }

  async #drain(): Promise<void> {
    // A file's commit holds the event loop. Frames of one read come in one turn: they are one commit, not one each.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#commit(group);
    }
    this.#draining = undefined;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      if (this.#lost) throw this.#lost;
      await this.#store.append(this.#recordsOf(group));
      this.#preamble = [];
      for (const entry of group) entry.resolve();
    } catch (cause) {
      const error = asError(cause);
      for (const entry of group) entry.reject(error);
      if (!(error instanceof StoreFull)) this.lose(error);
    }
  }

  #recordsOf(group: readonly Waiting[]): readonly StoreRecord[] {
    if (group.length === 1 && this.#preamble.length === 0) return group[0]!.records;
    return [...this.#preamble, ...group.flatMap((entry) => entry.records)];
  }
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}
