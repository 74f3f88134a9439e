import type { InStatement, InValue } from "@libsql/client";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { parseChainId } from "../batch.ts";
import { blob, integer, text } from "./libsql-column.ts";
import { openDatabase, type Database, type DatabaseOptions } from "./libsql-database.ts";
import { appendStatements, insertStatements, MAX_ROWS_PER_STATEMENT, MAX_ROWS_PREPARED } from "./libsql-insert.ts";
import { migrate } from "./libsql-migrate.ts";
import { STORE_MIGRATIONS } from "./libsql-migrations.ts";
import { assertBoard, assertStorable, contentHash } from "./record.ts";
import type { BatchRange, Compaction, Contents, Store, StoredShow, StoreRecord } from "./store.ts";

/** Batches read at a time: up to 4 MiB, 5.6 MB of a server's response (which has 10 at most). */
export const PAGE_BATCHES = 256;
/** Bytes of other records read at a time; a single one may be as large. */
export const PAGE_BYTES = 4 * 2 ** 20;
/** Bytes of a snapshot written at a time: a few ms of the event loop. */
export const PIECE_BYTES = 2 ** 20;

/** Opens a store in the file or on the server at `url`, with its tables up to date. */
export async function openLibsqlStore(url: string, options: DatabaseOptions = {}): Promise<LibsqlStore> {
  const database = await openDatabase(url, options);
  try {
    await migrate(database, "store", STORE_MIGRATIONS);
  } catch (error) {
    await database.close();
    throw error;
  }
  return new LibsqlStore(database);
}

/** A store in a libSQL database: a file that this process owns, or a server's. */
export class LibsqlStore implements Store {
  readonly #database: Database;
  #compacting: Promise<void> = Promise.resolve();

  /** `database` is migrated; the store closes it. */
  constructor(database: Database) {
    this.#database = database;
  }

  async load(): Promise<Contents> {
    const boots = await this.#database.read("SELECT boot FROM boots ORDER BY position");
    const introductions = await this.#blobs("introductions", "true", []);
    const shows: StoredShow[] = [];
    for (const row of await this.#database.read(SELECT_SHOWS)) shows.push(await this.#loadShow(text(row.show)));
    return { boots: boots.map((row) => text(row.boot)), introductions, shows };
  }

  async append(records: readonly StoreRecord[]): Promise<void> {
    records.forEach(assertStorable);
    const mostRows = this.#database.preparesOnce ? MAX_ROWS_PREPARED : MAX_ROWS_PER_STATEMENT;
    await this.#database.write("appending", appendStatements(records, mostRows));
  }

  async *batches(show: string, range?: BatchRange): AsyncGenerator<Uint8Array> {
    let after = range?.after ?? 0;
    for (;;) {
      const rows = await (range ? this.#pageOfChain(show, range, after) : this.#pageOfShow(show, after));
      for (const row of rows) yield blob(row.bytes);
      if (rows.length < PAGE_BATCHES) return;
      after = integer(rows.at(-1)?.at);
      await this.#database.pause();
    }
  }

  compact(show: string, compaction: Compaction): Promise<void> {
    // Read at once, before the caller can append: what it appends from now on need not be in its `board`.
    const lastUpdate = this.#lastUpdate(show);
    const compacted = Promise.all([lastUpdate, this.#compacting]).then(([last]) =>
      this.#database.beyondLimit(() => this.#compact(show, compaction, last)),
    );
    this.#compacting = compacted.catch(() => undefined);
    return compacted;
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #loadShow(id: string): Promise<StoredShow> {
    const board = await this.#blobs("board_updates", "show = ?", [id]);
    const [row] = await this.#database.read("SELECT generation FROM snapshots WHERE show = ?", [id]);
    if (!row) return { id, board };
    const pieces = await this.#blobs("snapshot_pieces", "show = ? AND generation = ?", [id, integer(row.generation)]);
    return { id, board, snapshot: concatBytes(...pieces) };
  }

  /** The blobs of a table's rows, in the order of appending, of any number and size. */
  async #blobs(table: string, where: string, args: InValue[]): Promise<Uint8Array[]> {
    const sizes = await this.#database.read(
      `SELECT position, length(bytes) AS size FROM ${table} WHERE ${where} ORDER BY position`,
      args,
    );
    const blobs: Uint8Array[] = [];
    for (const { first, last } of pagesOf(sizes.map((row) => [integer(row.position), integer(row.size)]))) {
      const sql = `SELECT bytes FROM ${table} WHERE ${where} AND position BETWEEN ? AND ? ORDER BY position`;
      for (const row of await this.#database.read(sql, [...args, first, last])) blobs.push(blob(row.bytes));
    }
    return blobs;
  }

  #pageOfShow(show: string, after: number) {
    return this.#database.read(SELECT_SHOW, [show, after]);
  }

  #pageOfChain(show: string, { chain, upTo }: BatchRange, after: number) {
    return this.#database.read(SELECT_CHAIN, [show, chain.shard, chain.edge, chain.boot, after, upTo]);
  }

