import { PRESENCE, type Ballot } from "../crdt/ballot.ts";
import type { PollState } from "../crdt/poll.ts";
import { receiptCode } from "../crdt/receipt-code.ts";
import type { Shard } from "../crdt/shard.ts";
import type { KnownBallot } from "../crdt/tally.ts";
import { refuseBallot, refuseWindow } from "./admission.ts";
import { refuseLog, type Gate } from "./gate.ts";
import { stateOf, type StandingPoll } from "./programme.ts";
import type { Receipt, ReceiptLevel, Settle } from "./receipt.ts";
import { isRefusal, refuse, type Refusal } from "./refusal.ts";
import type { BallotRequest } from "./service.ts";

/** How long a ballot of level "peer" waits for a second replica, ms. */
export const PEER_TIMEOUT_MS = 2000;

/** A ballot that may be written, with its poll and where it goes. */
interface Admitted {
  readonly poll: StandingPoll;
  readonly ballot: Ballot;
  readonly shard: Shard;
  /** Of the poll in that shard, when it was admitted. */
  readonly contests: number;
}

/** Takes receivers' requests for one show: resolves, admits, has them written, and answers with receipts. */
export class Intake {
  readonly #gate: Gate;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** Calls `settle` at once, unless the ballot waits: for the log, or for the recorder to hear of this boot. */
  vote(request: BallotRequest, settle: Settle): void {
    if (this.#gate.isJudged) return this.#take(request, settle);
    this.#gate
      .untilAwaited()
      .then(() => this.#take(request, settle))
      .catch(settle);
  }

  #take(request: BallotRequest, settle: Settle): void {
    const admitted = this.#admit(request);
    if (isRefusal(admitted)) return settle(admitted);
    if (request.level === "local") this.#write(admitted, "local", settle);
    else this.#writeAtPeer(admitted, settle);
  }

  #admit(request: BallotRequest): Admitted | Refusal {
    const { programme, receivers } = this.#gate.view;
    const time = this.#gate.member.clock.now();
    const poll = programme.poll(request.poll);
    if (!poll) return unknownPoll(this.#gate.replica.show, request.poll);
    const option = poll.options.get(request.option);
    if (option === undefined)
      return refuse("unknown_option", `poll "${request.poll}" has no option "${request.option}"`);
    const receiver = request.identity?.under(receivers) ?? receivers.of(request.subject);
    const refusal =
      this.#gate.refuseEdge() ??
      this.#gate.refuseStanding() ??
      refuseWindow(poll.definition, this.#stateAt(poll, time)) ??
      this.#gate.refuseLoad();
    if (refusal) return refusal;
    const shard = this.#gate.shardFor(receiver);
    if (!shard) return this.#gate.wrongShard(receiver);
    const { hi, lo } = receiver;
    const { press, k, signed } = request;
    const ballot: Ballot = { hi, lo, poll: poll.definition.index, press, option, k, signed, time };
    return (
      refuseBallot(poll.definition, ballot, shard.fold.known(ballot.poll, ballot)) ?? {
        poll,
        ballot,
        shard,
        contests: shard.fold.contests(ballot.poll),
      }
    );
  }

  /** Notes a receiver's first retrieval of the show's content. */
  arrive(subject: string, signed: boolean): Refusal | undefined {
    const receiver = this.#gate.view.receivers.of(subject);
    const shard = this.#gate.shardFor(receiver);
    if (!shard) return this.#gate.wrongShard(receiver);
    if (this.#gate.refuseEdge() || shard.fold.known(PRESENCE, receiver).length > 0) return undefined;
    const time = this.#gate.member.clock.now();
    const ballot: Ballot = { ...receiver, poll: PRESENCE, press: 1, option: 0, k: 1, signed, time };
    // Presence is no promise to anyone: what the log refuses is noted at the receiver's next retrieval.
    shard.writer.put("presence", ballot, () => {});
    return undefined;
  }

  known(subject: string, poll: StandingPoll): readonly KnownBallot[] | Refusal {
    const receiver = this.#gate.view.receivers.of(subject);
    return (
      this.#gate.shardFor(receiver)?.fold.known(poll.definition.index, receiver) ?? this.#gate.wrongShard(receiver)
    );
  }

  /** A mistake with one answer is that receiver's alone: the others of its flush are told all the same. */
  #write(admitted: Admitted, level: ReceiptLevel, settle: Settle): void {
    admitted.shard.writer.put("ballots", admitted.ballot, (outcome) => {
      try {
        settle(this.#answer(admitted, level, outcome));
      } catch (error) {
        settle(error as Error);
      }
    });
  }

  #writeAtPeer(admitted: Admitted, settle: Settle): void {
    const { member, replica } = this.#gate;
    this.#write(admitted, "peer", (answer) => {
      if (answer instanceof Error || isRefusal(answer)) return settle(answer);
      member
        .storedByPeer(replica, answer, answer.sequence, PEER_TIMEOUT_MS)
        .then((stored) => settle(stored ? answer : NO_PEER))
        .catch(settle);
    });
  }

  #answer(admitted: Admitted, level: ReceiptLevel, outcome: number | Error): Receipt | Refusal {
    if (typeof outcome !== "number") return refuseLog(outcome);
    const refusal = this.#refuseContested(admitted);
    if (refusal) return refusal;
    const { poll, ballot } = admitted;
    const { press, k, time } = ballot;
    const { shard, edge, boot } = admitted.shard.writer.chain;
    return {
      code: receiptCode(ballot, ballot.poll, press, k),
      show: this.#gate.replica.show,
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

  /**
   * Of two ballots with one press in one flush the fold has chosen one; the other is told now. Looked up only where any
   * receiver's have met since: the table is no longer in the processor's caches.
   */
  #refuseContested({ poll, ballot, shard: { fold }, contests }: Admitted): Refusal | undefined {
    if (fold.contests(ballot.poll) === contests) return undefined;
    const refusal = refuseBallot(poll.definition, ballot, fold.known(ballot.poll, ballot));
    return refusal?.refused === "press_conflict" ? refusal : undefined;
  }

  /** The state that admission goes by: once this edge seals a poll, nothing opens it again. */
  #stateAt(poll: StandingPoll, now: number): PollState {
    const state = stateOf(poll, now);
    return (state === "open" || state === "closing") && this.#gate.replica.isOver(poll.definition.index)
      ? "closed"
      : state;
  }
}

const NO_PEER = refuse("peer_unavailable", "the ballot is logged here, and no second replica has confirmed it", {
  retryAfterS: 1,
});

export function unknownPoll(show: string, poll: string): Refusal {
  return refuse("unknown_poll", `show "${show}" has no poll "${poll}"`);
}
