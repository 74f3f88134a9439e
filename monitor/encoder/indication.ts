import { decodePayload, type Payload } from "./payload.ts";
import type { MultipleMessage } from "./scte104/message.ts";
import type { SegmentationOperation, SpliceOperation } from "./scte104/operation.ts";
import { RESULT } from "./scte104/reader.ts";
import { type Segmentation, type SpliceInsert, UPID_MPU } from "./signal/scte35.ts";

/** What the encoder is asked to put into the signal. */
export type Indication = CueIndication | SegmentationIndication | SpliceIndication;

/** One of ours: it goes into every carrier. */
export interface CueIndication {
  readonly kind: "cue";
  readonly eventId: number;
  readonly payload: Payload;
  /** Counts the encoder's cues; the stream event's version follows from it, so that a repetition is known as one. */
  readonly firing: number;
}

/** A station's own, passed on as SCTE 35 alone. */
export interface SegmentationIndication {
  readonly kind: "segmentation";
  readonly segmentations: readonly Segmentation[];
  /** From now until the signal's time, ms. */
  readonly preRoll: number;
}

export interface SpliceIndication {
  readonly kind: "splice";
  readonly insert: SpliceInsert;
  readonly segmentations: readonly Segmentation[];
  /** From now until the splice, ms; undefined: at once. */
  readonly preRoll: number | undefined;
}

/** Why a message cannot become an indication, with the result that its sender is told. */
export interface Refused {
  readonly refused: number;
  readonly reason: string;
}

const TICKS_A_SECOND = 90_000;
const TICKS_A_TENTH = 9000;

/**
 * What a SCTE 104 message asks for; undefined where it asks for nothing, as a splice_null. `firing`: the number that a
 * cue gets. `formatIdentifier`: what marks our own.
 */
export function readIndication(
  { time, operations }: MultipleMessage,
  formatIdentifier: string,
  firing: number,
): Indication | Refused | undefined {
  if (time.type === "unsupported")
    return refuse(RESULT.timeTypeUnsupported, `time type ${time.code}, wanted none or UTC`);
  const segmentations: SegmentationOperation[] = [];
  let [preRoll, splice]: [number | undefined, SpliceOperation | undefined] = [undefined, undefined];
  for (const operation of operations) {
    if (operation.op === "unknown")
      return refuse(
        RESULT.unknownOperation,
        `operation 0x${operation.code.toString(16)}, wanted splice_request or time_signal`,
      );
    if (operation.op === "segmentation") segmentations.push(operation);
    if (operation.op === "time_signal") preRoll = operation.preRoll;
    if (operation.op === "splice") splice = operation;
  }
  if (splice) return spliceOf(splice, segmentations);
  if (preRoll === undefined || segmentations.length === 0) {
    if (operations.length > 0 && operations.every(({ op }) => op === "splice_null")) return undefined;
    return refuse(RESULT.invalidSyntax, "wanted a splice_request, or a time_signal with a segmentation descriptor");
  }
  const cue = segmentations.length === 1 ? cueOf(segmentations[0]!, formatIdentifier, firing) : undefined;
  return cue ?? { kind: "segmentation", segmentations: segmentations.map(segmentationOf), preRoll };
}

/** ms from the message's time until what it asks for has to go out. */
export function leadOf(message: MultipleMessage, indication: Indication): number {
  if (indication.kind !== "cue") return 0;
  return message.operations.reduce((lead, each) => (each.op === "time_signal" ? each.preRoll : lead), 0);
}

/** How long after it went out an indication still makes sense, ms. */
export function lifeOf(indication: Indication): number {
  return indication.kind === "cue" ? indication.payload.durationMs : (indication.preRoll ?? 0);
}

/** By what a cue is known when it comes again; undefined for what a station may send as often as it likes. */
export function keyOf(indication: Indication): string | undefined {
  return indication.kind === "cue" ? `${indication.payload.show}/${indication.payload.cue}` : undefined;
}

function cueOf(
  { eventId, isCancelled, upidType, upid }: SegmentationOperation,
  formatIdentifier: string,
  firing: number,
): CueIndication | undefined {
  const isOurs =
    !isCancelled && upidType === UPID_MPU && String.fromCharCode(...upid.subarray(0, 4)) === formatIdentifier;
  const payload = isOurs ? decodePayload(upid.subarray(4)) : undefined;
  return payload && { kind: "cue", eventId, payload, firing };
}

function segmentationOf(of: SegmentationOperation): Segmentation {
  const { eventId, isCancelled, upidType, upid, type } = of;
  const duration = of.duration * TICKS_A_SECOND;
  return { eventId, isCancelled, duration, upidType, upid, type, number: of.segment, expected: of.segmentsExpected };
}

/** splice_insert_type (SCTE 104, table 9-2). */
const SPLICES = [
  undefined,
  { kind: "out", isTimed: true },
  { kind: "out", isTimed: false },
  { kind: "in", isTimed: true },
  { kind: "in", isTimed: false },
  { kind: "cancel", isTimed: false },
] as const;

function spliceOf(of: SpliceOperation, segmentations: readonly SegmentationOperation[]): SpliceIndication | Refused {
  const found = SPLICES[of.type];
  if (!found) return refuse(RESULT.rejected, `splice_insert_type ${of.type}, wanted 1 to 5`);
  const { eventId, programId, avail, availsExpected, autoReturn } = of;
  const breakDuration = of.breakDuration * TICKS_A_TENTH;
  return {
    kind: "splice",
    insert: { eventId, programId, kind: found.kind, breakDuration, autoReturn, avail, availsExpected },
    segmentations: segmentations.map(segmentationOf),
    preRoll: found.isTimed ? of.preRoll : undefined,
  };
}

function refuse(refused: number, reason: string): Refused {
  return { refused, reason };
}
