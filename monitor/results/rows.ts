import type { Fold } from "../../crdt/fold.ts";
import { EPOCH_SLACK_MS } from "../../crdt/shard.ts";
import type { Poll, Show } from "../../crdt/show.ts";
import type { Slot } from "../../crdt/table.ts";

/** A choice in force, as SQL has it: one row a receiver and poll, and a vote of N. */
export interface BallotRow {
  /** The receiver's keyed hash, 16 hexadecimal digits. */
  readonly receiver: string;
  readonly k: number;
  readonly option: string;
  readonly press: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly edge: string;
  /** Whether the broadcaster vouched for the receiver. */
  readonly signed: boolean;
}

/** Choices in force that came in at one edge in one minute. */
export interface TurnoutRow {
  /** Beginning of the minute, milliseconds since 1970. */
  readonly minute: number;
  readonly edge: string;
  readonly ballots: number;
}

const MINUTE_MS = 60_000;

/** The choices of a poll that was folded, in the order of receiver and k: always the same one. */
export function* ballotRows(fold: Fold, show: Show, poll: Poll): Generator<BallotRow> {
  let part: Slot[] = [];
  for (const slot of fold.tally(poll.index)?.slots() ?? []) {
    // The table gives its parts in the order of the identity's top byte.
    if (part.length > 0 && part[0]!.hi >>> 24 !== slot.hi >>> 24) {
      yield* sorted(part, fold, show, poll);
      part = [];
    }
    part.push(slot);
  }
  yield* sorted(part, fold, show, poll);
}

export function turnoutRows(fold: Fold, show: Show, poll: Poll): TurnoutRow[] {
  const counts = new Map<string, TurnoutRow>();
  const names = fold.edges.names;
  for (const slot of fold.tally(poll.index)?.slots() ?? []) {
    const minute = Math.floor(timeOf(slot, show) / MINUTE_MS) * MINUTE_MS;
    const edge = names[slot.edge]!;
    const key = `${minute} ${edge}`;
    counts.set(key, { minute, edge, ballots: (counts.get(key)?.ballots ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => a.minute - b.minute || (a.edge < b.edge ? -1 : 1));
}

function* sorted(slots: Slot[], fold: Fold, show: Show, poll: Poll): Generator<BallotRow> {
  const names = fold.edges.names;
  slots.sort((a, b) => a.hi - b.hi || a.lo - b.lo || a.k - b.k);
  for (const slot of slots)
    yield {
      receiver: hex(slot.hi) + hex(slot.lo),
      k: slot.k,
      option: poll.options[slot.option]!.id,
      press: slot.press,
      at: timeOf(slot, show),
      edge: names[slot.edge]!,
      signed: slot.signed,
    };
}

/** Tables count time from the show's epoch. */
function timeOf({ time }: Slot, { created }: Show): number {
  return created - EPOCH_SLACK_MS + time;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}
