import { bytesToHex } from "@noble/hashes/utils.js";
import { chainId, decodeHeader } from "../batch.ts";
import { assertBoard, assertStorable, contentHash } from "./record.ts";
import { StoreFull, type BatchRange, type Compaction, type Contents, type Store, type StoreRecord } from "./store.ts";

/**
 * What becomes of a write: "full" writes nothing and says so; "lost" writes nothing and "written" writes everything,
 * and the caller of either cannot tell which it was.
 */
export type Fault = "full" | "lost" | "written";

/** What outlives a `MemoryStore`: hand it to the next one, as a disk is found again by the next process. */
export class MemoryDisk {
  /** Boot → when it started. */
  readonly boots = new Map<string, number>();
  readonly introductions = new Map<string, Uint8Array>();
  readonly shows = new Map<string, ShowOnDisk>();
}

interface ShowOnDisk {
  /** Identity → batch, in the order of appending. */
  readonly batches: Map<string, StoredBatch>;
  /** Hash → update, in the order of appending. */
  board: Map<string, Uint8Array>;
  snapshot?: Uint8Array;
}

interface StoredBatch {
  readonly chain: string;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** A store in memory, for tests, simulation and benchmarks. Durable as long as its disk is held. */
export class MemoryStore implements Store {
  readonly #disk: MemoryDisk;
  readonly #fault: () => Fault | undefined;
  #closed = false;

  /** `fault` is asked before each append and compaction. */
  constructor(disk = new MemoryDisk(), fault: () => Fault | undefined = () => undefined) {
    this.#disk = disk;
    this.#fault = fault;
  }

  async load(): Promise<Contents> {
    this.#assertOpen();
    const shows = [...this.#disk.shows].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      boots: [...this.#disk.boots.keys()],
      introductions: [...this.#disk.introductions.values()],
      shows: shows.map(([id, { board, snapshot }]) => ({
        id,
        board: [...board.values()],
        ...(snapshot && { snapshot }),
      })),
    };
  }

  async append(records: readonly StoreRecord[]): Promise<void> {
    this.#assertOpen();
    records.forEach(assertStorable);
    this.#write("appending", () => records.forEach((record) => this.#put(record)));
  }

  async *batches(show: string, range?: BatchRange): AsyncGenerator<Uint8Array> {
    this.#assertOpen();
    for (const { bytes } of this.#select(show, range)) yield bytes;
  }

  async compact(show: string, { snapshot, upTo, board }: Compaction): Promise<void> {
    this.#assertOpen();
    assertBoard(board);
    this.#write("compacting", () => {
      const stored = this.#show(show);
      if (snapshot) stored.snapshot = snapshot.slice();
      stored.board = new Map(board.map((update) => [keyOf(update), update.slice()]));
      for (const [identity, batch] of stored.batches)
        if (batch.sequence <= (upTo[batch.chain] ?? 0)) stored.batches.delete(identity);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #write(doing: string, change: () => void): void {
    const fault = this.#fault();
    if (fault === "full") throw new StoreFull(`${doing}: the disk is full`);
    if (fault !== "lost") change();
    if (fault) throw new Error(`${doing}: the disk failed, and whether it wrote is unknown`);
  }

  #put(record: StoreRecord): void {
    switch (record.kind) {
      case "batch": {
        const header = decodeHeader(record.bytes);
        const batch = { chain: chainId(header), sequence: header.sequence, bytes: record.bytes };
        putOnce(this.#show(record.show).batches, `${batch.chain}/${batch.sequence}`, () => ({
          ...batch,
          bytes: batch.bytes.slice(),
        }));
        break;
      }
      case "board":
        putOnce(this.#show(record.show).board, keyOf(record.update), () => record.update.slice());
        break;
      case "introduction":
        if (record.inPlaceOf !== undefined) this.#dropIntroductions(record.inPlaceOf);
        putOnce(this.#disk.introductions, `${record.member}/${record.boot}/${keyOf(record.bytes)}`, () =>
          record.bytes.slice(),
        );
        break;
      case "boot":
        putOnce(this.#disk.boots, record.boot, () => record.startedAt);
        break;
    }
  }

  #dropIntroductions(boot: string): void {
    for (const key of this.#disk.introductions.keys())
      if (key.split("/")[1] === boot) this.#disk.introductions.delete(key);
  }

  #select(show: string, range: BatchRange | undefined): Iterable<StoredBatch> {
    const batches = this.#disk.shows.get(show)?.batches.values() ?? [];
    if (!range) return batches;
    const chain = chainId(range.chain);
    return [...batches]
      .filter((batch) => batch.chain === chain && batch.sequence > range.after && batch.sequence <= range.upTo)
      .sort((a, b) => a.sequence - b.sequence);
  }

  #show(id: string): ShowOnDisk {
    const known = this.#disk.shows.get(id);
    if (known) return known;
    const show: ShowOnDisk = { batches: new Map(), board: new Map() };
    this.#disk.shows.set(id, show);
    return show;
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error("using a store that is closed");
  }
}

function keyOf(bytes: Uint8Array): string {
  return bytesToHex(contentHash(bytes));
}

function putOnce<V>(map: Map<string, V>, key: string, value: () => V): void {
  if (!map.has(key)) map.set(key, value());
}
