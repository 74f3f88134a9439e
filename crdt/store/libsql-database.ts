import { createClient, LibsqlError, type InStatement, type InValue, type Row } from "@libsql/client";
import type { Timers } from "../ports.ts";
import { integer } from "./libsql-column.ts";
import { FileConnection } from "./libsql-file-connection.ts";
import { closeFile, explainFile, limitFile, openFile } from "./libsql-file.ts";
import { StoreFull } from "./store.ts";

/** What columns and arguments may be: for those who read and write through `Database`. */
export type { InStatement, InValue, Row, Value } from "@libsql/client";

/** Longest time in ms that a server may take to answer one request; then the request's outcome is unknown. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** Longest time in ms that opening a file waits for the process before us to let go of it. */
export const OPEN_WAIT_MS = 5_000;

export interface DatabaseOptions {
  /** Of a server. */
  readonly authToken?: string;
  /** Of a server, in place of `REQUEST_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
  /** Takes a server that answers before it has fsynced: a power cut there can lose what was acknowledged here. */
  readonly relaxed?: boolean;
  /** Of a file, in place of `OPEN_WAIT_MS`. */
  readonly waitMs?: number;
  /**
   * Of a file: beyond so many bytes appends are refused as if the disk were full, so that a log nobody prunes leaves
   * room for the machine's other programs. The write-ahead log, up to 16 MiB, is not counted, and compaction, which
   * makes room, may exceed it.
   */
  readonly maxBytes?: number;
  /** Of a file, whose reads and writes hold the event loop: lets others have it between the parts of a long work. */
  readonly timers?: Timers;
  /** Of a file: told once, when its disk has failed. Nothing is written from then on until it is opened again. */
  readonly onbroken?: (error: Error) => void;
}

/** What an open file needs to know. */
type FileOptions = Pick<DatabaseOptions, "maxBytes" | "timers" | "onbroken">;

/** A file's, or a server's client: each call is one request. */
export interface Connection {
  execute(statement: InStatement): Promise<{ rows: Row[] }>;
  /** All of `statements` in one transaction. */
  batch(statements: InStatement[], mode: "write"): Promise<unknown>;
  close(): void;
  readonly closed: boolean;
}

/** What a write may say; the rest of `LibsqlError`'s codes leave a write's outcome unknown. */
const NO_ROOM = "SQLITE_FULL";
/** After a failed fsync the kernel may call the lost pages clean, and the next fsync succeeds without them. */
const UNTRUSTED_AFTER = new Set(["SQLITE_IOERR", "SQLITE_CORRUPT"]);
const FSYNC_EACH_COMMIT = 2;

/**
 * Opens `file:PATH`, which this process then owns alone, or a libSQL server at `http(s)://` or `libsql://`.
 * Rejects where another process holds the file, and where the server is not durable.
 */
export async function openDatabase(url: string, options: DatabaseOptions = {}): Promise<Database> {
  const name = url.replace(/\?.*$/, "");
  const isFile = url.startsWith("file:");
  let client: Connection | undefined;
  try {
    client = isFile
      ? new FileConnection(url.slice("file:".length), options.waitMs ?? OPEN_WAIT_MS)
      : createClient({ url, ...serverConfig(options) });
    if (isFile) await openFile(client, options);
    else if (!options.relaxed) await assertDurable(client);
  } catch (cause) {
    client?.close();
    throw new Error(`opening "${name}": ${isFile ? explainFile(cause) : messageOf(cause)}`, { cause });
  }
  return new Database(client, name, isFile ? options : undefined);
}

function serverConfig(options: DatabaseOptions) {
  const signal = () => AbortSignal.timeout(options.timeoutMs ?? REQUEST_TIMEOUT_MS);
  return {
    // One request at a time: so writes are committed in the order in which they are made.
    concurrency: 1,
    fetch: (request: Request) => fetch(request, { signal: signal() }),
    ...(options.authToken !== undefined && { authToken: options.authToken }),
  };
}

