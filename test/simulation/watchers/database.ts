import type { FiredCue } from "../../../crdt/threshold.ts";
import type { CueLatch } from "../../../monitor/threshold/latch.ts";
import type { Life } from "../life.ts";
import type { Stage } from "../stage.ts";
import { MemoryLatch } from "../../support/memory-latches.ts";

/** How long a request takes to the database, and back, ms. */
const REQUEST_MS = 5;
/** How long a request that nobody answers is waited for, ms. */
const TIMEOUT_MS = 1500;

/** The permanent database, as far as cues go: one for all watchers, behind the time that a request takes. */
export class SimDatabase {
  readonly inner = new MemoryLatch();
  /** Nobody answers. */
  isAway = false;
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** As one watcher's process reaches it. */
  of(life: Life): CueLatch {
    const ask = <T>(request: () => Promise<T>) => this.#ask(life, request);
    return {
      reserve: (...of) => ask(() => this.inner.reserve(...of)),
      latch: (fired) => ask(() => this.#latch(life, fired)),
      pending: (show) => ask(() => this.inner.pending(show)),
      confirm: (id, at) => ask(() => this.inner.confirm(id, at)),
    };
  }

  #latch(life: Life, fired: FiredCue): Promise<FiredCue> {
    const isKnown = this.inner.cues.has(fired.cue.id);
    this.#stage.saw(isKnown ? "a cue was latched again" : "a cue was latched");
    this.#stage.note(`${life.host} latches`, fired.cue.id);
    return this.inner.latch(fired);
  }

  #ask<T>(life: Life, request: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!life.reach("before latching a result")) return;
      this.#stage.after(REQUEST_MS, () => {
        if (this.isAway) return this.#refuse(life, reject);
        void request().then((answer) => {
          if (life.reach("after latching a result"))
            this.#stage.after(REQUEST_MS, () => life.run(() => resolve(answer)));
        });
      });
    });
  }

  #refuse(life: Life, reject: (error: Error) => void): void {
    this.#stage.saw("the database was away");
    this.#stage.after(TIMEOUT_MS, () => life.run(() => reject(new Error("the database does not answer"))));
  }
}
