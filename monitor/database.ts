import { text } from "../crdt/store/libsql-column.ts";
import { openDatabase, type Database, type DatabaseOptions } from "../crdt/store/libsql-database.ts";
import { migrate, type Migration } from "../crdt/store/libsql-migrate.ts";
import { STORE_MIGRATIONS } from "../crdt/store/libsql-migrations.ts";
import { LibsqlStore } from "../crdt/store/libsql.ts";
import type { Final } from "../crdt/show.ts";
import type { Proposal } from "../crdt/proposal.ts";
import type { Finals } from "./finals.ts";
import type { OrderBooks } from "./orders/books.ts";
import { LibsqlBooks, ORDER_MIGRATIONS, releaseClaims } from "./orders/libsql-books.ts";
import type { Shows } from "./shows.ts";
import { LibsqlResults, RESULTS_MIGRATIONS } from "./results/libsql-results.ts";
import type { ResultsTable } from "./results/table.ts";
import type { CueLatch } from "./threshold/latch.ts";
import type { OpenLatch } from "./threshold/latch-on-demand.ts";
import { CUE_MIGRATIONS, LibsqlLatch } from "./threshold/libsql-latch.ts";

/** The permanent database: every batch, as in an edge's log, every result, and every cue. */
export interface PermanentDatabase {
  /** Closes the database. */
  readonly store: LibsqlStore;
  readonly finals: Finals;
  readonly cues: CueLatch;
  readonly shows: Shows;
  readonly results: ResultsTable;
}

/** Applied in this order and never changed afterwards. `final` is a `Final` as JSON, `proposal` a `Proposal`. */
const RECORDER_MIGRATIONS: readonly Migration[] = [
  {
    name: "results",
    statements: [
      `CREATE TABLE finals (
        show TEXT NOT NULL,
        poll TEXT NOT NULL,
        at INTEGER NOT NULL,
        final TEXT NOT NULL,
        PRIMARY KEY (show, poll)
      ) STRICT`,
    ],
  },
  {
    name: "shows",
    statements: ["CREATE TABLE shows (show TEXT PRIMARY KEY, proposal TEXT NOT NULL) STRICT"],
  },
];

/** Opens `file:PATH`, or a libSQL server at `http(s)://` or `libsql://`, with its tables up to date. */
export async function openPermanentDatabase(url: string, options: DatabaseOptions = {}): Promise<PermanentDatabase> {
  const database = await openDatabase(url, options);
  try {
    await migrate(database, "store", STORE_MIGRATIONS);
    await migrate(database, "recorder", RECORDER_MIGRATIONS);
    await migrate(database, "watcher", CUE_MIGRATIONS);
    await migrate(database, "results", RESULTS_MIGRATIONS);
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    store: new LibsqlStore(database),
    finals: new LibsqlFinals(database),
    shows: new LibsqlShows(database),
    cues: new LibsqlLatch(database),
    results: new LibsqlResults(database),
  };
}

/** A member's log and an order processor's books in one database. */
export async function openOrderDatabase(
  url: string,
  options: DatabaseOptions = {},
): Promise<{ readonly store: LibsqlStore; readonly books: OrderBooks }> {
  const database = await openDatabase(url, options);
  try {
    await migrate(database, "store", STORE_MIGRATIONS);
    await migrate(database, "orders", ORDER_MIGRATIONS);
    if (url.startsWith("file:")) await releaseClaims(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return { store: new LibsqlStore(database), books: new LibsqlBooks(database) };
}

/** An order processor's books on a server, which others may share. */
export async function openOrderBooks(
  url: string,
  options: DatabaseOptions = {},
): Promise<{ readonly books: OrderBooks; close(): Promise<void> }> {
  const database = await openDatabase(url, options);
  try {
    await migrate(database, "orders", ORDER_MIGRATIONS);
  } catch (error) {
    await database.close();
    throw error;
  }
  return { books: new LibsqlBooks(database), close: () => database.close() };
}

class LibsqlFinals implements Finals {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async latch(show: string, final: Final): Promise<Final> {
    const sql = "INSERT INTO finals (show, poll, at, final) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
    await this.#database.write(`latching "${show}/${final.poll}"`, [
      { sql, args: [show, final.poll, final.at, JSON.stringify(final)] },
    ]);
    const [row] = await this.#database.read("SELECT final FROM finals WHERE show = ? AND poll = ?", [show, final.poll]);
    return JSON.parse(text(row?.final)) as Final;
  }
}

class LibsqlShows implements Shows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async establish(proposal: Proposal): Promise<Proposal> {
    const { id } = proposal.show;
    const sql = "INSERT INTO shows (show, proposal) VALUES (?, ?) ON CONFLICT DO NOTHING";
    await this.#database.write(`establishing "${id}"`, [{ sql, args: [id, JSON.stringify(proposal)] }]);
    const [row] = await this.#database.read("SELECT proposal FROM shows WHERE show = ?", [id]);
    return JSON.parse(text(row?.proposal)) as Proposal;
  }

  async replaceKey(show: string, wrappedKey: string): Promise<void> {
    const sql = "UPDATE shows SET proposal = json_set(proposal, '$.show.wrappedKey', ?) WHERE show = ?";
    await this.#database.write(`forgetting the key of "${show}"`, [{ sql, args: [wrappedKey, show] }]);
  }
}

/** The latch of a permanent database that another program records into: a server's. */
export async function openLatch(url: string, options: DatabaseOptions = {}): Promise<OpenLatch> {
  const { store, cues } = await openPermanentDatabase(url, options);
  return { cues, close: () => store.close() };
}
