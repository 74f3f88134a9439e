import { parseChainId } from "../crdt/batch.ts";
import { leastOf, type Watermark } from "../crdt/coverage.ts";
import { assertReaches, Fold } from "../crdt/fold.ts";
import type { Member } from "../crdt/member.ts";
import { activeBoots, finality, pollState } from "../crdt/poll.ts";
import { HERE } from "../crdt/origin.ts";
import type { Replica } from "../crdt/replica.ts";
import { ledgerName } from "../crdt/documents.ts";
import { EPOCH_SLACK_MS } from "../crdt/shard.ts";
import { Shop } from "../crdt/shop.ts";
import type { Counts, Final, Poll } from "../crdt/show.ts";
import { addCounts } from "../crdt/tallies.ts";
import { tallyRulesOf } from "../crdt/tally.ts";
import type { Store } from "../crdt/store/store.ts";
import type { Finals } from "./finals.ts";
import type { Shows } from "./shows.ts";
import type { Duty, DutyHealth } from "./process.ts";
import * as Y from "yjs";

/** What the permanent database latches: the first that is written stands. */
export interface Latches {
  readonly finals: Finals;
  readonly shows: Shows;
}

/**
 * Keeps every batch in the permanent database: of a member whose store that database is. It alone says what is recorded,
 * prunes the ledgers, establishes shows, and latches results.
 */
export class Recorder implements Duty {
  readonly name = "recorder";
  readonly #member: Member;
  readonly #store: Store;
  readonly #latches: Latches;
  /** Shows whose key is out of the database. */
  readonly #forgotten = new Set<string>();

  /** `store` is the member's own, opened as permanent: what is folded here has been committed there. */
  constructor(member: Member, store: Store, latches: Latches) {
    if (!member.permanent) throw new Error("a recorder's member must be opened as permanent: it keeps every batch");
    this.#member = member;
    this.#store = store;
    this.#latches = latches;
  }

  /** Durable before anyone hears of it: after a crash no other proposal is chosen. */
  async establish(replica: Replica): Promise<void> {
    const [proposal] = replica.board.proposals().filter(({ show }) => show.id === replica.show);
    if (!proposal) return;
    const { show, polls, thresholds, products } = await this.#latches.shows.establish(proposal);
    await replica.change((board) => {
      new Shop(board.doc).addProducts(products);
      board.create(show, polls, thresholds);
    });
  }

  async round(replica: Replica): Promise<void> {
    await awaitBoots(replica);
    await this.#publishWatermarks(replica);
    await this.#latchFinals(replica);
    await this.#forgetKey(replica);
  }

  health(replica: Replica): DutyHealth {
    const folds = [...replica.shards().values()].map(({ fold }) => fold);
    const forks = folds.flatMap((fold) => fold.forks);
    const holes = folds.flatMap((fold) => fold.holes());
    return {
      problems: forks.map(({ chain, sequence }) => `batch ${sequence} of ${chain} contradicts the one before it`),
      waitsFor: [
        ...subscribers(replica)
          .filter(({ register }) => !register)
          .map(({ edge, boot }) => `${edge}/${boot}`),
        // Whoever has it is asked for it at each round of anti-entropy.
        ...holes.map(({ chain, sequence }) => `batch ${sequence} of ${chain}, whose later ones are here`),
      ],
      figures: {
        recorded_batches: replica.coverage().sum,
        pruned_batches: sumOf(replica.board.watermarks.pruned),
        forks: forks.length,
        holes: holes.length,
      },
    };
  }

  /** The show stands in the database, too, as it was established. */
  async #forgetKey({ show, board }: Replica): Promise<void> {
    if (!board.forgotten || !board.show || this.#forgotten.has(show)) return;
    await this.#latches.shows.replaceKey(show, board.show.wrappedKey);
    this.#forgotten.add(show);
  }

