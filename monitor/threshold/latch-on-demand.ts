import type { FiredCue } from "../../crdt/threshold.ts";
import type { CueLatch } from "./latch.ts";

/** A latch and how to let go of it. */
export interface OpenLatch {
  readonly cues: CueLatch;
  close(): Promise<void>;
}

/** A latch in a database that may be away, also when the watcher starts: opened when it is needed, again and again. */
export class LatchOnDemand implements CueLatch {
  readonly #open: () => Promise<OpenLatch>;
  #opened: Promise<OpenLatch> | undefined;

  constructor(open: () => Promise<OpenLatch>) {
    this.#open = open;
  }

  async reserve(show: string, threshold: string, epoch: number): Promise<number> {
    return (await this.#latch()).reserve(show, threshold, epoch);
  }

  async latch(fired: FiredCue): Promise<FiredCue> {
    return (await this.#latch()).latch(fired);
  }

  async pending(show: string): Promise<FiredCue[]> {
    return (await this.#latch()).pending(show);
  }

  async confirm(id: string, at: number): Promise<void> {
    return (await this.#latch()).confirm(id, at);
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.close();
  }

  async #latch(): Promise<CueLatch> {
    const opened = (this.#opened ??= this.#open());
    try {
      return (await opened).cues;
    } catch (error) {
      // Unless somebody has begun anew meanwhile.
      if (this.#opened === opened) this.#opened = undefined;
      throw error;
    }
  }
}
