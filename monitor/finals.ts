import type { Final } from "../crdt/show.ts";

/** Where results are latched: the first one written stands, whoever tries again. */
export interface Finals {
  /** Writes `final` unless the poll has one, and returns the one that stands. */
  latch(show: string, final: Final): Promise<Final>;
}

/** In memory, for tests and the simulation: `latched` is the disk. */
export class MemoryFinals implements Finals {
  readonly latched: Map<string, Final>;

  constructor(latched = new Map<string, Final>()) {
    this.latched = latched;
  }

  latch(show: string, final: Final): Promise<Final> {
    const key = `${show}/${final.poll}`;
    const standing = this.latched.get(key) ?? final;
    this.latched.set(key, standing);
    return Promise.resolve(standing);
  }
}
