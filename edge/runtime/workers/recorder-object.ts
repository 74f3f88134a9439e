import { standingOf } from "../../../crdt/arming.ts";
import type { Board } from "../../../crdt/board.ts";
import type { Member, MemberOptions } from "../../../crdt/member.ts";
import { pollState } from "../../../crdt/poll.ts";
import type { Poll } from "../../../crdt/show.ts";
import type { Env } from "./env.ts";
import { ORDERS, RECORDER } from "./members.ts";
import { ProcessObject, type ProcessLife } from "./process-object.ts";
import type { Settings } from "./settings.ts";

/** The recorder as an object, which watches thresholds, too. */
export abstract class RecorderProcess extends ProcessObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, { self: RECORDER, needs: "LIBSQL_URL and LIBSQL_AUTH_TOKEN" });
  }

  protected override memberOptions({ watches }: Settings): Partial<MemberOptions> {
    return { keepsVoters: watches, tables: watches ? "all" : "none" };
  }

  protected override async nextDue({ member }: ProcessLife): Promise<number | undefined> {
    // What the order processor is awake for is recorded.
    const isLinked = member.links().some(({ peer, open }) => peer === ORDERS.name && open);
    return isBusy(member) || isLinked ? member.clock.now() : undefined;
  }
}

/** Whether some poll takes ballots, is about to, or waits for its result; or a threshold may be crossed. */
function isBusy(member: Member): boolean {
  const now = member.clock.now();
  return [...member.replicas()].some(
    ({ board }) => board.polls().some((poll) => isPollBusy(board, poll, now)) || isWatched(board),
  );
}

function isPollBusy(board: Board, poll: Poll, now: number): boolean {
  const state = pollState(poll, board.transitions(poll.id), now);
  return state === "armed" || state === "open" || state === "closing" || state === "closed";
}

function isWatched(board: Board): boolean {
  return board.thresholds().some((threshold) => {
    const { is } = standingOf(board, threshold);
    return is === "arming" || is === "armed";
  });
}
