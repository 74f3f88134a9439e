import type { Statement } from "#libsql";
import type { InArgs, Row } from "@libsql/client";
import { boundOf, rowOf, type Bound } from "./libsql-value.ts";

/**
 * Most statements that stay prepared. A program repeats some 60 texts; a statement takes some 5 to 100 kB, and keeps a
 * copy of what was bound to it last.
 */
export const MAX_STATEMENTS = 128;

/** The statements of one connection, by their text: prepared once, as long as they are among those used last. */
export class Statements {
  readonly #prepare: (sql: string) => Statement;
  /** The one used last comes last. */
  readonly #prepared = new Map<string, PreparedStatement>();

  constructor(prepare: (sql: string) => Statement) {
    this.#prepare = prepare;
  }

  of(sql: string): PreparedStatement {
    const statement = this.#prepared.get(sql) ?? new PreparedStatement(this.#prepare(sql));
    this.#prepared.delete(sql);
    this.#prepared.set(sql, statement);
    const [oldest] = this.#prepared.keys();
    if (this.#prepared.size > MAX_STATEMENTS && oldest !== undefined) this.#prepared.delete(oldest);
    return statement;
  }

  /** Leaves them to be collected: nothing can finalize them before. */
  forget(): void {
    this.#prepared.clear();
  }
}

/** SQLite prepares it anew by itself where the schema has changed, and a PRAGMA each time. */
class PreparedStatement {
  readonly #statement: Statement;
  readonly #returnsRows: boolean;
  #arguments: number | undefined;

  constructor(statement: Statement) {
    this.#statement = statement.safeIntegers();
    this.#returnsRows = statement.reader;
    if (this.#returnsRows) statement.raw();
  }

  run(args: InArgs): Row[] {
    const bound = boundOf(args);
    if (Array.isArray(bound)) this.#assertCount(bound.length);
    if (this.#returnsRows) return this.#rows(bound);
    this.#statement.run(bound);
    return [];
  }

  /** What is not bound anew keeps its value of the last time. */
  #assertCount(count: number): void {
    this.#arguments ??= count;
    if (count !== this.#arguments)
      throw new RangeError(`running a statement: got ${count} arguments, wanted ${this.#arguments} as the first time`);
  }

  #rows(bound: Bound): Row[] {
    const rows = this.#statement.all(bound);
    // Asked for now: after a change of the schema `SELECT *` has other columns than when it was prepared.
    const names = this.#statement.columns().map(({ name }) => name);
    return rows.map((cells) => rowOf(names, cells));
  }
}
