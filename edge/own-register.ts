import type { Replica } from "../crdt/replica.ts";

/** How often it is looked whether the tallies still show this boot's register: every second. */
const RECLAIM_TICKS = 10;

/** This boot's register in the tallies: as fresh as the fold, and written once a tick at most. */
export class OwnRegister {
  readonly #replica: Replica;
  #isStale = true;
  #ticks = 0;

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  /** Something was folded. */
  onfolded(): void {
    this.#isStale = true;
  }

  /** Called every `TALLIES_INTERVAL_MS`; true where the register was written. */
  tick(): boolean {
    this.#ticks += 1;
    // The second seldom, or two programs under one name would hide each other's with every tick.
    const isDue = this.#isStale || (this.#ticks % RECLAIM_TICKS === 0 && this.#replica.isRegisterHidden);
    if (!isDue) return false;
    this.#isStale = false;
    this.#replica.publishRegister();
    return true;
  }
}
