import { MAX_DELAY_MS, type Ballot } from "./ballot.ts";
import {
  batchHash,
  encodeBatch,
  MAX_BATCH_BALLOTS,
  NO_HASH,
  packBallots,
  type Chain,
  type RecordBatch,
  type SealBatch,
  type SealedChain,
} from "./batch.ts";
import type { Journal } from "./journal.ts";
import type { Timers } from "./ports.ts";

/** How long a ballot waits for company before it is written, ms: an fsync costs about as much. */
export const FLUSH_INTERVAL_MS = 3;

interface Pending {
  readonly ballot: Ballot;
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: Error) => void;
}

interface PendingSeal {
  readonly poll: number;
  readonly time: number;
  readonly others: readonly SealedChain[];
}

interface Cut {
  readonly kind: "ballots" | "presence" | "seal";
  readonly bytes: Uint8Array;
  readonly written: readonly Pending[];
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
  readonly #ballots: Pending[] = [];
  readonly #presence: Pending[] = [];
  readonly #seals: PendingSeal[] = [];
  #sequence = 0;
  #written = 0;
  #head: Uint8Array = NO_HASH;
  #flushing: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;

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

  /** Ballots that wait for their flush. */
  get waiting(): number {
    return this.#ballots.length + this.#presence.length;
  }

  /** Resolves with the batch's sequence when the ballot is durable. Rejects as `Journal.append` does. */
  write(kind: "ballots" | "presence", ballot: Ballot): Promise<number> {
    return new Promise((resolve, reject) => {
      const pending = kind === "ballots" ? this.#ballots : this.#presence;
      pending.push({ ballot, resolve, reject });
      this.#schedule(pending.length >= MAX_BATCH_BALLOTS);
    });
  }

  /**
   * Seals a poll: after every ballot handed in so far. `others` are the last batches of this edge's earlier boots.
   * Where the log refuses, the seal is dropped and stays due: whoever seals looks at the ledger, not at this promise.
   */
  seal(poll: number, time: number, others: readonly SealedChain[]): Promise<void> {
    this.#seals.push({ poll, time, others });
    return this.flush();
  }

  /** Writes all that waits. Resolves when it is durable or was refused. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (!this.#flushing && this.#due > 0) this.#flushing = this.#drain();
    return this.#flushing ?? Promise.resolve();
  }

  #schedule(now: boolean): void {
    if (this.#flushing) return;
    if (now) void this.flush();
    else this.#cancelTimer ??= this.#timers.after(FLUSH_INTERVAL_MS, () => void this.flush());
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
    const { cuts, sequence, head } = this.#cut();
    try {
      await this.#journal.append(cuts.map(({ bytes }) => ({ kind: "batch", show: this.#show, bytes })));
    } catch (error) {
      for (const { written } of cuts) for (const pending of written) pending.reject(error as Error);
      return;
    }
    this.#sequence = sequence;
    this.#head = head;
    this.#onwritten(cuts.map(({ bytes }) => bytes));
    for (const [i, { kind, written }] of cuts.entries()) {
      if (kind === "ballots") this.#written += written.length;
      for (const pending of written) pending.resolve(sequence - cuts.length + 1 + i);
    }
  }

  /** Turns everything that waits, within a flush's limits, into batches that continue the chain. */
  #cut(): { cuts: Cut[]; sequence: number; head: Uint8Array } {
    const cuts: Cut[] = [];
    let sequence = this.#sequence;
    let head = this.#head;
    const add = (body: { time: number } & (RecordBatch | SealBatch), written: readonly Pending[]): void => {
      sequence += 1;
      const bytes = encodeBatch({ ...this.chain, sequence, previous: head, ...body });
      head = batchHash(bytes);
      cuts.push({ kind: body.kind, bytes, written });
    };
    for (const kind of ["ballots", "presence"] as const) {
      const written = this.#takeFlush(kind);
      const first = written[0];
      if (!first) continue;
      const records = packBallots(
        written.map(({ ballot }) => ballot),
        first.ballot.time,
      );
      add({ kind, time: first.ballot.time, records }, written);
    }
    if (this.waiting > 0) return { cuts, sequence, head };
    for (const seal of this.#seals.splice(0)) {
      const chains = [...seal.others, { boot: this.chain.boot, sequence, hash: head }];
      add({ kind: "seal", time: seal.time, poll: seal.poll, chains }, []);
    }
    return { cuts, sequence, head };
  }

  #takeFlush(kind: "ballots" | "presence"): Pending[] {
    const pending = kind === "ballots" ? this.#ballots : this.#presence;
    const base = pending[0]?.ballot.time ?? 0;
    const most = Math.min(MAX_BATCH_BALLOTS, pending.length);
    const fits = ({ ballot }: Pending): boolean => ballot.time >= base && ballot.time - base <= MAX_DELAY_MS;
    let count = 0;
    while (count < most && fits(pending[count]!)) count += 1;
    return pending.splice(0, count);
  }
}
