// A world that stands still until a test moves it.
import type { Clock, Log, Random, Timers, World } from "../../crdt/ports.ts";

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/** Clock, timers, randomness and log that a test winds by hand. */
export class ManualWorld implements World {
  readonly lines: string[] = [];
  /** The wall clock; it may be set, also backwards. */
  time: number;
  #elapsed = 0;
  #timers: Timer[] = [];
  #seed: number;

  constructor(time = 1_800_000_000_000, seed = 1) {
    this.time = time;
    this.#seed = seed;
  }

  readonly clock: Clock = { now: () => this.time };

  readonly timers: Timers = {
    after: (ms, task) => {
      const timer = { at: this.#elapsed + ms, task };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      };
    },
  };

  readonly random: Random = {
    bytes: (length) =>
      Uint8Array.from({ length }, () => {
        this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
        return this.#seed >>> 24;
      }),
  };

  readonly log: Log = (level, message) => {
    this.lines.push(`${level}: ${message}`);
  };

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Lets `ms` pass: every timer due by then fires, in order, at its time. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (let next = this.#nextUntil(end); next; next = this.#nextUntil(end)) {
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#pass(next.at - this.#elapsed);
      next.task();
    }
    this.#pass(end - this.#elapsed);
  }

  #nextUntil(end: number): Timer | undefined {
    return this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }

  #pass(ms: number): void {
    this.#elapsed += ms;
    this.time += ms;
  }
}

/** Lets everything that is already under way in promises come to its end; no time passes. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}
