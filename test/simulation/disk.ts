import { MemoryDisk, MemoryStore } from "../../crdt/store/memory.ts";
import {
  StoreFull,
  type BatchRange,
  type Compaction,
  type Contents,
  type Store,
  type StoreRecord,
} from "../../crdt/store/store.ts";
import type { Dice } from "./dice.ts";
import type { Life } from "./life.ts";

/** What the next append of a disk comes to: nobody is told whether it was written. */
export type Tear = "lost" | "written";

/** A disk outlives the processes that use it. Faults are set from outside. */
export class SimDisk {
  readonly memory = new MemoryDisk();
  isFull = false;
  tear: Tear | undefined;
  /** Typical duration of an append, ms. */
  latencyMs = 2;
  /** Told of each batch that became durable here. */
  readonly onbatch: (show: string, bytes: Uint8Array) => void;

  constructor(onbatch: (show: string, bytes: Uint8Array) => void) {
    this.onbatch = onbatch;
  }
}

interface Write {
  readonly records: readonly StoreRecord[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The store of one process on a simulated disk: `MemoryStore` behind the time that a disk takes, and its faults. */
export class SimStore implements Store {
  readonly #disk: SimDisk;
  readonly #life: Life;
  readonly #inner: MemoryStore;
  readonly #dice: Dice;
  /** Appends that have not reached the platter. */
  readonly #unsynced = new Set<Write>();

  constructor(disk: SimDisk, life: Life) {
    this.#disk = disk;
    this.#life = life;
    this.#inner = new MemoryStore(disk.memory);
    this.#dice = life.stage.dice(`store ${life.host} ${life.stage.now}`);
    life.onend(() => this.#abandon());
  }

  async load(): Promise<Contents> {
    await this.#pause();
    return this.#inner.load();
  }

  async *batches(show: string, range?: BatchRange): AsyncGenerator<Uint8Array> {
    await this.#pause();
    yield* this.#inner.batches(show, range);
  }

  async compact(show: string, compaction: Compaction): Promise<void> {
    await this.#pause();
    this.#life.stage.saw("log compacted");
    await this.#inner.compact(show, compaction);
  }

  append(records: readonly StoreRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#life.reach("before a write")) return;
      const write: Write = { records, resolve, reject };
      this.#unsynced.add(write);
      this.#later(() => this.#sync(write));
    });
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** The write reaches the platter, or does not; the process hears of it a moment later. */
  #sync(write: Write): void {
    this.#unsynced.delete(write);
    const { stage, host } = this.#life;
    const { isFull, tear } = this.#disk;
    if (isFull) {
      stage.saw("disk full");
      return this.#later(() => write.reject(new StoreFull("appending: the disk is full")));
    }
    this.#disk.tear = undefined;
    if (tear !== "lost") this.#put(write.records);
    stage.note(`${host} synced`, write.records.length);
    if (tear) {
      stage.saw(`append of unknown outcome: ${tear}`);
      return this.#later(() => write.reject(new Error("appending: the disk failed, and whether it wrote is unknown")));
    }
    if (this.#life.reach("between fsync and acknowledgement")) this.#later(write.resolve);
  }

  #put(records: readonly StoreRecord[]): void {
    // Runs to its end at once: nothing in it waits.
    void this.#inner.append(records);
    for (const record of records) if (record.kind === "batch") this.#disk.onbatch(record.show, record.bytes);
  }

  /** The process is gone; what it had under way is torn, wholly on the disk or not at all. */
  #abandon(): void {
    for (const { records } of this.#unsynced) {
      const isWritten = this.#dice.chance(0.5) && !this.#disk.isFull;
      this.#life.stage.saw(`torn by a crash: ${isWritten ? "written" : "lost"}`);
      if (isWritten) this.#put(records);
    }
    this.#unsynced.clear();
  }

  /** Reading takes a while, and the process may die meanwhile: then it never goes on. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#life.reach("before reading its disk")) this.#later(resolve);
    });
  }

  #later(task: () => void): void {
    const ms = this.#disk.latencyMs * (0.25 + this.#dice.next());
    this.#life.stage.after(ms, () => this.#life.run(task));
  }
}
