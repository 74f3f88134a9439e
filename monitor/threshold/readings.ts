import type { Watermark } from "../../crdt/coverage.ts";
import { assertReaches, refold, type Fold } from "../../crdt/fold.ts";
import type { Replica } from "../../crdt/replica.ts";
import { EPOCH_SLACK_MS } from "../../crdt/shard.ts";
import { totals, type Poll } from "../../crdt/show.ts";
import type { Rule } from "../../crdt/threshold.ts";
import { tallyRulesOf, type TallyRules } from "../../crdt/tally.ts";
import type { Readings } from "./measure.ts";

/** Counts of folds, a shard each: a receiver is in one shard, so they are added. */
export function readingsOf(folds: readonly Fold[]): Readings {
  return {
    present: () => sum(folds.map((fold) => fold.present)),
    voted: (poll) => sum(folds.map((fold) => (poll ? (fold.tally(poll.index)?.voters ?? 0) : fold.voters))),
    votes: (poll) => addUp(folds.map((fold) => totals(fold.counts(poll.index)))),
  };
}

/** A show as a watcher reads it: what its replica has folded, and of polls that are final what they came to. */
export class ShowReadings {
  readonly #replica: Replica;
  /** Final poll → the receivers that voted in it, where that had to be folded again. */
  readonly #voters = new Map<string, number>();

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  /** What is folded now. To be read at once: the next batch changes it. */
  now(): Readings {
    const folded = readingsOf([...this.#replica.shards().values()].map(({ fold }) => fold));
    return {
      present: () => folded.present(),
      voted: (poll) => (poll && this.#final(poll) ? this.#votedIn(poll) : folded.voted(poll)),
      votes: (poll) => {
        const final = this.#final(poll);
        return final ? totals(final.counts) : folded.votes(poll);
      },
    };
  }

  /** The batches that a rule's measure stands for: those of the poll's final, or all that are folded. */
  coverageOf(rule: Rule): Watermark {
    const poll = "poll" in rule && rule.poll !== undefined ? this.#replica.board.poll(rule.poll) : undefined;
    return (poll && this.#final(poll)?.cut) ?? this.#replica.coverage().toJSON();
  }

  /** A final says how many votes there were; how many receivers they came from is folded again, once. */
  async prepare(rules: readonly Rule[]): Promise<void> {
    for (const rule of rules) {
      if (rule.kind !== "voted" || rule.poll === undefined || this.#voters.has(rule.poll)) continue;
      const poll = this.#replica.board.poll(rule.poll);
      const final = poll?.mode === "votes" ? this.#final(poll) : undefined;
      if (poll && final) this.#voters.set(poll.id, await this.#refold(poll, final.cut));
    }
  }

  #votedIn(poll: Poll): number {
    const final = this.#final(poll);
    return poll.mode === "votes" || !final ? (this.#voters.get(poll.id) ?? 0) : sum(totals(final.counts));
  }

  async #refold(poll: Poll, cut: Watermark): Promise<number> {
    const fold = await refoldShow(this.#replica, cut, ({ id }) => id === poll.id);
    return fold.tally(poll.index)?.voters ?? 0;
  }

  #final(poll: Poll) {
    return this.#replica.board.final(poll.id);
  }
}

/** Folds exactly `coverage` from a member's log, of the polls that `isWanted`. One fold for all shards: receivers differ. */
async function refoldShow(replica: Replica, coverage: Watermark, isWanted: (poll: Poll) => boolean): Promise<Fold> {
  const polls = replica.board.polls();
  const rulesOf = (index: number): TallyRules | undefined => {
    const poll = polls[index];
    return poll && isWanted(poll) ? tallyRulesOf(poll) : undefined;
  };
  const fold = await refold(replica.batches(), rulesOf, replica.board.show!.created - EPOCH_SLACK_MS, coverage);
  assertReaches(fold, coverage);
  return fold;
}

function addUp(counts: readonly (readonly number[])[]): number[] {
  const added: number[] = [];
  for (const each of counts) each.forEach((count, i) => (added[i] = (added[i] ?? 0) + count));
  return added;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
