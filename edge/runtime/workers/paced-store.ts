import type { World } from "../../../crdt/ports.ts";
import type { BatchRange, Compaction, Contents, Store, StoreRecord } from "../../../crdt/store/store.ts";

/**
 * Least time from one write to the next, ms. Each write of an object's storage is an fsync, and is paid for; what comes
 * meanwhile shares the next one. A viewer does not notice so much, and a write that comes alone does not wait at all.
 */
export const PACE_MS = 15;

/** A store that writes no more often than makes sense in a Durable Object. */
export class PacedStore implements Store {
  readonly #store: Store;
  readonly #world: World;
  #nextAt = 0;
  /** Appends wait for each other, and so keep their order. */
  #turn: Promise<void> = Promise.resolve();

  constructor(store: Store, world: World) {
    this.#store = store;
    this.#world = world;
  }

  load(): Promise<Contents> {
    return this.#store.load();
  }

  append(records: readonly StoreRecord[]): Promise<void> {
    const appended = this.#turn.then(() => this.#append(records));
    this.#turn = appended.catch(() => undefined);
    return appended;
  }

  batches(show: string, range?: BatchRange): AsyncIterable<Uint8Array> {
    return this.#store.batches(show, range);
  }

  compact(show: string, compaction: Compaction): Promise<void> {
    return this.#store.compact(show, compaction);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #append(records: readonly StoreRecord[]): Promise<void> {
    const { clock, timers } = this.#world;
    // A clock that was set back must not hold a write up.
    const wait = Math.min(PACE_MS, this.#nextAt - clock.now());
    if (wait > 0) await new Promise<void>((resolve) => timers.after(wait, resolve));
    this.#nextAt = clock.now() + PACE_MS;
    await this.#store.append(records);
  }
}
