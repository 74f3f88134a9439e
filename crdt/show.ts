import type { Watermark } from "./coverage.ts";

/** A show as its file defines it. Immutable once created; polls may be edited on the board while in draft. */
export interface Show {
  /** `[a-z0-9-]{1,40}`; names documents, routes and rows. */
  readonly id: string;
  readonly title: string;
  /** Number of shards, fixed for ever. */
  readonly shards: number;
  /** Milliseconds since 1970; times in tables count from a day before. */
  readonly created: number;
  /** A trial run under an id of its own: its documents, and so its ballots, are its own too. */
  readonly rehearsal?: true;
  /** When its polls open and close, from the start of the show on. */
  readonly rundown?: readonly RundownItem[];
  /** The show's key, wrapped with the network's secret: hexadecimal. Without it no receiver can be traced. */
  readonly wrappedKey: string;
}

/** A poll's place in the rundown. */
export interface RundownItem {
  readonly poll: string;
  /** Milliseconds after the start of the show at which it opens. */
  readonly afterMs: number;
  /** Milliseconds that it is open; left out, until a producer closes it. */
  readonly openMs?: number;
}

/** How ballots of one receiver in one poll are folded. */
export type Mode = "last" | "first" | "votes";

export interface Poll {
  /** `[a-z0-9-]{1,40}`, unique in the show. */
  readonly id: string;
  /** Position in the show: what ballots carry. */
  readonly index: number;
  readonly question: string;
  readonly options: readonly Option[];
  readonly mode: Mode;
  /** Votes a receiver has where mode is "votes", 1 to 15; else 1. */
  readonly votes: number;
  /** Milliseconds after closing in which ballots already under way still count. */
  readonly graceMs: number;
  /** Whether counts are visible while the poll is open; either way `released` shows them. */
  readonly results: "hidden" | "live";
  /** The right option of a quiz, by its id: told to viewers once the poll is released. */
  readonly answer?: string;
}

export interface Option {
  readonly id: string;
  readonly text: string;
}

/** Counts of one poll, an entry an option. */
export interface Counts {
  /** Receivers (or votes, in mode "votes") whose token names no one. */
  readonly anonymous: readonly number[];
  /** Those vouched for by the broadcaster. */
  readonly signed: readonly number[];
}

/** What a poll came to, for ever. */
export interface Final {
  readonly poll: string;
  readonly counts: Counts;
  /** The exact set of batches the counts stand for: chain → last sequence. */
  readonly cut: Watermark;
  /** Boots left out because a producer named them lost: `edge/boot`. */
  readonly lost: readonly string[];
  /** Milliseconds since 1970 when the recorder latched it. */
  readonly at: number;
}

/** Total of a poll's counts, an entry an option. */
export function totals(counts: Counts): number[] {
  return counts.anonymous.map((count, option) => count + (counts.signed[option] ?? 0));
}
