import type { Watermark } from "./coverage.ts";
import type { Cue, CueMessage } from "./cue.ts";

/** When a threshold is crossed. Counts are of receivers whatever vouches for them; a vote of N is one of its option. */
export type Rule =
  /** So many receivers have retrieved the show's content. */
  | ({ readonly kind: "present" } & Steps)
  /** So many receivers have voted: in one poll, or in any of the show. */
  | ({ readonly kind: "voted"; readonly poll?: string } & Steps)
  /** An option has so many votes. */
  | ({ readonly kind: "votes"; readonly poll: string; readonly option: string } & Steps)
  /** An option has at least `percent` of the poll's votes, of which there are at least `sample`. */
  | {
      readonly kind: "share";
      readonly poll: string;
      readonly option: string;
      readonly percent: number;
      readonly sample: number;
    };

interface Steps {
  readonly atLeast: number;
  /** Crossed again at each further so many. */
  readonly every?: number;
}

/** A rule on the ledger, and the cue that it fires. Its definition is fixed once it was armed. */
export interface Threshold {
  /** A slug, unique in the show. */
  readonly id: string;
  readonly rule: Rule;
  /** In a text, `{count}` stands for the number that was crossed. */
  readonly message: CueMessage;
  /** How long receivers show the cue, ms. */
  readonly durationMs: number;
  /** With the permanent database away the cue goes straight to the encoder. Such a threshold fires once only. */
  readonly urgent: boolean;
}

/** A cue as it fired, with its cause. Stands for ever. */
export interface FiredCue {
  readonly cue: Cue;
  /** What was measured: receivers, votes, or a percentage. */
  readonly value: number;
  /** Votes that a share is of. */
  readonly of?: number;
  /** The batches for which it was true: refolding them shows it again. */
  readonly coverage: Watermark;
  /** The watcher that saw it. */
  readonly by: string;
}

/** How far a watcher sees the thresholds that are armed from being crossed. */
export interface Progress {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly thresholds: Readonly<Record<string, ThresholdProgress>>;
}

export interface ThresholdProgress {
  readonly epoch: number;
  readonly value: number;
  /** The value at which it is crossed. */
  readonly target: number;
  /** How fast the value grows, a second. */
  readonly perSecond: number;
  /** Milliseconds to the crossing at that speed; absent where it does not grow. */
  readonly remainingMs?: number;
}
