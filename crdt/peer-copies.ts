import type { Timers } from "./ports.ts";

interface Waiter {
  readonly sequence: number;
  readonly resolve: (stored: boolean) => void;
}

/** Who waits until a second replica has logged what was written here. */
export class PeerCopies {
  readonly #timers: Timers;
  /** Show and chain → who waits. */
  readonly #waiters = new Map<string, Set<Waiter>>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Resolves true once a peer has said that it has the chain up to `sequence`; false after `timeoutMs`. */
  until(show: string, chain: string, sequence: number, timeoutMs: number): Promise<boolean> {
    const key = `${show} ${chain}`;
    return new Promise((settle) => {
      const waiters = this.#waiters.get(key) ?? new Set();
      this.#waiters.set(key, waiters);
      const resolve = (stored: boolean): void => {
        cancel();
        waiters.delete(waiter);
        settle(stored);
      };
      const cancel = this.#timers.after(timeoutMs, () => resolve(false));
      const waiter: Waiter = { sequence, resolve };
      waiters.add(waiter);
    });
  }

  /** A peer has logged a chain so far. */
  note(show: string, chain: string, sequence: number): void {
    for (const waiter of this.#waiters.get(`${show} ${chain}`) ?? [])
      if (waiter.sequence <= sequence) waiter.resolve(true);
  }
}
