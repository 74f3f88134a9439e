import { EVERY_POLL, PRESENCE, VOTERS, type Ballot } from "./ballot.ts";
import {
  ballotsOf,
  chainId,
  decodeBatch,
  NO_HASH,
  visitBallots,
  type Batch,
  type BatchHeader,
  type RecordBatch,
  type SealBatch,
} from "./batch.ts";
import { equalBytes } from "./bytes.ts";
import { batchHash } from "./batch-hash.ts";
import { Coverage, type Watermark } from "./coverage.ts";
import { OrderBook } from "./order-book.ts";
import type { ReceiverId } from "./receiver.ts";
import type { Counts } from "./show.ts";
import { EdgeList, isAllowed, PRESENCE_RULES, Tally, type KnownBallot, type TallyRules } from "./tally.ts";

/**
 * Batches of one chain that wait for an earlier one, from which only the nearest are taken: what is missing comes within
 * two or three comparisons of state, seconds, in which a chain grows by some hundreds. At most 64 MB of full batches,
 * usually 2. What is left out is fetched once its turn has come.
 */
export const MAX_WAITING_BATCHES = 4096;

/**
 * Of which receivers' choices a fold keeps tables, some 20 bytes a receiver each: of all, of polls and not of who is
 * present, or of none, and then it knows what is covered and sealed, and counts nothing.
 */
export type FoldTables = "all" | "polls" | "none";

/** What a fold keeps of the batches that it covers: a snapshot of one that keeps less cannot stand for them. */
export interface FoldContents {
  readonly tables: FoldTables;
  /** Who has voted in any poll. */
  readonly voters: boolean;
}

/** A chain's last batch that was folded here. */
interface Head {
  readonly hash: Uint8Array;
  /** Time of the chain's latest ballot or seal so far, ms since 1970. */
  readonly time: number;
}

/** A batch that contradicts the chain it claims to continue: two programs, or damage. Both are reported, none hidden. */
export interface Fork {
  readonly chain: string;
  readonly sequence: number;
}

/** A hole in a chain as it stands here: everything from `next` to before `from` is missing. */
export interface Gap {
  readonly chain: string;
  readonly next: number;
  readonly from: number;
}

/** A seal as it stands in the ledger. */
export interface StandingSeal extends SealBatch {
  readonly shard: number;
  readonly edge: string;
  readonly boot: string;
  readonly sequence: number;
  readonly time: number;
}

/**
 * A show's ballots folded: each batch once, and only as the next of its chain. Independent of the order of arrival and
 * of repetition; total over the records' bytes.
 */
export class Fold {
  readonly coverage = new Coverage();
  readonly forks: Fork[] = [];
  readonly seals: StandingSeal[] = [];
  readonly orders = new OrderBook();
  readonly #rulesOf: (poll: number) => TallyRules | undefined;
  readonly #epoch: number;
  readonly #keepsVoters: boolean;
  readonly #tables: FoldTables;
  readonly #edges = new EdgeList();
  readonly #tallies = new Map<number, Tally>();
  /** Polls that are final: the cut that their result stands for. */
  readonly #cuts = new Map<number, Watermark>();
  readonly #late = new Map<number, number>();
  /** Poll → of each of its seals the edge; and edge and boot. */
  readonly #sealed = new Map<number, Set<string>>();
  readonly #heads = new Map<string, Head>();
  /** Chain → sequence → a batch that came before its turn. */
  readonly #waiting = new Map<string, Map<number, Uint8Array>>();

  /**
   * `rulesOf` gives a poll's rules by its index; `epoch` is the show's, in ms since 1970. `keepsVoters`: keeps who has
   * voted in any poll as well, 16 bytes a receiver and more.
   */
  constructor(
    rulesOf: (poll: number) => TallyRules | undefined,
    epoch: number,
    keepsVoters = false,
    tables: FoldTables = "all",
  ) {
    this.#rulesOf = rulesOf;
    this.#epoch = epoch;
    this.#keepsVoters = keepsVoters;
    this.#tables = tables;
  }

