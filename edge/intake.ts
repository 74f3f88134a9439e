import { PRESENCE, type Ballot } from "../crdt/ballot.ts";
import type { Chain } from "../crdt/batch.ts";
import type { Fold } from "../crdt/fold.ts";
import type { Member } from "../crdt/member.ts";
import type { PollState } from "../crdt/poll.ts";
import { receiptCode } from "../crdt/receipt-code.ts";
import { shardOf, type ReceiverId, type ReceiverIds } from "../crdt/receiver.ts";
import type { Replica } from "../crdt/replica.ts";
import { StoreFull } from "../crdt/store/store.ts";
import type { KnownBallot } from "../crdt/tally.ts";
import type { Writer } from "../crdt/writer.ts";
import { refuseBallot, refuseWindow, type Asked } from "./admission.ts";
import { stateOf, type Programme, type StandingPoll } from "./programme.ts";
import type { Receipt, ReceiptLevel } from "./receipt.ts";
import { isRefusal, refuse, type Refusal } from "./refusal.ts";
import type { BallotRequest } from "./service.ts";

/**
 * Batches that may wait to be recorded and pruned before admission slows down: two minutes at full rate, hours at a
 * show's usual one. Yjs walks the unpruned array at each append: 0.3 ms at this length, 2.5 ms at 100,000.
 */
export const MAX_UNPRUNED_BATCHES = 30_000;
/** Ballots that may wait for the log: two seconds at 50,000 a second, and then the audience is told to come back. */
export const MAX_WAITING_BALLOTS = 100_000;
/** How long a ballot waits at an edge that has just started, ms: an audience that presses in that second is not turned away. */
export const STARTING_PATIENCE_MS = 2000;
/** How long a ballot of level "peer" waits for a second replica, ms. */
export const PEER_TIMEOUT_MS = 2000;

/** What an intake goes by, worked out once a change and not once a ballot; its owner keeps it current. */
export interface IntakeView {
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

/** Takes receivers' requests for one show: resolves, admits, has them written, and answers with receipts. */
export class Intake {
  readonly #replica: Replica;
  readonly #member: Member;
  readonly #view: IntakeView;
  readonly #refusal: () => Refusal | undefined;
  /** While ballots wait for the recorder to hear of this boot. */
  #waiting: Promise<void> | undefined;
  #endWaiting: (() => void) | undefined;

  /** `refusal` says why this edge admits nothing now, whatever the show. */
  constructor(replica: Replica, member: Member, view: IntakeView, refusal: () => Refusal | undefined) {
    this.#replica = replica;
    this.#member = member;
    this.#view = view;
    this.#refusal = refusal;
  }

  /** To be called when the view has changed. */
  onview(): void {
    if (this.#view.awaited) this.#endWaiting?.();
  }

  /** A promise only where a ballot waits: for the log, or for the recorder to hear of this boot. */
  vote(request: BallotRequest): Promise<Receipt | Refusal> | Refusal {
    if (this.#view.awaited || this.#view.lost) return this.#admit(request);
    return this.#untilAwaited().then(() => this.#admit(request));
  }

  #admit(request: BallotRequest): Promise<Receipt | Refusal> | Refusal {
    const { programme, receivers } = this.#view;
    const time = this.#member.clock.now();
    const poll = programme.poll(request.poll);
    if (!poll) return unknownPoll(this.#replica.show, request.poll);
    const option = poll.options.get(request.option);
    if (option === undefined)
      return refuse("unknown_option", `poll "${request.poll}" has no option "${request.option}"`);
    const receiver = receivers.of(request.subject);
    const asked: Asked = { option, press: request.press, k: request.k };
    const refusal =
      this.#refusal() ??
      this.#refuseStanding() ??
      refuseWindow(poll.definition, this.#stateAt(poll, time)) ??
      this.#refuseLoad() ??
      this.#refuseReceiver(poll, receiver, asked);
    if (refusal) return refusal;
    const { hi, lo } = receiver;
    const { press, k, signed } = request;
    const ballot = { hi, lo, poll: poll.definition.index, press, option, k, signed, time };
    return request.level === "peer" ? this.#writeAtPeer(poll, ballot) : this.#write(poll, ballot, "local");
  }

  /** Notes a receiver's first retrieval of the show's content. */
  arrive(subject: string, signed: boolean): Refusal | undefined {
    const receiver = this.#view.receivers.of(subject);
    const fold = this.#foldOf(receiver);
    if (!fold) return this.#wrongShard(receiver);
    if (this.#refusal() || fold.known(PRESENCE, receiver).length > 0) return undefined;
    const time = this.#member.clock.now();
    const ballot: Ballot = { ...receiver, poll: PRESENCE, press: 1, option: 0, k: 1, signed, time };
    // Presence is no promise to anyone: what the log refuses is noted at the receiver's next retrieval.
    this.#writerOf(receiver).put("presence", ballot, () => {});
    return undefined;
  }

  known(subject: string, poll: StandingPoll): readonly KnownBallot[] | Refusal {
    const receiver = this.#view.receivers.of(subject);
    return this.#foldOf(receiver)?.known(poll.definition.index, receiver) ?? this.#wrongShard(receiver);
  }

  /** One promise a ballot, and nothing else that outlives this call: thousands wait for one flush. */
  #write(poll: StandingPoll, ballot: Ballot, level: ReceiptLevel): Promise<Receipt | Refusal> {
    const writer = this.#writerOf(ballot);
    return new Promise((resolve) => {
      writer.put("ballots", ballot, (outcome) => resolve(this.#answer(poll, ballot, level, writer.chain, outcome)));
    });
  }

  async #writeAtPeer(poll: StandingPoll, ballot: Ballot): Promise<Receipt | Refusal> {
    const answer = await this.#write(poll, ballot, "peer");
    if (isRefusal(answer)) return answer;
    if (await this.#member.storedByPeer(this.#replica, answer, answer.sequence, PEER_TIMEOUT_MS)) return answer;
    return refuse("peer_unavailable", "the ballot is logged here, and no second replica has confirmed it", {
      retryAfterS: 1,
    });
  }

  #answer(
    poll: StandingPoll,
    ballot: Ballot,
    level: ReceiptLevel,
    { shard, edge, boot }: Chain,
    outcome: number | Error,
  ): Receipt | Refusal {
    if (typeof outcome !== "number") return refuseLog(outcome);
    // Of two ballots with one press in one flush the fold has chosen one; the other is told now.
    const refusal = this.#refuseReceiver(poll, ballot, ballot);
    if (refusal?.refused === "press_conflict") return refusal;
    const { press, k, time } = ballot;
    return {
      code: receiptCode(ballot, ballot.poll, press, k),
      show: this.#replica.show,
      poll: poll.definition.id,
      option: poll.definition.options[ballot.option]!.id,
      press,
      k,
      shard,
      edge,
      boot,
      sequence: outcome,
      level,
      time,
    };
  }

  /** Resolves when the recorder has heard of this boot, or patience is at its end. */
  #untilAwaited(): Promise<void> {
    this.#waiting ??= new Promise((resolve) => {
      const cancel = this.#member.world.timers.after(STARTING_PATIENCE_MS, () => this.#endWaiting?.());
      this.#endWaiting = () => {
        cancel();
        this.#waiting = this.#endWaiting = undefined;
        resolve();
      };
    });
    return this.#waiting;
  }

