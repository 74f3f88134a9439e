import { concatBytes } from "@noble/hashes/utils.js";
import { decodeHeader, parseChainId, type Chain } from "../batch.ts";
import { migrateObject } from "./object-schema.ts";
import { assertBoard, assertStorable, contentHash } from "./record.ts";
import {
  StoreFull,
  type BatchRange,
  type Compaction,
  type Contents,
  type Store,
  type StoredShow,
  type StoreRecord,
} from "./store.ts";

/** What is used of a Durable Object's storage: SQLite in the object's own process. */
export interface ObjectStorage {
  readonly sql: {
    exec(query: string, ...bindings: SqlValue[]): Iterable<Row>;
    /** Bytes of the database. */
    readonly databaseSize: number;
  };
  /** Runs `task` in a transaction; what it throws undoes it. */
  transactionSync<T>(task: () => T): T;
  /** Resolves once everything written so far is durable. */
  sync(): Promise<void>;
}

type SqlValue = ArrayBuffer | Uint8Array | string | number | null;
type Row = Record<string, SqlValue>;

export interface ObjectStoreOptions {
  /** In place of `MAX_LOG_BYTES`. */
  readonly maxBytes?: number;
}

/** An object has 10 GB; beyond this many bytes appends are refused, so that a compaction still finds room. */
export const MAX_LOG_BYTES = 8 * 2 ** 30;
/** Batches read at a time: up to 4 MiB. */
const PAGE_BATCHES = 256;
/** After so many appended bytes the database is measured again. */
const MEASURE_BYTES = 16 * 2 ** 20;
/** Bytes of a value: an object's storage takes 2 MB. */
const PIECE_BYTES = 2 ** 20;

/** Opens the log in an object's storage, with its tables up to date. */
export function openObjectStore(storage: ObjectStorage, options: ObjectStoreOptions = {}): ObjectStore {
  migrateObject(storage);
  return new ObjectStore(storage, options);
}

/**
 * A store in a Durable Object's SQLite storage. A transaction there is in the write-ahead log of the object's machine
 * at once and durable, on other machines too, when `sync` resolves: so an append that was awaited is durable, and what
 * gathers meanwhile shares the next one. (Cloudflare also holds back whatever an object sends until its writes are
 * durable, but that is its affair, and the store's promise does not lean on it.)
 */
export class ObjectStore implements Store {
  readonly #storage: ObjectStorage;
  readonly #options: ObjectStoreOptions;
  /** Show and chain → its number. */
  readonly #chains = new Map<string, number>();
  #compacting: Promise<void> = Promise.resolve();
  #closed = false;
  /** The database's size when it was last measured, and what was appended since, bytes. */
  #measured = 0;
  #unmeasured = Infinity;

  constructor(storage: ObjectStorage, options: ObjectStoreOptions) {
    this.#storage = storage;
    this.#options = options;
  }

  async load(): Promise<Contents> {
    return {
      boots: this.#read("SELECT boot FROM boots ORDER BY position").map(({ boot }) => textOf(boot)),
      introductions: this.#read("SELECT bytes FROM introductions ORDER BY position").map(blobOf),
      shows: this.#read(SELECT_SHOWS).map(({ show }) => this.#loadShow(textOf(show))),
    };
  }

  async append(records: readonly StoreRecord[]): Promise<void> {
    records.forEach(assertStorable);
    this.#assertRoom(records);
    await this.#write("appending", () => records.forEach((record) => this.#put(record)));
  }

  async *batches(show: string, range?: BatchRange): AsyncGenerator<Uint8Array> {
    let after = range?.after ?? 0;
    for (;;) {
      const rows = range
        ? this.#read(SELECT_CHAIN, this.#numberOf(show, range.chain) ?? 0, after, range.upTo)
        : this.#read(SELECT_SHOW, show, after);
      for (const row of rows) yield blobOf(row);
      if (rows.length < PAGE_BATCHES) return;
      after = Number(rows.at(-1)!["at"]);
    }
  }

