import Database from "#libsql";
import { LibsqlError, type InStatement, type Row } from "@libsql/client";
import type { Connection } from "./libsql-database.ts";
import { Statements } from "./libsql-statements.ts";

/**
 * The one connection to a file. Its statements stay prepared, which the client for servers has no way to: a small commit
 * takes half the CPU time.
 */
export class FileConnection implements Connection {
  readonly #database: Database.Database;
  readonly #statements: Statements;
  #closed = false;

  /** Opens or creates the file at `path`, and waits up to `waitMs` where another connection has locked it. */
  constructor(path: string, waitMs: number) {
    this.#database = new Database(path, { timeout: waitMs });
    this.#statements = new Statements((sql) => this.#database.prepare(sql));
  }

  get closed(): boolean {
    return this.#closed;
  }

  async execute(statement: InStatement): Promise<{ rows: Row[] }> {
    return { rows: this.#run(statement) };
  }

  async batch(statements: readonly InStatement[]): Promise<void> {
    this.#run("BEGIN IMMEDIATE");
    try {
      for (const statement of statements) this.#run(statement);
      this.#run("COMMIT");
    } catch (error) {
      // SQLite has done it itself after some errors.
      if (this.#database.inTransaction) this.#run("ROLLBACK");
      throw error;
    }
  }

  /** The file's lock may outlast it: `closeFile`. */
  close(): void {
    this.#closed = true;
    this.#statements.forget();
    this.#database.close();
  }

  #run(statement: InStatement): Row[] {
    if (this.#closed) throw new Error("the connection is closed");
    const { sql, args = [] } = typeof statement === "string" ? { sql: statement } : statement;
    try {
      return this.#statements.of(sql).run(args);
    } catch (error) {
      throw error instanceof Database.SqliteError ? toLibsqlError(error) : error;
    }
  }
}

/** SQLite's result codes that callers tell apart (sqlite.org/rescode.html). An extended code has one in its low byte. */
const RESULT_CODES = new Map([
  [5, "SQLITE_BUSY"],
  [10, "SQLITE_IOERR"],
  [11, "SQLITE_CORRUPT"],
  [13, "SQLITE_FULL"],
]);

function toLibsqlError(error: InstanceType<typeof Database.SqliteError>): LibsqlError {
  const { message, code, rawCode } = error;
  return new LibsqlError(message, RESULT_CODES.get((rawCode ?? 0) & 0xff) ?? code, code, rawCode, error);
}
