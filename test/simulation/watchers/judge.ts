import { chainId, decodeHeader } from "../../../crdt/batch.ts";
import type { Watermark } from "../../../crdt/coverage.ts";
import { refold, type Fold } from "../../../crdt/fold.ts";
import { EPOCH_SLACK_MS } from "../../../crdt/shard.ts";
import type { Poll, Show } from "../../../crdt/show.ts";
import type { FiredCue, Threshold } from "../../../crdt/threshold.ts";
import { tallyRulesOf } from "../../../crdt/tally.ts";
import type { JournalledCue } from "../../../monitor/recording-encoder/journal.ts";
import { measure } from "../../../monitor/threshold/measure.ts";
import { readingsOf } from "../../../monitor/threshold/readings.ts";
import type { Stage } from "../stage.ts";

/** Thresholds whose measure only grows: once they are true they stay so, and have to have fired. */
const GROWING = new Set(["present", "voted"]);
const MOST_EPOCHS = 20;

/** Knows every batch that became durable anywhere, and judges by folding them again. */
export class Judge {
  readonly #stage: Stage;
  readonly #show: Show;
  readonly #polls: readonly Poll[];
  readonly #thresholds: readonly Threshold[];
  readonly #batches = new Map<string, Uint8Array>();
  /** Threshold and epoch → how often it went into the picture. */
  readonly #shown = new Map<string, number>();
  readonly #events = new Map<number, string>();

  constructor(stage: Stage, show: Show, polls: readonly Poll[], thresholds: readonly Threshold[]) {
    this.#stage = stage;
    this.#show = show;
    this.#polls = polls;
    this.#thresholds = thresholds;
  }

  onbatch(bytes: Uint8Array): void {
    const header = decodeHeader(bytes);
    this.#batches.set(`${chainId(header)}/${header.sequence}`, bytes);
  }

  onjournalled({ cue: { threshold, epoch, eventId } }: JournalledCue): void {
    const key = `${threshold}/${epoch}`;
    const times = (this.#shown.get(key) ?? 0) + 1;
    this.#shown.set(key, times);
    if (times > 1) this.#stage.violate("a cue goes into the picture once", `${key}, ${times} times`);
    const other = this.#events.get(eventId);
    if (other !== undefined && other !== key)
      this.#stage.violate("an event id is one cue's", `${eventId} is that of ${other} and of ${key}`);
    this.#events.set(eventId, key);
  }

  /** Each cue was true for the coverage that it names. */
  async judgeCauses(cues: readonly FiredCue[]): Promise<void> {
    for (const fired of cues) {
      const { threshold: id, epoch } = fired.cue;
      const threshold = this.#thresholds.find((each) => each.id === id)!;
      const { isCrossed, value } = this.#measure(threshold, epoch, await this.#fold(fired.coverage));
      if (!isCrossed || value !== fired.value)
        this.#stage.violate("no cue without cause", `${id}/${epoch} fired at ${fired.value}, folded again ${value}`);
    }
  }

  /** Everything that was crossed has fired, and nothing else that only grows. */
  async judgeEnd(): Promise<void> {
    const fold = await this.#fold();
    for (const threshold of this.#thresholds) {
      if (!GROWING.has(threshold.rule.kind)) continue;
      const last = "every" in threshold.rule && threshold.rule.every ? MOST_EPOCHS : 1;
      for (let epoch = 1; epoch <= last; epoch++) {
        const { isCrossed, value, target } = this.#measure(threshold, epoch, fold);
        const times = this.#shown.get(`${threshold.id}/${epoch}`) ?? 0;
        if (times !== (isCrossed ? 1 : 0))
          this.#stage.violate(
            "what was crossed fires, and nothing else",
            `${threshold.id}/${epoch} at ${value} of ${target} went into the picture ${times} times`,
          );
      }
    }
  }

  #measure(threshold: Threshold, epoch: number, fold: Fold) {
    return measure(threshold.rule, epoch, this.#polls, readingsOf([fold]));
  }

  #fold(coverage?: Watermark): Promise<Fold> {
    const rulesOf = (index: number) => {
      const poll = this.#polls[index];
      return poll && tallyRulesOf(poll);
    };
    return refold(this.#batches.values(), rulesOf, this.#show.created - EPOCH_SLACK_MS, coverage, true);
  }
}
