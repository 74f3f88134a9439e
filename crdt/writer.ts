import { EVERY_POLL, type Ballot } from "./ballot.ts";
import {
  encodeBatch,
  MAX_BATCH_BALLOTS,
  MAX_BATCH_ORDERS,
  MAX_BATCH_OUTCOMES,
  NO_HASH,
  packBallots,
  type BatchBody,
  type Chain,
  type SealedChain,
} from "./batch.ts";
import { batchHash } from "./batch-hash.ts";
import type { Journal } from "./journal.ts";
import type { Order, Outcome } from "./order.ts";
import type { Timers } from "./ports.ts";
import { Queue, type Flush, type Waiter } from "./queue.ts";

/** How long a ballot waits for company before it is written, ms: an fsync costs about as much. */
export const FLUSH_INTERVAL_MS = 3;
/** The same in a rush, whose ballots wait for the processor anyway: then a flush's fixed cost is shared by more of them. */
export const RUSH_INTERVAL_MS = 9;
/** Records for each ms of a flush's gathering from which the next one is a rush's: 20,000 a second, over half a core's. */
export const RUSH_PER_MS = 20;

interface PendingSeal {
  readonly poll: number;
  readonly time: number;
  readonly others: readonly SealedChain[];
  /** Of each queue, the records handed in before it: it goes once those have gone. */
  readonly after: readonly number[];
  readonly waiter: Waiter;
}

interface Cut {
  readonly kind: BatchBody["kind"];
  readonly bytes: Uint8Array;
  readonly waiters: readonly Waiter[];
}

/** The chain has ended: nothing was written. */
export class ChainEnded extends Error {
  override readonly name = "ChainEnded";
}

/**
 * Writes one chain: gathers ballots, makes a batch of them, has it logged, hands it on, and only then says so. One
 * flush at a time; a sequence number is consumed only when its batch is durable.
 */
export class Writer {
  readonly chain: Chain;
  readonly #show: string;
  readonly #journal: Journal;
  readonly #timers: Timers;
  readonly #onwritten: (batches: readonly Uint8Array[]) => void;
  readonly #ballots = new Queue<Ballot>(MAX_BATCH_BALLOTS, ballotsBody("ballots"));
  readonly #presence = new Queue<Ballot>(MAX_BATCH_BALLOTS, ballotsBody("presence"));
  readonly #orders = new Queue<Order>(MAX_BATCH_ORDERS, (orders) => ({ kind: "orders", orders }));
  readonly #outcomes = new Queue<Outcome>(MAX_BATCH_OUTCOMES, (outcomes) => ({ kind: "outcomes", outcomes }));
  readonly #queues = [this.#ballots, this.#presence, this.#orders, this.#outcomes] as const;
  readonly #seals: PendingSeal[] = [];
  #sequence = 0;
  #written = 0;
  #head: Uint8Array = NO_HASH;
  #flushing: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  /** How long the next flush gathers, ms. */
  #interval = FLUSH_INTERVAL_MS;
  #hasEnded = false;

  /** `onwritten` gets each flush's batches when they are durable, before anyone is told: it folds and replicates. */
  constructor(
    show: string,
    chain: Chain,
    journal: Journal,
    timers: Timers,
    onwritten: (batches: readonly Uint8Array[]) => void,
  ) {
    this.#show = show;
    this.chain = chain;
    this.#journal = journal;
    this.#timers = timers;
    this.#onwritten = onwritten;
  }

  /** Last durable sequence of the chain. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Ballots made durable so far. */
  get written(): number {
    return this.#written;
  }

  /** Records that wait for their flush. */
  get waiting(): number {
    return this.#queues.reduce((waiting, { length }) => waiting + length, 0);
  }

  /** Resolves with the batch's sequence when the ballot is durable. Rejects as `Journal.append` does. */
  write(kind: "ballots" | "presence", ballot: Ballot): Promise<number> {
    return this.#push(this.#queueOf(kind), ballot);
  }

  /** As `write`, without a promise for each of the thousands that wait. */
  put(kind: "ballots" | "presence", ballot: Ballot, waiter: Waiter): void {
    this.#put(this.#queueOf(kind), ballot, waiter);
  }

  /** The same for an order. */
  writeOrder(order: Order): Promise<number> {
    return this.#push(this.#orders, order);
  }

  /** The same for an outcome: the order processor's alone. */
  writeOutcome(outcome: Outcome): Promise<number> {
    return this.#push(this.#outcomes, outcome);
  }

  /**
   * Seals a poll: after every ballot handed in so far, and not after those that keep coming. `others` are the last
   * batches of this edge's earlier boots. Resolves when the seal is durable or was refused. Where the log refuses, it is
   * dropped and stays due: whoever seals looks at the ledger, not at this promise.
   */
  seal(poll: number, time: number, others: readonly SealedChain[]): Promise<void> {
    return this.#hasEnded ? Promise.resolve() : this.#seal(poll, time, others);
  }

