import { LibsqlError } from "@libsql/client";
import { integer } from "./libsql-column.ts";
import type { Connection, DatabaseOptions } from "./libsql-database.ts";

/** The write-ahead log is cut back to this many bytes once a large transaction is checkpointed. */
const WAL_BYTES = 16 * 2 ** 20;
const NO_LIMIT = 2 ** 32 - 2;

/** Makes a new connection to a file its only owner, and every commit on it durable. */
export async function openFile(client: Connection, options: DatabaseOptions): Promise<void> {
  // Taken before the first access: the lock is then held until the process ends, kill -9 included, and the WAL's index
  // is in memory, where a full disk cannot turn an access to it into SIGBUS.
  await client.execute("PRAGMA locking_mode = EXCLUSIVE");
  const { rows } = await client.execute("PRAGMA journal_mode = WAL");
  if (rows[0]?.[0] !== "wal") throw new Error(`got journal mode ${JSON.stringify(rows[0]?.[0])}, wanted "wal"`);
  await client.execute("PRAGMA synchronous = FULL");
  // macOS: without it fsync leaves the data in the drive's cache. Nothing elsewhere.
  await client.execute("PRAGMA fullfsync = ON");
  await client.execute(`PRAGMA journal_size_limit = ${WAL_BYTES}`);
  await checkpoint(client);
  await limitFile(client, options.maxBytes);
}

/**
 * Empties the write-ahead log that a process before us left. Where that met a disk that failed, the system's cache may
 * hold pages of the log that are not on the disk and that it calls written: what followed them would be lost with them.
 */
async function checkpoint(client: Connection): Promise<void> {
  try {
    await client.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    // The log stays in use, and what is acknowledged is in it.
    if (!isFull(error)) throw error;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof LibsqlError && error.code === "SQLITE_FULL";
}

/** Why a file could not be opened, and what to do. */
export function explainFile(cause: unknown): string {
  const code = cause instanceof LibsqlError ? cause.code : "";
  if (code === "SQLITE_BUSY")
    return "it is in use, and one process owns one file: stop the other, or choose another file";
  if (code === "SQLITE_FULL") return "the disk is full";
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/unable to open/i.test(message)) return `its folder is missing, or closed to this process: ${message}`;
  return message;
}

/** Sets the file's largest size; one that is larger already keeps its size and refuses to grow. */
export async function limitFile(client: Connection, maxBytes: number | undefined): Promise<void> {
  const page = integer((await client.execute("PRAGMA page_size")).rows[0]?.[0]);
  const pages = maxBytes === undefined ? NO_LIMIT : Math.max(1, Math.floor(maxBytes / page));
  await client.execute(`PRAGMA max_page_count = ${pages}`);
}

/**
 * Lets go of the file. Closing the client is not enough: the connection lives, and keeps its lock, until its statements
 * are garbage-collected. Only outside WAL mode can an exclusive lock be given back, and the next access does that.
 */
export async function closeFile(client: Connection): Promise<void> {
  try {
    await client.execute("PRAGMA journal_mode = DELETE");
    await client.execute("PRAGMA locking_mode = NORMAL");
    await client.execute("SELECT count(*) FROM sqlite_schema");
  } catch (error) {
    // What was acknowledged stays in the write-ahead log, for which there was room, and the lock goes with the process.
    if (!isFull(error)) throw error;
  }
}
