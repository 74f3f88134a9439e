// What the parts of the store's contract share: a store at an empty place for each test, and records to put there.
import { afterEach, beforeEach } from "vitest";
import { chainId, decodeHeader, type Chain } from "../../crdt/batch.ts";
import type { BatchRange, Compaction, Store, StoredShow, StoreRecord } from "../../crdt/store/store.ts";
import { fra, sampleBatch } from "../support/database.ts";

/** Where one store lives, empty at first. */
export interface Place {
  /** Opens the store; again once it is closed. */
  open(): Promise<Store>;
  /** Its disk, where that can be filled. */
  readonly disk?: Disk;
  remove(): Promise<void>;
}

export interface Disk {
  fill(): Promise<void>;
  free(): Promise<void>;
}

/** A store for each test. Made inside `describe`. */
export class StoreFixture {
  #place: Place | undefined;
  #store: Store | undefined;

  constructor(makePlace: () => Promise<Place>) {
    beforeEach(async () => {
      this.#place = await makePlace();
      this.#store = await this.#place.open();
    });
    afterEach(async () => {
      try {
        await this.#store?.close();
      } finally {
        await this.#place?.remove();
      }
    });
  }

  get store(): Store {
    if (!this.#store) throw new Error("a store is there within tests only");
    return this.#store;
  }

  async reopen(): Promise<void> {
    await this.store.close();
    this.#store = await this.#place!.open();
  }

  get disk(): Disk {
    if (!this.#place?.disk) throw new Error("this place has no disk that can be filled");
    return this.#place.disk;
  }

  async show(id = "final"): Promise<StoredShow | undefined> {
    return (await this.store.load()).shows.find((show) => show.id === id);
  }

  /** Edge and sequence of each batch. */
  async identities(show = "final", range?: BatchRange): Promise<string[]> {
    const found: string[] = [];
    for await (const bytes of this.store.batches(show, range)) found.push(identity(bytes));
    return found;
  }
}

export function identity(bytes: Uint8Array): string {
  const header = decodeHeader(bytes);
  return `${header.edge} ${header.sequence}`;
}

/** What `identities` gives for a chain from one sequence to another. */
export function identitiesOf(edge: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${edge} ${from + i}`);
}

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** A batch of the show "final". */
export function batch(chain: Chain, sequence: number, count = 1): StoreRecord {
  return { kind: "batch", show: "final", bytes: sampleBatch(chain, sequence, count) };
}

export function batches(chain: Chain, from: number, to: number): StoreRecord[] {
  return Array.from({ length: to - from + 1 }, (_, i) => batch(chain, from + i));
}

export function boardUpdate(show: string, update: Uint8Array): StoreRecord {
  return { kind: "board", show, update };
}

/** Lets fra's chain go up to `sequence`. */
export function compactionTo(sequence: number, snapshot = bytes(9)): Compaction {
  return { snapshot, upTo: { [chainId(fra)]: sequence }, board: [bytes(4, 4)] };
}
