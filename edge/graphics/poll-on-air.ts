import type { Board } from "../../crdt/board.ts";
import { closingTime, pollState, type PollState } from "../../crdt/poll.ts";
import { totals } from "../../crdt/show.ts";
import { sumCounts, type Register } from "../../crdt/tallies.ts";

/** A poll as the graphic shows it. */
export interface PollOnAir {
  readonly question: string;
  readonly state: PollState;
  /** Milliseconds until it closes; undefined where nobody has said. */
  readonly leftMs: number | undefined;
  readonly isRehearsal: boolean;
  readonly rows: readonly { readonly text: string; readonly count: number }[];
}

/** What board and tallies say of a poll at `now`; undefined where there is no such poll. */
export function pollOnAir(
  board: Board,
  registers: ReadonlyMap<string, Register>,
  id: string,
  now: number,
): PollOnAir | undefined {
  const poll = board.poll(id);
  if (!poll) return undefined;
  const transitions = board.transitions(id);
  const closesAt = closingTime(transitions);
  const counts = totals(board.final(id)?.counts ?? sumCounts(registers, id));
  return {
    question: poll.question,
    state: pollState(poll, transitions, now),
    leftMs: closesAt === undefined ? undefined : Math.max(0, closesAt - now),
    isRehearsal: board.show?.rehearsal === true,
    rows: poll.options.map(({ text }, i) => ({ text, count: counts[i] ?? 0 })),
  };
}