  compact(show: string, compaction: Compaction): Promise<void> {
    // Read at once, before the caller can append: what it appends from now on need not be in its `board`.
    const [last] = this.#read("SELECT max(position) AS position FROM board_updates WHERE show = ?", show);
    const lastUpdate = Number(last?.["position"] ?? 0);
    const compacted = this.#compacting.then(() => this.#compact(show, compaction, lastUpdate));
    this.#compacting = compacted.catch(() => undefined);
    return compacted;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** Measuring takes as long as a write, so it is done seldom while there is plenty of room. */
  #assertRoom(records: readonly StoreRecord[]): void {
    const { maxBytes = MAX_LOG_BYTES } = this.#options;
    for (const record of records) this.#unmeasured += 2 * sizeOf(record);
    if (this.#unmeasured > MEASURE_BYTES || this.#measured + this.#unmeasured > maxBytes) {
      this.#measured = this.#storage.sql.databaseSize;
      this.#unmeasured = 0;
    }
    if (this.#measured > maxBytes) throw new StoreFull(`appending: the object's log has its ${maxBytes} bytes`);
  }

  #loadShow(id: string): StoredShow {
    const board = this.#read("SELECT position, bytes FROM board_updates WHERE show = ? ORDER BY position", id).map(
      (row) => {
        const rest = this.#read("SELECT bytes FROM board_pieces WHERE position = ? ORDER BY piece", row["position"]!);
        return concatBytes(...[row, ...rest].map(blobOf));
      },
    );
    const [snapshot] = this.#read("SELECT generation FROM snapshots WHERE show = ?", id);
    if (!snapshot) return { id, board };
    const pieces = this.#read(SELECT_PIECES, id, snapshot["generation"]!);
    return { id, board, snapshot: concatBytes(...pieces.map(blobOf)) };
  }

  #put(record: StoreRecord): void {
    const { sql } = this.#storage;
    switch (record.kind) {
      case "batch": {
        const header = decodeHeader(record.bytes);
        const chain = this.#numberOf(record.show, header) ?? this.#addChain(record.show, header);
        sql.exec(INSERT_BATCH, chain, header.sequence, record.bytes);
        break;
      }
      case "board":
        this.#putUpdate(record.show, record.update, null);
        break;
      case "introduction":
        if (record.inPlaceOf !== undefined) sql.exec("DELETE FROM introductions WHERE boot = ?", record.inPlaceOf);
        sql.exec(INSERT_INTRODUCTION, record.member, record.boot, contentHash(record.bytes), record.bytes);
        break;
      case "boot":
        sql.exec(
          "INSERT INTO boots (boot, started_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
          record.boot,
          record.startedAt,
        );
        break;
    }
  }

  #putUpdate(show: string, update: Uint8Array, position: number | null): void {
    const [first, ...rest] = piecesOf(update);
    const [added] = this.#read(INSERT_UPDATE, position, show, contentHash(update), first!);
    if (!added) return;
    for (const [i, piece] of rest.entries())
      this.#storage.sql.exec(
        "INSERT INTO board_pieces (position, piece, bytes) VALUES (?, ?, ?)",
        added["position"]!,
        i,
        piece,
      );
  }

  #numberOf(show: string, { shard, edge, boot }: Chain): number | undefined {
    const name = `${show} ${shard}/${edge}/${boot}`;
    const known = this.#chains.get(name);
    if (known !== undefined) return known;
    const [row] = this.#read(SELECT_NUMBER, show, shard, edge, boot);
    if (!row) return undefined;
    this.#chains.set(name, Number(row["id"]));
    return Number(row["id"]);
  }

  /** Not remembered here: the transaction may yet be undone. */
  #addChain(show: string, { shard, edge, boot }: Chain): number {
    const [row] = this.#read(INSERT_CHAIN, show, shard, edge, boot);
    return Number(row!["id"]);
  }

  /** Writes the snapshot beside the old one, in pieces, and then lets it take effect in one transaction. */
  async #compact(show: string, { snapshot, upTo, board }: Compaction, lastUpdate: number): Promise<void> {
    assertBoard(board);
    const doing = `compacting "${show}"`;
    const [row] = this.#read("SELECT generation FROM snapshots WHERE show = ?", show);
    const generation = Number(row?.["generation"] ?? 0) + 1;
    try {
      await this.#write(doing, () => this.#deletePieces(show));
      for (const [i, piece] of snapshot ? piecesOf(snapshot).entries() : [])
        await this.#write(doing, () => this.#storage.sql.exec(INSERT_PIECE, show, generation, i, piece));
      await this.#write(doing, () => {
        if (snapshot) this.#storage.sql.exec(SET_GENERATION, show, generation);
        this.#deletePieces(show);
        this.#deleteBatches(show, upTo);
        this.#replaceUpdates(show, board, lastUpdate);
      });
    } catch (error) {
      // Pieces without a generation would take the room that is missing. The next compaction tries again.
      await this.#write(doing, () => this.#deletePieces(show)).catch(() => undefined);
      throw error;
    }
  }

  /** Deletes pieces of all generations but the show's own. */
  #deletePieces(show: string): void {
    this.#storage.sql.exec(DELETE_PIECES, show, show);
  }

  #deleteBatches(show: string, upTo: Compaction["upTo"]): void {
    for (const [id, last] of Object.entries(upTo)) {
      const chain = this.#numberOf(show, parseChainId(id));
      if (chain !== undefined)
        this.#storage.sql.exec("DELETE FROM batches WHERE chain = ? AND sequence <= ?", chain, last);
    }
  }

  /**
   * The first in the place of the last update that they replace, and the rest behind those that came during the
   * compaction, which Yjs keeps until it has what they build on.
   */
  #replaceUpdates(show: string, [first, ...rest]: readonly Uint8Array[], last: number): void {
    const { sql } = this.#storage;
    sql.exec(DELETE_BOARD_PIECES, show, last);
    sql.exec("DELETE FROM board_updates WHERE show = ? AND position <= ?", show, last);
    this.#putUpdate(show, first!, last === 0 ? null : last);
    for (const update of rest) this.#putUpdate(show, update, null);
  }

  #read(query: string, ...bindings: SqlValue[]): Row[] {
    this.#assertOpen();
    return [...this.#storage.sql.exec(query, ...bindings)];
  }

  /** One transaction, durable when it resolves. `doing` begins the message of a rejection. */
  async #write(doing: string, change: () => void): Promise<void> {
    this.#assertOpen();
    try {
      this.#storage.transactionSync(change);
    } catch (cause) {
      if (isFull(cause)) throw new StoreFull(`${doing}: the object's storage has no room`, { cause });
      throw cause;
    }
    await this.#storage.sync();
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error("using a store that is closed");
  }
}

