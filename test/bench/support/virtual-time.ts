import type { World } from "../../../crdt/ports.ts";

interface Timer {
  readonly due: number;
  readonly task: () => void;
}

/** A clock that moves when told to, so that members in one process can be measured without their timers in between. */
export class VirtualTime {
  #now = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<Timer>();

  /** What a member gets of the world; its warnings and errors end up on standard error. */
  world(): World {
    return {
      clock: { now: () => this.#now },
      timers: {
        after: (ms, task) => {
          const timer = { due: this.#now + ms, task };
          this.#timers.add(timer);
          return () => this.#timers.delete(timer);
        },
      },
      random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
      log: (level, message, fields) => {
        if (level === "warn" || level === "error") console.error(level, message, JSON.stringify(fields));
      },
    };
  }

  get now(): number {
    return this.#now;
  }

  /** Moves on by `ms`, and calls `settle` after each moment at which something was due. */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const until = this.#now + ms;
    for (let due = this.#nextDue(until); due !== undefined; due = this.#nextDue(until)) {
      this.#now = Math.max(this.#now, due);
      for (const timer of this.#timers) if (timer.due <= this.#now && this.#timers.delete(timer)) timer.task();
      await settle();
    }
    this.#now = until;
  }

  #nextDue(until: number): number | undefined {
    let next: number | undefined;
    for (const { due } of this.#timers) if (due <= until && due < (next ?? Infinity)) next = due;
    return next;
  }
}

/** Lets everything that is ready run: promises, and one turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