  async #lastUpdate(show: string): Promise<number | undefined> {
    const [row] = await this.#database.read("SELECT max(position) AS last FROM board_updates WHERE show = ?", [show]);
    return row?.last == null ? undefined : integer(row.last);
  }

  /**
   * Writes the snapshot beside the old one, in pieces, and then lets it take effect in one transaction. Of a board that
   * is no single record, all but one stand beside the old updates before that, which Yjs takes as well.
   */
  async #compact(show: string, { snapshot, upTo, board }: Compaction, lastUpdate: number | undefined): Promise<void> {
    assertBoard(board);
    const [first, ...rest] = board;
    const chains = Object.entries(upTo).map(([id, last]) => ({ ...parseChainId(id), last }));
    const [row] = await this.#database.read("SELECT generation FROM snapshots WHERE show = ?", [show]);
    const generation = integer(row?.generation ?? 0) + 1;
    const doing = `compacting "${show}"`;
    await this.#database.write(doing, [deletePieces(show)]);
    try {
      for (let at = 0; snapshot && at < snapshot.length; at += PIECE_BYTES) {
        const piece = snapshot.subarray(at, at + PIECE_BYTES);
        await this.#database.write(doing, [{ sql: INSERT_PIECE, args: [show, generation, piece] }]);
        await this.#database.pause();
      }
      for (const update of rest) await this.#database.write(doing, insertStatements([{ kind: "board", show, update }]));
      const kept = JSON.stringify(rest.map((update) => bytesToHex(contentHash(update))));
      await this.#database.write(doing, [
        ...(snapshot ? [{ sql: SET_GENERATION, args: [show, generation] }] : []),
        deletePieces(show),
        { sql: DELETE_BATCHES, args: [JSON.stringify(chains), show] },
        { sql: DELETE_BOARD, args: [show, lastUpdate ?? 0, kept] },
        { sql: INSERT_BOARD, args: [rest.length > 0 ? null : (lastUpdate ?? null), show, contentHash(first!), first!] },
      ]);
    } catch (error) {
      // Pieces without a generation would take the room that is missing. The next compaction tries again.
      await this.#database.write(doing, [deletePieces(show)]).catch(() => undefined);
      throw error;
    }
  }
}

/** Shows of which anything is stored. The batches' index is walked show by show, not row by row. */
const SELECT_SHOWS = `
  WITH RECURSIVE ledgers (show) AS (
    SELECT min(show) FROM batches
    UNION ALL SELECT (SELECT min(show) FROM batches WHERE show > ledgers.show) FROM ledgers WHERE show IS NOT NULL
  )
  SELECT show FROM ledgers WHERE show IS NOT NULL
  UNION SELECT show FROM board_updates UNION SELECT show FROM snapshots ORDER BY show`;
const SELECT_SHOW = `
  SELECT position AS at, bytes FROM batches INDEXED BY batches_of_show
  WHERE show = ? AND position > ? ORDER BY position LIMIT ${PAGE_BATCHES}`;
const SELECT_CHAIN = `
  SELECT sequence AS at, bytes FROM batches
  WHERE show = ? AND shard = ? AND edge = ? AND boot = ? AND sequence > ? AND sequence <= ?
  ORDER BY sequence LIMIT ${PAGE_BATCHES}`;
const INSERT_PIECE = "INSERT INTO snapshot_pieces (show, generation, bytes) VALUES (?, ?, ?)";
const SET_GENERATION = `
  INSERT INTO snapshots (show, generation) VALUES (?, ?)
  ON CONFLICT (show) DO UPDATE SET generation = excluded.generation`;
const DELETE_BATCHES = `
  DELETE FROM batches WHERE position IN (
    SELECT position FROM json_each(?) AS chain CROSS JOIN batches
    WHERE show = ? AND shard = chain.value ->> 'shard' AND edge = chain.value ->> 'edge'
      AND boot = chain.value ->> 'boot' AND sequence <= chain.value ->> 'last'
  )`;
const DELETE_BOARD = `
  DELETE FROM board_updates
  WHERE show = ? AND position <= ? AND lower(hex(hash)) NOT IN (SELECT value FROM json_each(?))`;
/** Where it is one, in the place of the last update that it replaces, before those that came during the compaction. */
const INSERT_BOARD = `
  INSERT INTO board_updates (position, show, hash, bytes) VALUES (?, ?, ?, ?) ON CONFLICT (show, hash) DO NOTHING`;

/** Deletes pieces of all generations but the show's own. */
function deletePieces(show: string): InStatement {
  const sql = `DELETE FROM snapshot_pieces
    WHERE show = ?1 AND generation IS NOT (SELECT generation FROM snapshots WHERE show = ?1)`;
  return { sql, args: [show] };
}

/** Splits rows, given as position and size, into ranges of positions with up to `PAGE_BYTES` each, or one row. */
function pagesOf(rows: readonly (readonly [position: number, size: number])[]): { first: number; last: number }[] {
  const pages: { first: number; last: number }[] = [];
  let bytes = Infinity;
  for (const [position, size] of rows) {
    bytes += size;
    if (bytes > PAGE_BYTES) {
      pages.push({ first: position, last: position });
      bytes = size;
    } else pages.at(-1)!.last = position;
  }
  return pages;
}