const SELECT_SHOWS = `
  SELECT show FROM chains WHERE EXISTS (SELECT 1 FROM batches WHERE chain = chains.id)
  UNION SELECT show FROM board_updates UNION SELECT show FROM snapshots ORDER BY show`;
const SELECT_SHOW = `
  SELECT position AS at, bytes FROM batches
  WHERE chain IN (SELECT id FROM chains WHERE show = ?) AND position > ? ORDER BY position LIMIT ${PAGE_BATCHES}`;
const SELECT_CHAIN = `
  SELECT sequence AS at, bytes FROM batches
  WHERE chain = ? AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ${PAGE_BATCHES}`;
const SELECT_NUMBER = "SELECT id FROM chains WHERE show = ? AND shard = ? AND edge = ? AND boot = ?";
const SELECT_PIECES = "SELECT bytes FROM snapshot_pieces WHERE show = ? AND generation = ? ORDER BY piece";
const INSERT_CHAIN = "INSERT INTO chains (show, shard, edge, boot) VALUES (?, ?, ?, ?) RETURNING id";
const INSERT_BATCH = "INSERT INTO batches (chain, sequence, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
const INSERT_INTRODUCTION =
  "INSERT INTO introductions (member, boot, hash, bytes) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
const INSERT_UPDATE = `
  INSERT INTO board_updates (position, show, hash, bytes) VALUES (?, ?, ?, ?)
  ON CONFLICT (show, hash) DO NOTHING RETURNING position`;
const INSERT_PIECE = "INSERT INTO snapshot_pieces (show, generation, piece, bytes) VALUES (?, ?, ?, ?)";
const SET_GENERATION = `
  INSERT INTO snapshots (show, generation) VALUES (?, ?)
  ON CONFLICT (show) DO UPDATE SET generation = excluded.generation`;
const DELETE_PIECES = `
  DELETE FROM snapshot_pieces
  WHERE show = ? AND generation IS NOT (SELECT generation FROM snapshots WHERE show = ?)`;
const DELETE_BOARD_PIECES = `
  DELETE FROM board_pieces WHERE position IN (SELECT position FROM board_updates WHERE show = ? AND position <= ?)`;

function sizeOf(record: StoreRecord): number {
  switch (record.kind) {
    case "batch":
    case "introduction":
      return record.bytes.length;
    case "board":
      return record.update.length;
    case "boot":
      return record.boot.length;
  }
}

/** At least one piece, also of nothing. */
function piecesOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(bytes.length / PIECE_BYTES));
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES));
}

function blobOf({ bytes }: Row): Uint8Array {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  throw new TypeError(`reading an object's log: got ${typeof bytes}, wanted a blob`);
}

function textOf(value: SqlValue | undefined): string {
  if (typeof value === "string") return value;
  throw new TypeError(`reading an object's log: got ${typeof value}, wanted text`);
}

function isFull(error: unknown): boolean {
  return error instanceof Error && error.message.includes("SQLITE_FULL");
}
