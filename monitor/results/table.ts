import type { Final, Poll } from "../../crdt/show.ts";
import type { BallotRow, TurnoutRow } from "./rows.ts";

/** How far a poll's results have come. */
export interface ResultsProgress {
  /** Rows of ballots that are written. */
  readonly rows: number;
  readonly isDone: boolean;
}

/** Where results are written down for SQL. Each call is one transaction; writing again what is there changes nothing. */
export interface ResultsTable {
  /** Undefined where nothing of the poll is written yet. */
  progress(show: string, poll: string): Promise<ResultsProgress | undefined>;
  /** Writes the poll, its counts and its turnout. */
  begin(show: string, poll: Poll, final: Final, turnout: readonly TurnoutRow[]): Promise<void>;
  /** Appends ballots behind the `rows` that are written. */
  append(show: string, poll: string, rows: number, ballots: readonly BallotRow[]): Promise<void>;
  finish(show: string, poll: string, at: number): Promise<void>;
}
