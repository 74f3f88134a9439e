import { existsSync } from "node:fs";
import { text } from "../../../crdt/store/libsql-column.ts";
import { openDatabase, type Database } from "../../../crdt/store/libsql-database.ts";
import { LibsqlStore } from "../../../crdt/store/libsql.ts";
import type { Final } from "../../../crdt/show.ts";
import type { StoreConfig } from "../../config.ts";
import { copyDatabase } from "./file-copy.ts";

/** A member's log, or the permanent database, opened to be read and nothing else. */
export interface LogReader {
  readonly store: LibsqlStore;
  /** The results that the recorder latched, by poll; none in an edge's log. */
  finals(show: string): Promise<ReadonlyMap<string, Final>>;
  close(): Promise<void>;
}

/** Why a log cannot be read from here, if so. */
export function whyUnreachable({ url }: StoreConfig): string | undefined {
  if (!url.startsWith("file:")) return undefined;
  return existsSync(pathOf(url)) ? undefined : `"${pathOf(url)}" is not on this machine`;
}

export async function openLog(config: StoreConfig): Promise<LogReader> {
  const read = await openToRead(config);
  const store = new LibsqlStore(read.database);
  return { store, finals: (show) => finalsIn(read.database, show), close: () => read.close() };
}

/** A database that is opened to be read and nothing else. */
export interface ReadDatabase {
  readonly database: Database;
  close(): Promise<void>;
}

/** Opens a server's database as it is, and a file's by a copy, since its owner lets nobody else in. */
export async function openToRead({ url, authToken }: StoreConfig): Promise<ReadDatabase> {
  if (!url.startsWith("file:")) {
    const database = await openDatabase(url, { relaxed: true, ...(authToken === undefined ? {} : { authToken }) });
    return { database, close: () => database.close() };
  }
  const copy = await copyDatabase(pathOf(url));
  try {
    const database = await openDatabase(`file:${copy.file}`);
    // A mistake of ours must not look like what the log holds: from here on this connection refuses to write.
    await database.read("PRAGMA query_only = ON");
    const close = async () => {
      await database.close();
      await copy.remove();
    };
    return { database, close };
  } catch (error) {
    await copy.remove();
    throw error;
  }
}

function pathOf(url: string): string {
  return url.slice("file:".length);
}

/** None in an edge's log, which has no such table. */
async function finalsIn(database: Database, show: string): Promise<ReadonlyMap<string, Final>> {
  const tables = await database.read("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'finals'");
  if (tables.length === 0) return new Map();
  const rows = await database.read("SELECT poll, final FROM finals WHERE show = ?", [show]);
  return new Map(rows.map((row) => [text(row.poll), JSON.parse(text(row.final)) as Final]));
}
