import type { Member } from "../crdt/member.ts";
import { pruningHeldUpBy } from "../crdt/pruning.ts";
import { shardOf, type ReceiverId, type ReceiverIds } from "../crdt/receiver.ts";
import type { Replica } from "../crdt/replica.ts";
import type { Shard } from "../crdt/shard.ts";
import { StoreFull } from "../crdt/store/store.ts";
import { ChainEnded } from "../crdt/writer.ts";
import type { Programme } from "./programme.ts";
import { refuse, type Refusal } from "./refusal.ts";

/**
 * Batches that may wait to be recorded and pruned before admission slows down: two minutes at full rate, hours at a
 * show's usual one. Yjs walks the unpruned array at each append: 0.3 ms at this length, 2.5 ms at 100,000.
 */
export const MAX_UNPRUNED_BATCHES = 30_000;
/** Records that may wait for the log: two seconds at 50,000 a second, and then the audience is told to come back. */
export const MAX_WAITING_RECORDS = 100_000;
/** How long a request waits at an edge that has just started, ms: an audience that presses in that second is not turned away. */
export const STARTING_PATIENCE_MS = 2000;

/** What a gate goes by, worked out once a change and not once a request; its owner keeps it current. */
export interface GateView {
  programme: Programme;
  /** Under the show's key. */
  receivers: ReceiverIds;
  shards: number;
  /** This boot was named lost. */
  lost: boolean;
  /** The recorder waits for this boot's seals before it declares a result. */
  awaited: boolean;
  /** Batches not recorded and pruned yet. */
  unpruned: number;
}

/** Whether a show's edge may take anything now, and where a receiver's records go: what ballots and orders share. */
export class Gate {
  readonly replica: Replica;
  readonly member: Member;
  readonly view: GateView;
  readonly #refusal: () => Refusal | undefined;
  /** While requests wait for the recorder to hear of this boot. */
  #waiting: Promise<void> | undefined;
  #endWaiting: (() => void) | undefined;

  /** `refusal` says why this edge admits nothing now, whatever the show. */
  constructor(replica: Replica, member: Member, view: GateView, refusal: () => Refusal | undefined) {
    this.replica = replica;
    this.member = member;
    this.view = view;
    this.#refusal = refusal;
  }

  /** To be called when the view has changed. */
  onview(): void {
    if (this.view.awaited) this.#endWaiting?.();
  }

  /** Whether this boot's standing is known, for better or worse: before that a request waits. */
  get isJudged(): boolean {
    return this.view.awaited || this.view.lost;
  }

  /** Resolves when the recorder has heard of this boot, or patience is at its end. */
  untilAwaited(): Promise<void> {
    this.#waiting ??= new Promise((resolve) => {
      const cancel = this.member.world.timers.after(STARTING_PATIENCE_MS, () => this.#endWaiting?.());
      this.#endWaiting = () => {
        cancel();
        this.#waiting = this.#endWaiting = undefined;
        resolve();
      };
    });
    return this.#waiting;
  }

  /** Why this edge admits nothing now. */
  refuseEdge(): Refusal | undefined {
    return this.#refusal();
  }

  /** Finals wait for no boot that was named lost, or that the recorder has not heard of: a receipt would promise too much. */
  refuseStanding(): Refusal | undefined {
    const { name } = this.member;
    if (this.view.lost)
      return refuse("not_ready", `edge "${name}" was named lost and starts again`, { retryAfterS: 1 });
    if (this.view.awaited) return undefined;
    return refuse("not_ready", `edge "${name}" has started, and the recorder does not know of it yet`, {
      retryAfterS: 1,
    });
  }

  refuseLoad(): Refusal | undefined {
    const { unpruned } = this.view;
    if (unpruned > MAX_UNPRUNED_BATCHES)
      return refuse(
        "overloaded",
        `${unpruned} batches are not recorded and pruned, held up by ${pruningHeldUpBy(this.replica)}`,
        { retryAfterS: 5 },
      );
    if (this.replica.waiting > MAX_WAITING_RECORDS)
      return refuse("overloaded", `${this.replica.waiting} records wait for the edge's log`, { retryAfterS: 2 });
    return undefined;
  }

  /** Where a receiver is counted and what it sends is written; undefined where this edge does not keep that: `wrongShard`. */
  shardFor(receiver: ReceiverId): Shard | undefined {
    return this.replica.shards().get(shardOf(receiver, this.view.shards));
  }

  wrongShard(receiver: ReceiverId): Refusal {
    const shard = shardOf(receiver, this.view.shards);
    const detail = `this edge does not keep the receiver's shard, ${shard}: /v1/edges/nearest knows one that does`;
    return refuse("wrong_shard", detail, { extra: { shard } });
  }
}

/** What a receiver is told where the log did not take its record. */
export function refuseLog(error: Error): Refusal {
  if (error instanceof ChainEnded)
    return refuse("draining", "the edge stops: nothing was written, and another one answers", { retryAfterS: 1 });
  return error instanceof StoreFull
    ? refuse("log_full", "the edge's log is full: nothing was written", { retryAfterS: 2 })
    : refuse("not_ready", "the edge is restarting: whether it was written is unknown", { retryAfterS: 1 });
}
