// Time, timers and randomness that a test owns: nothing happens until it lets time pass, and then always the same.
import type { Clock, Log, Random, Timers, World } from "../../crdt/ports.ts";

interface Task {
  readonly at: number;
  /** Order of setting among tasks of one moment. */
  readonly order: number;
  run: (() => void) | undefined;
}

/** One time for all worlds of a test, in ms since 1970. Tasks run in the order of their time, then of their setting. */
export class VirtualTime implements Timers {
  /** A heap: no task is earlier than its parent at (i − 1) / 2. */
  readonly #heap: Task[] = [];
  #order = 0;
  #now: number;

  constructor(now = Date.UTC(2026, 10, 23, 20, 15)) {
    this.#now = now;
  }

  /** Tasks that are set and have not run. */
  get pending(): number {
    return this.#heap.filter(({ run }) => run !== undefined).length;
  }

  get now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const task: Task = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#heap.push(task);
    this.#rise(this.#heap.length - 1);
    // A cancelled task stays in the heap until its time has come.
    return () => (task.run = undefined);
  }

  /** Runs whatever is due within `ms` from now, and what that sets in turn. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.#heap[0] && this.#heap[0].at <= end) this.#step();
    this.#now = end;
  }

  /** Runs the next task, however far off; false where there is none. */
  next(): boolean {
    while (this.#heap.length > 0) if (this.#step()) return true;
    return false;
  }

  #step(): boolean {
    const task = this.#pop();
    this.#now = task.at;
    const { run } = task;
    task.run = undefined;
    run?.();
    return run !== undefined;
  }

  #pop(): Task {
    const first = this.#heap[0]!;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #rise(i: number): void {
    for (let parent = (i - 1) >> 1; i > 0 && this.#isBefore(i, parent); parent = (i - 1) >> 1) {
      this.#swap(i, parent);
      i = parent;
    }
  }

  #sink(i: number): void {
    for (;;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }

  #isBefore(i: number, j: number): boolean {
    const [a, b] = [this.#heap[i]!, this.#heap[j]!];
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(i: number, j: number): void {
    [this.#heap[i], this.#heap[j]] = [this.#heap[j]!, this.#heap[i]!];
  }
}

/** Reproducible numbers: mulberry32 (Tommy Ettinger). Not fit for keys that matter. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 ≤ number < 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0, below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

export interface LogLine {
  readonly level: Parameters<Log>[0];
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** The world of one program in a virtual time: its own clock, its own randomness, and timers that end with it. */
export class VirtualWorld implements World {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: SeededRandom;
  readonly log: Log;
  readonly lines: LogLine[] = [];
  /** This program's clock minus the test's time, ms. May be set at any moment, as clocks jump. */
  skewMs = 0;
  #stopped = false;

  constructor(time: VirtualTime, seed: number) {
    this.random = new SeededRandom(seed);
    this.clock = { now: () => Math.floor(time.now + this.skewMs) };
    this.timers = { after: (ms, task) => time.after(ms, () => this.#stopped || task()) };
    this.log = (level, message, fields = {}) => void this.lines.push({ level, message, fields });
  }

  /** Kills the program: none of its timers fires any more. */
  stop(): void {
    this.#stopped = true;
  }
}
