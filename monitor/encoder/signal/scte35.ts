import { ByteWriter, descriptor } from "./bytes.ts";
import { sealed } from "./section.ts";

/** Longest section that goes into one packet behind its pointer, less one: at 184 a receiver saw one of five. */
export const MAX_SCTE35_BYTES = 183;
/** `segmentation_upid_type` for data whose format a registered identifier names (SCTE 35, 10.3.3.1). */
export const UPID_MPU = 0x0c;
/** `segmentation_type_id` "Content Identification": says what is on, and starts no break. */
export const CONTENT_IDENTIFICATION = 0x01;

const TABLE_ID = 0xfc;
const SPLICE_INSERT = 0x05;
const TIME_SIGNAL = 0x06;
const SEGMENTATION_DESCRIPTOR = 0x02;
const IDENTIFIER = "CUEI";

/** A segmentation descriptor (SCTE 35, 10.3.3). */
export interface Segmentation {
  /** `segmentation_event_id`, 32 bits. */
  readonly eventId: number;
  /** Ends an earlier segmentation under the same id; then nothing but the id counts. */
  readonly isCancelled?: boolean;
  /** 90 kHz ticks; 0: none is said. */
  readonly duration: number;
  readonly upidType: number;
  readonly upid: Uint8Array;
  readonly type: number;
  readonly number: number;
  readonly expected: number;
}

/** A splice_insert, on request only: it can start an ad break (9.7.3). */
export interface SpliceInsert {
  readonly eventId: number;
  readonly programId: number;
  /** "cancel" takes an earlier one back. */
  readonly kind: "out" | "in" | "cancel";
  /** 90 kHz ticks; 0: none is said. */
  readonly breakDuration: number;
  readonly autoReturn: boolean;
  readonly avail: number;
  readonly availsExpected: number;
}

/** A time_signal with its segmentations. `pts`: 90 kHz, or undefined for "at once" (9.7.4). */
export function writeTimeSignal(
  pts: number | undefined,
  segmentations: readonly Segmentation[],
): Uint8Array<ArrayBuffer> {
  return writeSection(TIME_SIGNAL, spliceTime(pts), segmentations);
}

/** A splice_insert (9.7.3). `pts`: of the splice, 90 kHz; undefined for "at once". */
export function writeSpliceInsert(
  insert: SpliceInsert,
  pts: number | undefined,
  segmentations: readonly Segmentation[],
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().u32(insert.eventId).u8(insert.kind === "cancel" ? 0xff : 0x7f);
  if (insert.kind !== "cancel") {
    const isOut = insert.kind === "out";
    const flags =
      (isOut ? 0x80 : 0) | 0x40 | (insert.breakDuration > 0 ? 0x20 : 0) | (pts === undefined ? 0x10 : 0) | 0x0f;
    writer.u8(flags);
    if (pts !== undefined) writer.bytes(spliceTime(pts));
    if (insert.breakDuration > 0) writer.bytes(ticks33(insert.breakDuration, insert.autoReturn ? 0xfe : 0x7e));
    writer.u16(insert.programId).u8(insert.avail).u8(insert.availsExpected);
  }
  return writeSection(SPLICE_INSERT, writer.done(), segmentations);
}

/** splice_info_section (9.6): in the clear, no adjustment, every tier. */
function writeSection(
  command: number,
  body: Uint8Array,
  segmentations: readonly Segmentation[],
): Uint8Array<ArrayBuffer> {
  const descriptors = new ByteWriter();
  for (const each of segmentations) descriptors.bytes(segmentationDescriptor(each));
  const length = 11 + body.length + 2 + descriptors.length + 4;
  const writer = new ByteWriter()
    .u8(TABLE_ID)
    .u16(0x3000 | length) // No section syntax, not private, sap_type 3: not specified.
    .u8(0) // protocol_version
    .u8(0) // Not encrypted; the 33rd bit of pts_adjustment.
    .u32(0)
    .u8(0) // cw_index
    .bytes([0xff, 0xf0 | (body.length >>> 8), body.length & 0xff]) // tier 0xFFF, splice_command_length
    .u8(command)
    .bytes(body)
    .u16(descriptors.length)
    .bytes(descriptors.done());
  return sealed(writer);
}

function spliceTime(pts: number | undefined): Uint8Array {
  return pts === undefined ? Uint8Array.of(0x7f) : ticks33(pts, 0xfe);
}

/** 33 bits behind seven flags: `first` holds the flags, its lowest bit free. */
function ticks33(ticks: number, first: number): Uint8Array {
  return new ByteWriter()
    .u8(first | (Math.floor(ticks / 2 ** 32) & 1))
    .u32(ticks % 2 ** 32)
    .done();
}

function segmentationDescriptor(segmentation: Segmentation): Uint8Array {
  const { eventId, isCancelled = false, duration, upidType, upid, type, number, expected } = segmentation;
  const writer = new ByteWriter()
    .ascii(IDENTIFIER)
    .u32(eventId)
    .u8(isCancelled ? 0xff : 0x7f);
  if (!isCancelled) {
    // The whole programme; delivery is not restricted.
    writer.u8(duration > 0 ? 0xff : 0xbf);
    if (duration > 0) writer.u8(Math.floor(duration / 2 ** 32)).u32(duration % 2 ** 32);
    writer.u8(upidType).u8(upid.length).bytes(upid).u8(type).u8(number).u8(expected);
  }
  return descriptor(SEGMENTATION_DESCRIPTOR, writer.done());
}
