import type { Board } from "../crdt/board.ts";
import type { Schedule } from "../crdt/deed.ts";
import { closingTime, finality, pollState, type PollState, type Transitions } from "../crdt/poll.ts";
import type { Replica } from "../crdt/replica.ts";
import type { Final, Poll } from "../crdt/show.ts";
import type { PollView } from "./service.ts";

/** A poll as it stands on the board. */
export interface StandingPoll {
  readonly definition: Poll;
  readonly transitions: Transitions;
  readonly released: boolean;
  readonly schedule: Schedule | undefined;
  readonly final: Final | undefined;
  /** Option's id → its index. */
  readonly options: ReadonlyMap<string, number>;
}

/**
 * What the board says of a show's polls, read once a change of the board and not once a ballot: a lookup in a Yjs map
 * for each of seven keys would cost more than the rest of admission.
 */
export class Programme {
  readonly #polls = new Map<string, StandingPoll>();

  constructor(board: Board) {
    for (const definition of board.polls())
      this.#polls.set(definition.id, {
        definition,
        transitions: board.transitions(definition.id),
        released: board.released(definition.id) !== undefined,
        schedule: board.schedule(definition.id),
        final: board.final(definition.id),
        options: new Map(definition.options.map((option, index) => [option.id, index])),
      });
  }

  poll(id: string): StandingPoll | undefined {
    return this.#polls.get(id);
  }

  polls(): Iterable<StandingPoll> {
    return this.#polls.values();
  }
}

export function stateOf(poll: StandingPoll, now: number): PollState {
  return pollState(poll.definition, poll.transitions, now);
}

/** The schedule of a poll that has to open now by itself. One whose time is over altogether is not opened any more. */
export function dueSchedule(poll: StandingPoll, now: number): Schedule | undefined {
  const { schedule, transitions } = poll;
  if (!schedule || now < schedule.opensAt || transitions.open || transitions.void) return undefined;
  return now < schedule.opensAt + (schedule.openMs ?? Infinity) ? schedule : undefined;
}

/** So long before a scheduled opening an edge has to be awake, ms: time enough to find its peers and be known to the recorder. */
export const OPENING_SOON_MS = 120_000;

/** When the next poll opens by itself, ms since 1970: one that is overdue at once. */
export function nextOpening(programme: Programme, now: number): number | undefined {
  const times = [...programme.polls()].flatMap(({ schedule, transitions }) =>
    !schedule || transitions.open || transitions.void || now >= schedule.opensAt + (schedule.openMs ?? Infinity)
      ? []
      : [schedule.opensAt],
  );
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Whether some poll takes ballots, is about to, or waits for its result. */
export function isBusy(programme: Programme, now: number): boolean {
  if ((nextOpening(programme, now) ?? Infinity) - now < OPENING_SOON_MS) return true;
  for (const poll of programme.polls())
    switch (stateOf(poll, now)) {
      case "armed":
      case "open":
      case "closing":
      case "closed":
        return true;
      case "draft":
      case "final":
      case "void":
    }
  return false;
}

/** Whether anyone may see a poll's counts. */
export function countsVisible(poll: StandingPoll): boolean {
  return poll.released || poll.definition.results === "live";
}

export function viewOf(poll: StandingPoll, now: number, waitingFor: readonly string[]): PollView {
  const opensAt = poll.transitions.open?.at;
  const closesAt = closingTime(poll.transitions);
  return {
    definition: poll.definition,
    state: stateOf(poll, now),
    countsVisible: countsVisible(poll),
    released: poll.released,
    waitingFor,
    ...(poll.schedule && !poll.transitions.open ? { schedule: poll.schedule } : {}),
    ...(opensAt === undefined ? {} : { opensAt }),
    ...(closesAt === undefined ? {} : { closesAt }),
    ...(poll.final === undefined ? {} : { final: poll.final }),
  };
}

/** What a closed poll's final still waits for, as far as this replica can see. */
export function waitingFor(poll: number, replica: Replica): readonly string[] {
  const kept = replica.shards();
  // Seals of other shards are in ledgers that this replica does not have.
  const roster = replica.board
    .rosterBoots()
    .map((boot) => ({ ...boot, shards: boot.shards.filter((shard) => kept.has(shard)) }));
  const state = finality(poll, roster, replica.seals(), replica.coverage().toJSON());
  return state.ready ? [] : state.waitingFor;
}
