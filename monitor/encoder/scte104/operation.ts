import { ByteWriter } from "../signal/bytes.ts";
import { Reader } from "./reader.ts";

/** opID of what a multiple operation message asks for (table 8-4). */
const ASK = { splice: 0x0101, spliceNull: 0x0102, timeSignal: 0x0104, segmentation: 0x010b } as const;

/** What a multiple operation message asks for (SCTE 104, table 8-4). */
export type Operation =
  /** `preRoll`: ms from the message's time until the signal's. */
  | { readonly op: "time_signal"; readonly preRoll: number }
  | SegmentationOperation
  | SpliceOperation
  | { readonly op: "splice_null" }
  | { readonly op: "unknown"; readonly code: number };

/** insert_segmentation_descriptor_request_data (9.8.8). */
export interface SegmentationOperation {
  readonly op: "segmentation";
  readonly eventId: number;
  readonly isCancelled: boolean;
  /** Seconds; 0: none is said. */
  readonly duration: number;
  readonly upidType: number;
  readonly upid: Uint8Array;
  readonly type: number;
  readonly segment: number;
  readonly segmentsExpected: number;
}

/** splice_request_data (9.3.1). */
export interface SpliceOperation {
  readonly op: "splice";
  /** 1 start, 2 start at once, 3 end, 4 end at once, 5 cancel. */
  readonly type: number;
  readonly eventId: number;
  readonly programId: number;
  readonly preRoll: number;
  /** Tenths of a second. */
  readonly breakDuration: number;
  readonly avail: number;
  readonly availsExpected: number;
  readonly autoReturn: boolean;
}

export function encodeOperation(operation: Operation): { readonly code: number; readonly data: Uint8Array } {
  switch (operation.op) {
    case "time_signal":
      return { code: ASK.timeSignal, data: new ByteWriter().u16(operation.preRoll).done() };
    case "segmentation":
      return { code: ASK.segmentation, data: encodeSegmentation(operation) };
    case "splice":
      return { code: ASK.splice, data: encodeSplice(operation) };
    case "splice_null":
      return { code: ASK.spliceNull, data: new Uint8Array() };
    case "unknown":
      throw new Error(`writing a SCTE 104 message: got operation 0x${operation.code.toString(16)}, wanted a known one`);
  }
}

function encodeSegmentation(of: SegmentationOperation): Uint8Array {
  const writer = new ByteWriter()
    .u32(of.eventId)
    .u8(of.isCancelled ? 1 : 0)
    .u16(of.duration);
  writer.u8(of.upidType).u8(of.upid.length).bytes(of.upid).u8(of.type).u8(of.segment).u8(of.segmentsExpected);
  // No extension in frames; delivery is not restricted, so the next four say nothing. The three bytes on sub-segments
  // are left out: they are optional, and older injectors reject them.
  return writer.bytes([0, 1, 1, 1, 1, 3]).done();
}

function encodeSplice(of: SpliceOperation): Uint8Array {
  const writer = new ByteWriter().u8(of.type).u32(of.eventId).u16(of.programId).u16(of.preRoll).u16(of.breakDuration);
  return writer
    .u8(of.avail)
    .u8(of.availsExpected)
    .u8(of.autoReturn ? 1 : 0)
    .done();
}

export function decodeOperation(message: Reader): Operation {
  const code = message.u16();
  const reader = new Reader(message.bytes(message.u16()), 0);
  switch (code) {
    case ASK.timeSignal:
      return { op: "time_signal", preRoll: reader.u16() };
    case ASK.segmentation:
      return decodeSegmentation(reader);
    case ASK.splice:
      return decodeSplice(reader);
    case ASK.spliceNull:
      return { op: "splice_null" };
    default:
      return { op: "unknown", code };
  }
}

function decodeSegmentation(reader: Reader): SegmentationOperation {
  const eventId = reader.u32();
  const isCancelled = reader.u8() !== 0;
  const duration = reader.u16();
  const upidType = reader.u8();
  const upid = reader.bytes(reader.u8());
  const [type, segment, segmentsExpected] = [reader.u8(), reader.u8(), reader.u8()];
  return { op: "segmentation", eventId, isCancelled, duration, upidType, upid, type, segment, segmentsExpected };
}

function decodeSplice(reader: Reader): SpliceOperation {
  return {
    op: "splice",
    type: reader.u8(),
    eventId: reader.u32(),
    programId: reader.u16(),
    preRoll: reader.u16(),
    breakDuration: reader.u16(),
    avail: reader.u8(),
    availsExpected: reader.u8(),
    autoReturn: reader.u8() !== 0,
  };
}