  /**
   * Ends the chain with a seal of every poll, those to come too: after all that was handed in so far, and from now on
   * everything else is refused with `ChainEnded`, whatever becomes of the seal. As with `seal` it stays due where the log
   * refuses it.
   */
  end(time: number, others: readonly SealedChain[]): Promise<void> {
    this.#hasEnded = true;
    return this.#seal(EVERY_POLL, time, others);
  }

  #seal(poll: number, time: number, others: readonly SealedChain[]): Promise<void> {
    return new Promise((resolve) => {
      const after = this.#queues.map(({ pushed }) => pushed);
      this.#seals.push({ poll, time, others, after, waiter: () => resolve() });
      void this.flush();
    });
  }

  /** Writes all that waits. Resolves when it is durable or was refused. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (!this.#flushing && this.#due > 0) this.#flushing = this.#drain();
    return this.#flushing ?? Promise.resolve();
  }

  #push<T extends { readonly time: number }>(queue: Queue<T>, record: T): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#put(queue, record, (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)));
    });
  }

  #put<T extends { readonly time: number }>(queue: Queue<T>, record: T, waiter: Waiter): void {
    if (this.#hasEnded) return waiter(new ChainEnded("the chain has ended: nothing is written any more"));
    queue.push(record, waiter);
    this.#schedule(queue.isFull);
  }

  #queueOf(kind: "ballots" | "presence"): Queue<Ballot> {
    return kind === "ballots" ? this.#ballots : this.#presence;
  }

  #schedule(now: boolean): void {
    if (this.#flushing) return;
    if (now) void this.flush();
    else this.#cancelTimer ??= this.#timers.after(this.#interval, () => void this.flush());
  }

  get #due(): number {
    return this.waiting + this.#seals.length;
  }

  async #drain(): Promise<void> {
    while (this.#due > 0) await this.#flushOnce();
    // At once and not in a callback: a ballot that is written in answer to a receipt would find nobody to flush it.
    this.#flushing = undefined;
  }

  async #flushOnce(): Promise<void> {
    const isRush = this.waiting >= RUSH_PER_MS * this.#interval;
    this.#interval = isRush ? RUSH_INTERVAL_MS : FLUSH_INTERVAL_MS;
    const { cuts, sequence, head } = this.#cut();
    try {
      await this.#journal.append(cuts.map(({ bytes }) => ({ kind: "batch", show: this.#show, bytes })));
    } catch (error) {
      for (const { waiters } of cuts) for (const waiter of waiters) waiter(error as Error);
      return;
    }
    this.#sequence = sequence;
    this.#head = head;
    this.#handOn(cuts);
    for (const [i, { kind, waiters }] of cuts.entries()) {
      if (kind === "ballots") this.#written += waiters.length;
      for (const waiter of waiters) waiter(sequence - cuts.length + 1 + i);
    }
  }

  /** What is durable stays acknowledged; a boot that may not have folded it, or not passed it on, has to end. */
  #handOn(cuts: readonly Cut[]): void {
    try {
      this.#onwritten(cuts.map(({ bytes }) => bytes));
    } catch (error) {
      this.#journal.lose(new Error(`folding or passing on what was just logged: ${String(error)}`, { cause: error }));
    }
  }

  /** Turns everything that waits, within a flush's limits, into batches that continue the chain. */
  #cut(): { cuts: Cut[]; sequence: number; head: Uint8Array } {
    const cuts: Cut[] = [];
    let sequence = this.#sequence;
    let head = this.#head;
    const add = ({ body, waiters }: Flush): void => {
      sequence += 1;
      const bytes = encodeBatch({ ...this.chain, sequence, previous: head, ...body });
      head = batchHash(bytes);
      cuts.push({ kind: body.kind, bytes, waiters });
    };
    for (const queue of this.#queues) {
      const flush = queue.take();
      if (flush) add(flush);
    }
    const due = this.#seals.filter(({ after }) => this.#queues.every(({ taken }, i) => taken >= after[i]!));
    for (const seal of this.#seals.splice(0, due.length)) {
      const chains = [...seal.others, { boot: this.chain.boot, sequence, hash: head }];
      add({ body: { kind: "seal", time: seal.time, poll: seal.poll, chains }, waiters: [seal.waiter] });
    }
    return { cuts, sequence, head };
  }
}

function ballotsBody(kind: "ballots" | "presence"): (ballots: readonly Ballot[], time: number) => BatchBody {
  return (ballots, time) => ({ kind, records: packBallots(ballots, time) });
}
