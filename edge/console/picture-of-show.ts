import { standingOf, type ThresholdStanding } from "../../crdt/arming.ts";
import type { Board } from "../../crdt/board.ts";
import type { ContentItem } from "../../crdt/content.ts";
import type { AuditEntry, Schedule } from "../../crdt/deed.ts";
import type { RosterEntry } from "../../crdt/roster.ts";
import { closingTime, pollState, type PollState } from "../../crdt/poll.ts";
import { totals, type Poll, type Show } from "../../crdt/show.ts";
import { bestSections, sumCounts, type Register } from "../../crdt/tallies.ts";
import type { FiredCue, Threshold, ThresholdProgress } from "../../crdt/threshold.ts";

/** A show at one moment, as the console draws it: everything that board and tallies say. */
export interface ShowPicture {
  readonly show: Show;
  readonly polls: readonly PollPicture[];
  readonly present: number;
  readonly roster: readonly (RosterEntry & { readonly lost: boolean })[];
  readonly content: readonly ContentItem[];
  readonly thresholds: readonly ThresholdPicture[];
  /** Newest first. */
  readonly audit: readonly AuditEntry[];
}

export interface PollPicture {
  readonly poll: Poll;
  readonly state: PollState;
  readonly opensAt: number | undefined;
  readonly closesAt: number | undefined;
  readonly schedule: Schedule | undefined;
  readonly released: boolean;
  readonly isFinal: boolean;
  /** Boots that the final left out. */
  readonly lost: readonly string[];
  /** An entry an option. */
  readonly counts: readonly number[];
  readonly total: number;
}

export interface ThresholdPicture {
  readonly threshold: Threshold;
  readonly state: ThresholdStanding["is"];
  readonly progress: ThresholdProgress | undefined;
  readonly cues: readonly (FiredCue & { readonly isConfirmed: boolean })[];
}

/** Draws the picture at `now`, ms since 1970 by an edge's clock; undefined before the board has come. */
export function pictureOf(
  board: Board,
  registers: ReadonlyMap<string, Register>,
  now: number,
): ShowPicture | undefined {
  const { show } = board;
  if (!show) return undefined;
  return {
    show,
    polls: board.polls().map((poll) => pollPicture(board, registers, poll, now)),
    present: [...bestSections(registers).values()].reduce((sum, { present }) => sum + present, 0),
    roster: board.roster().map((entry) => ({ ...entry, lost: board.lost(entry.edge, entry.boot) !== undefined })),
    content: board.content().toSorted((a, b) => b.at - a.at),
    thresholds: thresholdPictures(board),
    audit: board.audit().toReversed(),
  };
}

function pollPicture(board: Board, registers: ReadonlyMap<string, Register>, poll: Poll, now: number): PollPicture {
  const transitions = board.transitions(poll.id);
  const final = board.final(poll.id);
  const sums = totals(final?.counts ?? sumCounts(registers, poll.id));
  const counts = poll.options.map((_, i) => sums[i] ?? 0);
  return {
    poll,
    state: pollState(poll, transitions, now),
    opensAt: transitions.open?.at,
    closesAt: closingTime(transitions),
    schedule: transitions.open ? undefined : board.schedule(poll.id),
    released: board.released(poll.id) !== undefined,
    isFinal: final !== undefined,
    lost: final?.lost ?? [],
    counts,
    total: counts.reduce((sum, count) => sum + count, 0),
  };
}

function thresholdPictures(board: Board): ThresholdPicture[] {
  const cues = board.cues();
  const watchers = board.progress().toSorted((a, b) => b.at - a.at);
  return board.thresholds().map((threshold) => {
    const { id } = threshold;
    return {
      threshold,
      state: standingOf(board, threshold).is,
      // The watcher that spoke last knows best.
      progress: watchers.map(({ thresholds }) => thresholds[id]).find((each) => each !== undefined),
      cues: cues
        .filter(({ cue }) => cue.threshold === id)
        .map((fired) => ({ ...fired, isConfirmed: board.confirmed(id, fired.cue.epoch) !== undefined })),
    };
  });
}