  /**
   * Takes a batch's bytes. Returns what was folded by that, in order: the batch and those that waited for it, or nothing
   * where it is known or waits itself. Throws `BatchError` where they are none.
   */
  take(bytes: Uint8Array): readonly Uint8Array[] {
    const batch = decodeBatch(bytes);
    const id = chainId(batch);
    const covered = this.coverage.of(id);
    if (batch.sequence <= covered) return [];
    if (batch.sequence > covered + 1) {
      this.#wait(id, batch.sequence, bytes);
      return [];
    }
    this.#fold(id, batch, bytes);
    return [bytes, ...this.#foldWaiting(id)];
  }

  get contents(): FoldContents {
    return { tables: this.#tables, voters: this.#keepsVoters };
  }

  /** Batches that wait for an earlier one of their chain. */
  get waiting(): number {
    let count = 0;
    for (const batches of this.#waiting.values()) count += batches.size;
    return count;
  }

  /** Whether a batch may be handed in: known, or beyond what a chain with a hole may have waiting, it is left out. */
  wants(batch: BatchHeader): boolean {
    const id = chainId(batch);
    const ahead = batch.sequence - this.coverage.of(id);
    if (ahead <= 0) return false;
    return ahead <= MAX_WAITING_BATCHES || (this.#waiting.get(id)?.size ?? 0) < MAX_WAITING_BATCHES;
  }

  /** Chains with batches that wait for an earlier one: the next wanted, and the first of those that wait. */
  gaps(): Gap[] {
    return [...this.#waiting].map(([chain, batches]) => ({
      chain,
      next: this.coverage.of(chain) + 1,
      from: Math.min(...batches.keys()),
    }));
  }

  /** Chains of which later batches are here and earlier ones are not, with the batch that is missing. */
  holes(): Fork[] {
    const waiting = [...this.#waiting].filter(([, batches]) => batches.size > 0);
    return waiting.map(([chain]) => ({ chain, sequence: this.coverage.of(chain) + 1 }));
  }

  /** The hash that the next batch of a chain names as `previous`, where its last batch was folded here. */
  head(chain: string): Uint8Array | undefined {
    return this.#heads.get(chain)?.hash;
  }

  /** Whether an edge, or one boot of it, has sealed a poll: asked for each ballot, so nothing is searched or put together. */
  hasSealed(poll: number, edge: string, boot?: string): boolean {
    return this.#sealed.get(poll)?.has(boot === undefined ? edge : `${edge}/${boot}`) ?? false;
  }

  /** Time of the latest ballot or seal of a chain, where anything of it was folded here. */
  lastTime(chain: string): number | undefined {
    return this.#heads.get(chain)?.time;
  }

  counts(poll: number): Counts {
    return this.tally(poll)?.counts ?? { anonymous: [], signed: [] };
  }

  /** The receiver's choices in force in a poll. */
  known(poll: number, receiver: ReceiverId): KnownBallot[] {
    return this.tally(poll)?.known(receiver) ?? [];
  }

  /** How often a receiver's ballots in a poll contradicted each other: see `Tally.contests`. */
  contests(poll: number): number {
    return this.#tallies.get(poll)?.contests ?? 0;
  }

  /** Receivers that retrieved the show's content. */
  get present(): number {
    return this.tally(PRESENCE)?.size ?? 0;
  }

  /** Receivers that voted in any poll, late ones too; 0 where this fold does not keep them. */
  get voters(): number {
    return this.tally(VOTERS)?.size ?? 0;
  }

  /** Tallies of polls touched so far, by index, presence included. */
  tallies(): ReadonlyMap<number, Tally> {
    return this.#tallies;
  }

  /** Lets go of a final poll's table, since its result stands on the board. Ballots beyond `cut` are late from now on. */
  finalise(poll: number, cut: Watermark): void {
    this.#tallies.delete(poll);
    this.#cuts.set(poll, cut);
  }

  /** Ballots of a final poll that came in batches beyond its cut: kept, shown, not counted. */
  late(poll: number): number {
    return this.#late.get(poll) ?? 0;
  }

  /** Polls with late ballots. */
  latePolls(): IterableIterator<number> {
    return this.#late.keys();
  }

  /** Counts the ballots of a batch beyond the cut that was folded before the final was known. */
  noteLate(poll: number, bytes: Uint8Array): void {
    const batch = decodeBatch(bytes);
    if (!("records" in batch)) return;
    let count = 0;
    for (const ballot of ballotsOf(batch)) if (ballot.poll === poll) count += 1;
    this.addLate(poll, count);
  }

  addSeal(seal: StandingSeal): void {
    this.seals.push(seal);
    const sealed = this.#sealed.get(seal.poll) ?? new Set();
    this.#sealed.set(seal.poll, sealed.add(seal.edge).add(`${seal.edge}/${seal.boot}`));
  }

  addLate(poll: number, count: number): void {
    if (count > 0) this.#late.set(poll, this.late(poll) + count);
  }

  /** Bytes of memory held by the tables. */
  get bytes(): number {
    let bytes = 0;
    for (const tally of this.#tallies.values()) bytes += tally.bytes;
    return bytes;
  }

  get edges(): EdgeList {
    return this.#edges;
  }

  /** Declares a chain covered up to `sequence` without its batches: what a snapshot stands for. */
  resume(chain: string, sequence: number, hash: Uint8Array, time: number): void {
    if (sequence <= this.coverage.of(chain)) return;
    this.coverage.raise(chain, sequence);
    this.#heads.set(chain, { hash, time });
    this.#foldWaiting(chain);
  }

  /** The tally of a poll, made when first asked for; undefined where the poll is not defined or final. */
  tally(poll: number): Tally | undefined {
    const known = this.#tallies.get(poll);
    if (known || this.#cuts.has(poll) || !this.#hasTable(poll)) return known;
    const rules = poll === PRESENCE || this.#isVoters(poll) ? PRESENCE_RULES : this.#rulesOf(poll);
    if (!rules) return undefined;
    const tally = new Tally(rules, this.#epoch, this.#edges);
    this.#tallies.set(poll, tally);
    return tally;
  }

  #hasTable(poll: number): boolean {
    switch (this.#tables) {
      case "all":
        return true;
      case "polls":
        return poll !== PRESENCE;
      case "none":
        return false;
    }
  }

  #fold(id: string, batch: Batch, bytes: Uint8Array): void {
    const head = this.#heads.get(id) ?? { hash: NO_HASH, time: 0 };
    const hasEnded = this.hasSealed(EVERY_POLL, batch.edge, batch.boot);
    if (hasEnded || !equalBytes(head.hash, batch.previous)) this.forks.push({ chain: id, sequence: batch.sequence });
    const latest = this.#foldBody(id, batch);
    this.#heads.set(id, { hash: batchHash(bytes), time: Math.max(head.time, latest) });
    this.coverage.raise(id, batch.sequence);
  }

  /** Returns the time of the latest record. */
  #foldBody(id: string, batch: Batch): number {
    switch (batch.kind) {
      case "ballots":
      case "presence":
        return this.#foldBallots(id, batch);
      case "seal":
        this.addSeal(standing(batch));
        return batch.time;
      case "orders":
        for (const order of batch.orders) this.orders.take(order, batch.edge);
        return latestOf(batch.time, batch.orders);
      case "outcomes":
        for (const outcome of batch.outcomes) this.orders.takeOutcome(outcome);
        return latestOf(batch.time, batch.outcomes);
    }
  }

  /** Returns the time of the latest ballot. */
  #foldBallots(id: string, batch: BatchHeader & RecordBatch): number {
    const edge = this.#edges.number(batch.edge);
    let latest = batch.time;
    visitBallots(batch, (ballot) => {
      if (ballot.time > latest) latest = ballot.time;
      const tally = this.tally(ballot.poll);
      if (this.#keepsVoters) this.#noteVoter(ballot, edge);
      if (tally) tally.take(ballot, edge);
      else if (this.#isLate(ballot.poll, id, batch.sequence)) this.addLate(ballot.poll, 1);
    });
    return latest;
  }

  #isVoters(poll: number): boolean {
    return poll === VOTERS && this.#keepsVoters;
  }

  #noteVoter(ballot: Ballot, edge: number): void {
    const rules = ballot.poll === PRESENCE ? undefined : this.#rulesOf(ballot.poll);
    if (rules && isAllowed(ballot, rules)) this.tally(VOTERS)!.take({ ...ballot, option: 0, k: 1 }, edge);
  }

  #isLate(poll: number, chain: string, sequence: number): boolean {
    const cut = this.#cuts.get(poll);
    return cut !== undefined && sequence > (cut[chain] ?? 0);
  }

  #wait(id: string, sequence: number, bytes: Uint8Array): void {
    const batches = this.#waiting.get(id) ?? new Map<number, Uint8Array>();
    this.#waiting.set(id, batches.set(sequence, bytes));
  }

