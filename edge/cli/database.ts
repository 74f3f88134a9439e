import { existsSync } from "node:fs";
import { once } from "node:events";
import { openDatabase, type Database, type Row } from "../../crdt/store/libsql-database.ts";
import type { StoreConfig } from "../config.ts";
import { DEFAULT_FOLDER, openFolder } from "./network/folder.ts";
import { UserError } from "./user-error.ts";
import { copyDatabase } from "./verify/file-copy.ts";

export interface DatabaseOptions {
  readonly dir?: string;
  /** `file:PATH` or a server's address, instead of the folder's. */
  readonly database?: string;
}

/** The permanent database as a command reads it. */
export interface OpenedDatabase {
  readonly database: Database;
  close(): Promise<void>;
}

/** A file by a copy, since its owner lets nobody else in; a server's as it is. */
export async function openToRead(options: DatabaseOptions): Promise<OpenedDatabase> {
  const { url, authToken } = placeOf(options);
  if (!url.startsWith("file:")) {
    const database = await openDatabase(url, { relaxed: true, ...(authToken === undefined ? {} : { authToken }) });
    return { database, close: () => database.close() };
  }
  const path = url.slice("file:".length);
  if (!existsSync(path)) throw new UserError(`there is no database "${path}" on this machine`);
  const copy = await copyDatabase(path);
  const database = await openDatabase(`file:${copy.file}`);
  const close = async () => {
    await database.close();
    await copy.remove();
  };
  return { database, close };
}

/** Where the permanent database is: what was named, or what the folder's recorder keeps. */
export function placeOf({ dir, database }: DatabaseOptions): StoreConfig {
  if (database !== undefined) return { url: database, relaxed: true };
  const folder = openFolder(dir ?? DEFAULT_FOLDER);
  const recorder = folder.processes.find(({ role }) => role !== "watcher");
  if (!recorder) throw new UserError(`no process in "${folder.path}" records: name a database with --database`);
  return folder.configOf(recorder.config).store;
}

/** Rows in the order of a key, a page at a time: a server's answers are limited, and memory is. */
export async function* pagesOf(
  database: Database,
  page: (after: number, count: number) => { readonly sql: string; readonly args: (string | number)[] },
): AsyncGenerator<Row> {
  for (let after = 0; ; after += PAGE_ROWS) {
    const { sql, args } = page(after, PAGE_ROWS);
    const rows = await database.read(sql, args);
    yield* rows;
    if (rows.length < PAGE_ROWS) return;
  }
}

const PAGE_ROWS = 5000;

/** Waits where whoever reads is slower. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}