  #refuseReceiver(poll: StandingPoll, receiver: ReceiverId, asked: Asked): Refusal | undefined {
    const fold = this.#foldOf(receiver);
    if (!fold) return this.#wrongShard(receiver);
    return refuseBallot(poll.definition, asked, fold.known(poll.definition.index, receiver));
  }

  /** Finals wait for no boot that was named lost, or that the recorder has not heard of: a receipt would promise too much. */
  #refuseStanding(): Refusal | undefined {
    const { name } = this.#member;
    if (this.#view.lost)
      return refuse("not_ready", `edge "${name}" was named lost and starts again`, { retryAfterS: 1 });
    if (this.#view.awaited) return undefined;
    return refuse("not_ready", `edge "${name}" has started, and the recorder does not know of it yet`, {
      retryAfterS: 1,
    });
  }

  #refuseLoad(): Refusal | undefined {
    const { unpruned } = this.#view;
    if (unpruned > MAX_UNPRUNED_BATCHES)
      return refuse(
        "overloaded",
        `${unpruned} batches are not recorded and pruned, held up by ${this.#member.holdsUp(this.#replica)}`,
        { retryAfterS: 5 },
      );
    if (this.#replica.waiting > MAX_WAITING_BALLOTS)
      return refuse("overloaded", `${this.#replica.waiting} ballots wait for the edge's log`, { retryAfterS: 2 });
    return undefined;
  }

  /** The state that admission goes by: once this edge seals a poll, nothing opens it again. */
  #stateAt(poll: StandingPoll, now: number): PollState {
    const state = stateOf(poll, now);
    return (state === "open" || state === "closing") && this.#replica.isOver(poll.definition.index) ? "closed" : state;
  }

  #foldOf(receiver: ReceiverId): Fold | undefined {
    return this.#replica.shards().get(shardOf(receiver, this.#view.shards))?.fold;
  }

  #wrongShard(receiver: ReceiverId): Refusal {
    const shard = shardOf(receiver, this.#view.shards);
    const detail = `this edge does not keep the receiver's shard, ${shard}: /v1/edges/nearest knows one that does`;
    return refuse("wrong_shard", detail, { extra: { shard } });
  }

  #writerOf(receiver: ReceiverId): Writer {
    return this.#replica.shard(shardOf(receiver, this.#view.shards)).writer;
  }
}

export function unknownPoll(show: string, poll: string): Refusal {
  return refuse("unknown_poll", `show "${show}" has no poll "${poll}"`);
}

function refuseLog(error: Error): Refusal {
  return error instanceof StoreFull
    ? refuse("log_full", "the edge's log is full: nothing was written", { retryAfterS: 2 })
    : refuse("not_ready", "the edge is restarting: whether the ballot was written is unknown", { retryAfterS: 1 });
}