/** sqld's default, durability mode "relaxed", does not fsync a commit, and a client cannot change it. */
async function assertDurable(client: Connection): Promise<void> {
  const level = integer((await client.execute("PRAGMA synchronous")).rows[0]?.[0]);
  if (level >= FSYNC_EACH_COMMIT) return;
  throw new Error(
    `the server has synchronous=${level}, so it answers before it has fsynced; wanted 2, FULL: set its durability_mode ` +
      `to "strong" at its admin API each time it starts, or open it as relaxed`,
  );
}

/** One connection to a libSQL database. Writes are committed in the order of the calls. */
export class Database {
  readonly #client: Connection;
  readonly #name: string;
  /** Of a file; a server has none. */
  readonly #file: FileOptions | undefined;
  #failure: Error | undefined;

  constructor(client: Connection, name: string, file?: FileOptions) {
    this.#client = client;
    this.#name = name;
    this.#file = file;
  }

  /** For messages: the URL without its parameters. */
  get name(): string {
    return this.#name;
  }

  /** Whether a repeated statement is prepared once: a file's. */
  get preparesOnce(): boolean {
    return this.#file !== undefined;
  }

  async read(sql: string, args: InValue[] = []): Promise<Row[]> {
    return (await this.#client.execute({ sql, args })).rows;
  }

  /**
   * All of `statements` in one transaction, durable when it resolves. Rejects with `StoreFull` where nothing was written
   * for want of room. `doing` begins the message of any rejection.
   */
  async write(doing: string, statements: readonly InStatement[]): Promise<void> {
    const [only, ...more] = statements;
    if (only === undefined) return;
    // A statement is a transaction of its own, and BEGIN and COMMIT would be two more.
    await this.#guarded<unknown>(doing, () =>
      more.length === 0 ? this.#client.execute(only) : this.#client.batch([...statements], "write"),
    );
  }

  /** One statement that writes and returns rows, in one request; else as `write`. */
  async writeReturning(doing: string, sql: string, args: InValue[]): Promise<Row[]> {
    return (await this.#guarded(doing, () => this.#client.execute({ sql, args }))).rows;
  }

  /** Between the parts of a long work: a file's database lets the event loop turn once. */
  async pause(): Promise<void> {
    const timers = this.#file?.timers;
    if (timers) await new Promise<void>((resolve) => timers.after(0, resolve));
  }

  /** Runs `task`, which makes room in the end, without the limit on the file's size. */
  async beyondLimit<T>(task: () => Promise<T>): Promise<T> {
    const maxBytes = this.#file?.maxBytes;
    if (maxBytes === undefined) return task();
    await limitFile(this.#client, undefined);
    try {
      return await task();
    } finally {
      await limitFile(this.#client, maxBytes);
    }
  }

  async close(): Promise<void> {
    try {
      if (this.#file && !this.#client.closed) await closeFile(this.#client);
    } finally {
      this.#client.close();
    }
  }

  async #guarded<T>(doing: string, task: () => Promise<T>): Promise<T> {
    if (this.#failure)
      throw new Error(`${doing}: an earlier write to "${this.#name}" failed; open it again`, { cause: this.#failure });
    try {
      return await task();
    } catch (cause) {
      throw this.#toFailure(doing, cause);
    }
  }

  #toFailure(doing: string, cause: unknown): Error {
    const code = cause instanceof LibsqlError ? cause.code : "";
    if (code === NO_ROOM) return new StoreFull(`${doing}: "${this.#name}" has no room`, { cause });
    const failure = new Error(`${doing}: "${this.#name}" failed: ${messageOf(cause)}`, { cause });
    if (this.#file && UNTRUSTED_AFTER.has(code)) this.#break(failure, this.#file);
    return failure;
  }

  #break(failure: Error, { onbroken }: FileOptions): void {
    this.#failure = failure;
    onbroken?.(failure);
  }
}

/** With what is behind it: "fetch failed" alone says little. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${messageOf(error.cause)}` : error.message;
}
