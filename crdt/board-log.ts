import type { Journal } from "./journal.ts";

/**
 * Brings a board's updates into the durable log without a gap: what was refused goes before what follows. In Yjs one
 * missing update silently blocks every later one of its client, so a log with a gap would read as an older board.
 */
export class BoardLog {
  readonly #show: string;
  readonly #journal: Journal;
  readonly #unlogged: Uint8Array[] = [];
  #writing: Promise<void> = Promise.resolve();
  /** Why the last write was refused. */
  refused: Error | undefined;

  constructor(show: string, journal: Journal) {
    this.#show = show;
    this.#journal = journal;
  }

  /** Takes an update that is to be logged with the next `write`. */
  add(update: Uint8Array): void {
    this.#unlogged.push(update);
  }

  /** Everything added so far is durable when it resolves. Rejects as `Journal.append` does, and may be called again. */
  write(): Promise<void> {
    const written = this.#writing.then(() => this.#append());
    this.#writing = written.catch(() => {});
    return written;
  }

  async #append(): Promise<void> {
    const updates = [...this.#unlogged];
    if (updates.length === 0) return;
    try {
      await this.#journal.append(updates.map((update) => ({ kind: "board", show: this.#show, update })));
    } catch (error) {
      this.refused = error as Error;
      throw error;
    }
    this.refused = undefined;
    this.#unlogged.splice(0, updates.length);
  }
}
