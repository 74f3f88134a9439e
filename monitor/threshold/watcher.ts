import type { Member } from "../../crdt/member.ts";
import type { Replica } from "../../crdt/replica.ts";
import type { CueEncoder } from "../cue.ts";
import type { Change, Duty, DutyHealth } from "../process.ts";
import type { CueLatch } from "./latch.ts";
import { ShowWatch } from "./show-watch.ts";

export interface WatcherOptions {
  readonly member: Member;
  /** The permanent database; without, another watcher latches what this one sees. */
  readonly latch?: CueLatch;
  /** Without, another watcher sends the cues. */
  readonly encoder?: CueEncoder;
}

/** Watches the thresholds of every show. Any number of watchers may run: each cue fires once. */
export class Watcher implements Duty {
  readonly name = "watcher";
  readonly #options: WatcherOptions;
  readonly #watches = new Map<string, ShowWatch>();

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  onchange(replica: Replica, change: Change): void {
    this.#watchOf(replica).onchange(change);
  }

  round(replica: Replica): Promise<void> {
    return this.#watchOf(replica).round();
  }

  health(replica: Replica): DutyHealth {
    return this.#watchOf(replica).health();
  }

  #watchOf(replica: Replica): ShowWatch {
    const known = this.#watches.get(replica.show);
    if (known) return known;
    const watch = new ShowWatch(replica, this.#options);
    this.#watches.set(replica.show, watch);
    return watch;
  }
}
