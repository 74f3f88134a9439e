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

/** Opens a server's database as it is, and a file's by a copy, since its owner lets nobody else in. */
export async function openLog({ url, authToken }: StoreConfig): Promise<LogReader> {
  if (!url.startsWith("file:")) {
    const database = await openDatabase(url, { relaxed: true, ...(authToken === undefined ? {} : { authToken }) });
    return readerOf(database, async () => {});
  }
  const copy = await copyDatabase(pathOf(url));
  try {
    const database = await openDatabase(`file:${copy.file}`);
    // A mistake of ours must not look like what the log holds: from here on this connection refuses to write.
    await database.read("PRAGMA query_only = ON");
    return readerOf(database, () => copy.remove());
  } catch (error) {
    await copy.remove();
    throw error;
  }
}

function pathOf(url: string): string {
  return url.slice("file:".length);
}

function readerOf(database: Database, cleanUp: () => Promise<void>): LogReader {
  const store = new LibsqlStore(database);
  const finals = async (show: string) => {
    const tables = await database.read("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'finals'");
    if (tables.length === 0) return new Map<string, Final>();
    const rows = await database.read("SELECT poll, final FROM finals WHERE show = ?", [show]);
    return new Map(rows.map((row) => [text(row.poll), JSON.parse(text(row.final)) as Final]));
  };
  const close = async () => {
    await store.close();
    await cleanUp();
  };
  return { store, finals, close };
}
