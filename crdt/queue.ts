import { MAX_DELAY_MS } from "./ballot.ts";
import type { BatchBody } from "./batch.ts";

/** What waits for a record to be durable: told once the batch's sequence, or why there will be none. Must not throw. */
export type Waiter = (outcome: number | Error) => void;

/** What becomes one batch: its base time and body, and who waits for it. */
export interface Flush {
  readonly body: { readonly time: number } & BatchBody;
  readonly waiters: readonly Waiter[];
}

/** Records of one kind that wait for their flush. */
export class Queue<T extends { readonly time: number }> {
  readonly #most: number;
  readonly #bodyOf: (records: readonly T[], time: number) => BatchBody;
  readonly #records: T[] = [];
  readonly #waiters: Waiter[] = [];
  #taken = 0;

  /** `bodyOf` makes the body of a batch of at most `most` records, none earlier than `time`. */
  constructor(most: number, bodyOf: (records: readonly T[], time: number) => BatchBody) {
    this.#most = most;
    this.#bodyOf = bodyOf;
  }

  get length(): number {
    return this.#records.length;
  }

  /** Records that were taken so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Records that were handed in so far. */
  get pushed(): number {
    return this.#taken + this.#records.length;
  }

  /** As many wait as one batch takes. */
  get isFull(): boolean {
    return this.#records.length >= this.#most;
  }

  push(record: T, waiter: Waiter): void {
    this.#records.push(record);
    this.#waiters.push(waiter);
  }

  /** The next batch, of those at the front that one can hold; undefined where nothing waits. */
  take(): Flush | undefined {
    const time = this.#records[0]?.time;
    if (time === undefined) return undefined;
    const most = Math.min(this.#most, this.#records.length);
    let count = 0;
    while (count < most && fits(this.#records[count]!.time - time)) count += 1;
    this.#taken += count;
    const body = this.#bodyOf(this.#records.splice(0, count), time);
    return { body: { ...body, time }, waiters: this.#waiters.splice(0, count) };
  }
}

function fits(delay: number): boolean {
  return delay >= 0 && delay <= MAX_DELAY_MS;
}
