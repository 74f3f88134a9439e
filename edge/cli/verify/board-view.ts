import { Board } from "../../../crdt/board.ts";
import { closingTime, pollState, type PollState } from "../../../crdt/poll.ts";
import { EPOCH_SLACK_MS } from "../../../crdt/shard.ts";
import type { Final, Poll, Show } from "../../../crdt/show.ts";
import { Tallies, type Register } from "../../../crdt/tallies.ts";
import type { FiredCue, Threshold } from "../../../crdt/threshold.ts";
import type * as Y from "yjs";

/** What verifying needs of an edge's documents. */
export interface EdgeDocuments {
  readonly show: Show;
  readonly polls: readonly StandingPoll[];
  readonly registers: ReadonlyMap<string, Register>;
  readonly thresholds: readonly Threshold[];
  /** Cues that fired. */
  readonly cues: readonly FiredCue[];
}

export interface StandingPoll {
  readonly poll: Poll;
  readonly state: PollState;
  readonly closesAt: number | undefined;
  readonly final: Final | undefined;
}

/** Undefined while the board has no show. */
export function readDocuments(boardDoc: Y.Doc, talliesDoc: Y.Doc, now: number): EdgeDocuments | undefined {
  const board = new Board(boardDoc);
  const { show } = board;
  if (!show) return undefined;
  const polls = board.polls().map((poll): StandingPoll => {
    const transitions = board.transitions(poll.id);
    return {
      poll,
      state: pollState(poll, transitions, now),
      closesAt: closingTime(transitions),
      final: board.final(poll.id),
    };
  });
  const [thresholds, cues] = [board.thresholds(), board.cues()];
  return { show, polls, registers: new Tallies(talliesDoc).registers(), thresholds, cues };
}

/** From when tables of this show count time, as at every replica. */
export function epochOf({ created }: Show): number {
  return created - EPOCH_SLACK_MS;
}