  /** First `recorded`, then `pruned` with what the guards need to judge deletions by; only then anything is deleted. */
  async #publishWatermarks(replica: Replica): Promise<void> {
    const before = replica.board.watermarks;
    const recorded = replica.coverage().toJSON();
    const pruned = { ...before.pruned, ...prunable(replica, recorded) };
    const deletable = Object.fromEntries(
      [...replica.shards()].map(([shard, { ledger }]) => {
        const name = ledgerName(replica.show, shard);
        return [name, greatestOf(before.deletable[name] ?? {}, ledger.deletable(pruned))];
      }),
    );
    // Sums, since all of these only grow.
    const changed =
      sumOf(recorded) !== sumOf(before.recorded) ||
      sumOf(pruned) !== sumOf(before.pruned) ||
      sumOfAll(deletable) !== sumOfAll(before.deletable);
    if (changed) await replica.change((board) => board.setWatermarks({ recorded, pruned, deletable }));
    // Also where nothing changed: a crash may have come between, or a batch under the watermark have come back.
    for (const { ledger } of replica.shards().values()) Y.transact(ledger.doc, () => ledger.prune(pruned), HERE);
  }

  async #latchFinals(replica: Replica): Promise<void> {
    const { board } = replica;
    const now = this.#member.clock.now();
    for (const poll of board.polls()) {
      if (pollState(poll, board.transitions(poll.id), now) !== "closed") continue;
      const state = finality(poll.index, board.rosterBoots(), replica.seals(), replica.coverage().toJSON());
      if (!state.ready) continue;
      const counted = await this.#count(replica, poll, state.cut);
      const final: Final = { poll: poll.id, counts: counted, cut: state.cut, lost: state.lost, at: now };
      const standing = await this.#latches.finals.latch(replica.show, final);
      await replica.change((on) => on.setFinal(standing, { at: standing.at, by: this.#member.name }));
      this.#member.world.log("info", "poll is final", { show: replica.show, poll: poll.id });
    }
  }

  /**
   * Folds exactly the cut, from the database: what the result stands for now and for ever. A shard at a time, so that one
   * table is in memory: no receiver is in two of them.
   */
  async #count(replica: Replica, poll: Poll, cut: Watermark): Promise<Final["counts"]> {
    const rules = tallyRulesOf(poll);
    const epoch = replica.board.show!.created - EPOCH_SLACK_MS;
    const counts: Counts[] = [];
    for (const shard of replica.shards().keys()) {
      const fold = new Fold((index) => (index === poll.index ? rules : undefined), epoch, false, "polls");
      const its = Object.entries(cut).filter(([chain]) => parseChainId(chain).shard === shard);
      for (const [id, upTo] of its)
        for await (const bytes of this.#store.batches(replica.show, { chain: parseChainId(id), after: 0, upTo }))
          fold.take(bytes);
      assertReaches(fold, Object.fromEntries(its));
      counts.push(fold.counts(poll.index));
    }
    return addCounts(counts);
  }
}

/** Tells the boots on the roster that results wait for them: not before their entries are durable here. */
async function awaitBoots(replica: Replica): Promise<void> {
  const { board } = replica;
  const boots = board.rosterBoots().filter(({ lost }) => !lost);
  const names = boots.map(({ edge, boot }) => `${edge}/${boot}`).sort();
  if (names.join() === board.awaited.join()) return;
  await replica.settled();
  await replica.change(() => board.setAwaited(names));
}

interface Subscriber {
  readonly edge: string;
  readonly boot: string;
  readonly shards: readonly number[];
  readonly register: Watermark | undefined;
}

/**
 * Boots of edges that must have folded what is to be pruned, each with its register's coverage. One that was drained
 * folds nothing more; a later one on its disk takes from the recorder what it missed.
 */
function subscribers(replica: Replica): Subscriber[] {
  const registers = replica.tallies.registers();
  return activeBoots(replica.board.rosterBoots(), replica.seals()).map(({ edge, boot, shards }) => {
    const register = registers.get(edge);
    // A register of another boot says nothing of this one's disk.
    const sections = register?.boot === boot ? Object.values(register.shards) : undefined;
    return {
      edge,
      boot,
      shards,
      register: sections && Object.assign({}, ...sections.map((section) => section.coverage)),
    };
  });
}

/** What is recorded and covered by every subscriber of the shard. */
function prunable(replica: Replica, recorded: Watermark): Watermark {
  const all = subscribers(replica);
  const { pruned } = replica.board.watermarks;
  const prunable: Record<string, number> = {};
  for (const shard of replica.shards().keys()) {
    const covered = all.filter(({ shards }) => shards.includes(shard)).map(({ register }) => register ?? {});
    const ofShard = Object.entries(recorded).filter(([id]) => parseChainId(id).shard === shard);
    for (const [id, sequence] of Object.entries(leastOf([Object.fromEntries(ofShard), ...covered])))
      if (sequence > (pruned[id] ?? 0)) prunable[id] = sequence;
  }
  return prunable;
}

/** For each key the greater number: after a restart the ledger is empty, and what was deleted before must stay known. */
function greatestOf(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const greatest: Record<string, number> = { ...a };
  for (const [key, number] of Object.entries(b)) greatest[key] = Math.max(greatest[key] ?? 0, number);
  return greatest;
}

function sumOfAll(watermarks: Readonly<Record<string, Readonly<Record<string, number>>>>): number {
  return Object.values(watermarks).reduce((sum, watermark) => sum + sumOf(watermark), 0);
}

function sumOf(watermark: Readonly<Record<string, number>>): number {
  return Object.values(watermark).reduce((sum, sequence) => sum + sequence, 0);
}
