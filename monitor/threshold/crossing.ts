import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Watermark } from "../../crdt/coverage.ts";
import type { CueMessage } from "../../crdt/cue.ts";
import type { FiredCue, Threshold } from "../../crdt/threshold.ts";
import { targetOf, type Measured } from "./measure.ts";

const CUE_ID_BYTES = 16;

/** A moment at which a threshold's rule became true, as the watcher that saw it says it. */
export interface Sighting {
  readonly show: string;
  readonly threshold: Threshold;
  readonly epoch: number;
  readonly eventId: number;
  readonly measured: Measured;
  readonly coverage: Watermark;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly by: string;
}

/** The cue of a crossing: its id, event id and message are the same whoever sees it. */
export function crossingOf(sighting: Sighting): FiredCue {
  const { show, threshold, epoch, eventId, measured, coverage, at, by } = sighting;
  return {
    cue: {
      id: cueId(show, threshold.id, epoch),
      eventId,
      show,
      threshold: threshold.id,
      epoch,
      message: messageOf(threshold, epoch),
      durationMs: threshold.durationMs,
      firedAt: at,
    },
    value: measured.value,
    ...(measured.of === undefined ? {} : { of: measured.of }),
    coverage,
    by,
  };
}

/** Of names without a NUL, so that no two triples are one text. */
export function cueId(show: string, threshold: string, epoch: number): string {
  return bytesToHex(sha256(utf8ToBytes([show, threshold, epoch].join("\0"))).subarray(0, CUE_ID_BYTES));
}

/** Says the count that was crossed, not the one that was reached: two watchers may see different ones. */
function messageOf({ rule, message }: Threshold, epoch: number): CueMessage {
  if (message.kind !== "text") return message;
  return { kind: "text", text: message.text.replaceAll("{count}", grouped(targetOf(rule, epoch))) };
}

/** 10000 → "10,000", whatever the machine's language. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}
