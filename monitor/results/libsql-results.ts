import { integer } from "../../crdt/store/libsql-column.ts";
import type { Database } from "../../crdt/store/libsql-database.ts";
import type { Migration } from "../../crdt/store/libsql-migrate.ts";
import type { Final, Poll } from "../../crdt/show.ts";
import type { BallotRow, TurnoutRow } from "./rows.ts";
import type { ResultsProgress, ResultsTable } from "./table.ts";

/**
 * Results for SQL, documented in docs/results.md. Applied in this order and never changed afterwards. Ballots come in the
 * order of their key, so that the tree only grows at its end.
 */
export const RESULTS_MIGRATIONS: readonly Migration[] = [
  {
    name: "results",
    statements: [
      `CREATE TABLE polls (
        show TEXT NOT NULL,
        poll TEXT NOT NULL,
        question TEXT NOT NULL,
        mode TEXT NOT NULL,
        final_at INTEGER NOT NULL,
        written_rows INTEGER NOT NULL,
        written_at INTEGER,
        PRIMARY KEY (show, poll)
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE results (
        show TEXT NOT NULL,
        poll TEXT NOT NULL,
        option TEXT NOT NULL,
        text TEXT NOT NULL,
        anonymous INTEGER NOT NULL,
        signed INTEGER NOT NULL,
        PRIMARY KEY (show, poll, option)
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE turnout (
        show TEXT NOT NULL,
        poll TEXT NOT NULL,
        minute INTEGER NOT NULL,
        edge TEXT NOT NULL,
        ballots INTEGER NOT NULL,
        PRIMARY KEY (show, poll, minute, edge)
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE ballots (
        show TEXT NOT NULL,
        poll TEXT NOT NULL,
        receiver TEXT NOT NULL,
        k INTEGER NOT NULL,
        option TEXT NOT NULL,
        press INTEGER NOT NULL,
        at INTEGER NOT NULL,
        edge TEXT NOT NULL,
        signed INTEGER NOT NULL,
        PRIMARY KEY (show, poll, receiver, k)
      ) STRICT, WITHOUT ROWID`,
    ],
  },
];

export class LibsqlResults implements ResultsTable {
  readonly #database: Database;

  /** `database` has `RESULTS_MIGRATIONS`. */
  constructor(database: Database) {
    this.#database = database;
  }

  async progress(show: string, poll: string): Promise<ResultsProgress | undefined> {
    const sql = "SELECT written_rows, written_at FROM polls WHERE show = ? AND poll = ?";
    const [row] = await this.#database.read(sql, [show, poll]);
    return row && { rows: integer(row.written_rows), isDone: row.written_at !== null };
  }

  async begin(show: string, poll: Poll, final: Final, turnout: readonly TurnoutRow[]): Promise<void> {
    const { id, question, mode, options } = poll;
    const results = options.map((option, i) => [
      option.id,
      option.text,
      final.counts.anonymous[i] ?? 0,
      final.counts.signed[i] ?? 0,
    ]);
    const minutes = turnout.map(({ minute, edge, ballots }) => [minute, edge, ballots]);
    await this.#database.write(`writing the results of "${show}/${id}"`, [
      { sql: INSERT_POLL, args: [show, id, question, mode, final.at] },
      { sql: INSERT_RESULTS, args: [show, id, JSON.stringify(results)] },
      { sql: INSERT_TURNOUT, args: [show, id, JSON.stringify(minutes)] },
    ]);
  }

  async append(show: string, poll: string, rows: number, ballots: readonly BallotRow[]): Promise<void> {
    await this.#database.write(`writing the ballots of "${show}/${poll}"`, [
      { sql: INSERT_BALLOTS, args: [show, poll, jsonOf(ballots)] },
      { sql: SET_ROWS, args: [rows + ballots.length, show, poll] },
    ]);
    await this.#database.pause();
  }

  async finish(show: string, poll: string, at: number): Promise<void> {
    const sql = "UPDATE polls SET written_at = ? WHERE show = ? AND poll = ?";
    await this.#database.write(`finishing the results of "${show}/${poll}"`, [{ sql, args: [at, show, poll] }]);
  }
}

/** One argument for thousands of rows: a large statement costs a tenth of many small ones. Names are slugs, free of quotes. */
function jsonOf(ballots: readonly BallotRow[]): string {
  const rows = ballots.map(
    ({ receiver, k, option, press, at, edge, signed }) =>
      `["${receiver}",${k},"${option}",${press},${at},"${edge}",${signed ? 1 : 0}]`,
  );
  return `[${rows.join()}]`;
}

const INSERT_POLL = `
  INSERT INTO polls (show, poll, question, mode, final_at, written_rows) VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING`;
const INSERT_RESULTS = `
  INSERT INTO results (show, poll, option, text, anonymous, signed)
  SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?3) WHERE true ON CONFLICT DO NOTHING`;
const INSERT_TURNOUT = `
  INSERT INTO turnout (show, poll, minute, edge, ballots)
  SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?3) WHERE true ON CONFLICT DO NOTHING`;
const INSERT_BALLOTS = `
  INSERT INTO ballots (show, poll, receiver, k, option, press, at, edge, signed)
  SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
  FROM json_each(?3) WHERE true ON CONFLICT DO NOTHING`;
const SET_ROWS = "UPDATE polls SET written_rows = ? WHERE show = ? AND poll = ?";