  #foldWaiting(id: string): readonly Uint8Array[] {
    const batches = this.#waiting.get(id);
    if (!batches) return [];
    const folded: Uint8Array[] = [];
    for (const sequence of batches.keys()) if (sequence <= this.coverage.of(id)) batches.delete(sequence);
    for (let next = batches.get(this.coverage.of(id) + 1); next; next = batches.get(this.coverage.of(id) + 1)) {
      this.#fold(id, decodeBatch(next), next);
      batches.delete(this.coverage.of(id));
      folded.push(next);
    }
    if (batches.size === 0) this.#waiting.delete(id);
    return folded;
  }
}

/** Folds exactly the batches of `cut`: what a final stands for. `batches` may be more, in any order. */
export async function refold(
  batches: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  rulesOf: (poll: number) => TallyRules | undefined,
  epoch: number,
  cut?: Watermark,
  keepsVoters = false,
): Promise<Fold> {
  const fold = new Fold(rulesOf, epoch, keepsVoters);
  for await (const bytes of batches) {
    const batch = decodeBatch(bytes);
    if (cut && batch.sequence > (cut[chainId(batch)] ?? 0)) continue;
    fold.take(bytes);
  }
  return fold;
}

/** Throws unless everything up to `cut` was there to be folded: a sum of less is no result. */
export function assertReaches(fold: Fold, cut: Watermark): void {
  const [missing] = fold.coverage.missing(cut);
  if (!missing) return;
  const { chain, after, upTo } = missing;
  throw new Error(`folding a result again: got ${after} batches of ${chainId(chain)}, wanted ${upTo}`);
}

function latestOf(base: number, records: readonly { readonly time: number }[]): number {
  return records.reduce((latest, { time }) => Math.max(latest, time), base);
}

function standing({ kind, poll, chains, shard, edge, boot, sequence, time }: Batch & SealBatch): StandingSeal {
  return { kind, poll, chains, shard, edge, boot, sequence, time };
}
