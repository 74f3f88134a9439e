import { parseChainId } from "../../batch.ts";
import { pollState, type PollState } from "../../poll.ts";
import type { Replica } from "../../replica.ts";
import type { Final, Poll } from "../../show.ts";
import type { Answer } from "../inspector.ts";
import type { FoundBallot, LoggedPress, Presses, Seen } from "../read/ballots.ts";
import type { Thresholds } from "../read/thresholds.ts";

/** Everything that the story of one ballot is told from. */
export interface WhyInput {
  readonly ballot: FoundBallot;
  readonly poll: PollNow;
  /** All presses of the receiver in the poll, the oldest first. */
  readonly presses: readonly PressOfBallot[];
  /** The first batch with the ballot: a retry may stand in others, and counts no second time. */
  readonly batch: PressOfBallot;
  readonly seen: readonly Answer<Seen>[];
  readonly thresholds: readonly Answer<Thresholds>[];
  /** The clock of the edge that admitted the ballot, minus the asked member's, ms. */
  readonly edgeOffsetMs: number;
}

export interface PollNow {
  readonly definition: Poll;
  readonly state: PollState;
  readonly final: Final | undefined;
  /** When the show was created: tables count time from a day before. */
  readonly created: number;
}

export interface PressOfBallot extends LoggedPress {
  readonly edge: string;
}

export function readPoll({ board }: Replica, index: number, now: number): PollNow | undefined {
  const definition = board.polls().find((poll) => poll.index === index);
  const created = board.show?.created;
  if (!definition || created === undefined) return undefined;
  const state = pollState(definition, board.transitions(definition.id), now);
  return { definition, state, final: board.final(definition.id), created };
}

/** The presses that anyone has logged, each batch's once. */
export function pressesOf(answers: readonly Answer<Presses>[]): PressOfBallot[] {
  const presses = new Map<string, PressOfBallot>();
  for (const { reading } of answers)
    for (const press of reading?.presses ?? []) {
      const id = `${press.chain}/${press.sequence}/${press.press}/${press.k}`;
      presses.set(id, { ...press, edge: parseChainId(press.chain).edge });
    }
  return [...presses.values()].sort((a, b) => a.time - b.time || a.press - b.press);
}
