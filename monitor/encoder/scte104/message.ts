import { ByteWriter, u16At, u32At } from "../signal/bytes.ts";

/**
 * Messages of SCTE 104 (2023 edition; tables and clauses below are its own) between an automation system, here the
 * watcher, and an injector, here the encoder.
 */

/** TCP port of injectors (clause 7.3). */
export const SCTE104_PORT = 5167;
/** opID of single operation messages (table 8-1). */
export const OP = {
  general: 0x0000,
  initRequest: 0x0001,
  initResponse: 0x0002,
  aliveRequest: 0x0003,
  aliveResponse: 0x0004,
  injectResponse: 0x0007,
  injectComplete: 0x0008,
} as const;
/** What a multiple operation message begins with in place of an opID (8.2.2). */
const MULTIPLE = 0xffff;
/** opID of what a multiple operation message asks for (table 8-4). */
const ASK = { splice: 0x0101, spliceNull: 0x0102, timeSignal: 0x0104, segmentation: 0x010b } as const;

/** Result codes (table 14-1). */
export const RESULT = {
  successful: 100,
  inUse: 110,
  invalidSize: 114,
  invalidSyntax: 115,
  invalidVersion: 116,
  failed: 120,
  rejected: 121,
  tooLate: 122,
  timeTypeUnsupported: 123,
  unknownOperation: 125,
  unknownPid: 126,
  /** In requests: there is no result yet. */
  none: 0xffff,
} as const;

/** A message with one operation, a request or a response. */
export interface SingleMessage {
  readonly kind: "single";
  readonly op: number;
  readonly result: number;
  readonly asIndex: number;
  readonly number: number;
  readonly pidIndex: number;
  readonly data: Uint8Array;
}

/** A cue, or what a station's automation asks for. */
export interface MultipleMessage {
  readonly kind: "multiple";
  readonly asIndex: number;
  /** 8 bits, counted up by the sender. */
  readonly number: number;
  readonly pidIndex: number;
  readonly time: Timestamp;
  readonly operations: readonly Operation[];
}

export type Message = SingleMessage | MultipleMessage;

/** When a message is to be carried out (12.4). */
export type Timestamp =
  | { readonly type: "immediate" }
  /** Milliseconds since 1970. */
  | { readonly type: "utc"; readonly at: number }
  /** SMPTE time codes and contacts: read, and answered with result 123. */
  | { readonly type: "unsupported"; readonly code: number };

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

const SINGLE_HEADER_BYTES = 13;
const LEAST_MULTIPLE_BYTES = 12;
/** 00:00 UTC on 6 January 1980, from which UTC times count (12.4), in ms since 1970. */
const EPOCH_MS = 315_964_800_000;
/** Leap seconds since then, which the count includes. None was added after 2016. */
const LEAP_SECONDS = 18;

/** time() of an alive_response (12.3): seconds and microseconds. */
export function timeNow(now: number): Uint8Array<ArrayBuffer> {
  const ms = now - EPOCH_MS;
  const microseconds = (((ms % 1000) + 1000) % 1000) * 1000;
  return new ByteWriter()
    .u32(Math.floor(ms / 1000) + LEAP_SECONDS)
    .u32(microseconds)
    .done();
}

/** Why bytes are no message: `result` is what the other end is told. */
export class MessageError extends Error {
  override readonly name = "MessageError";
  readonly result: number;

  constructor(message: string, result: number) {
    super(message);
    this.result = result;
  }
}

export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  const bytes = message.kind === "single" ? encodeSingle(message) : encodeMultiple(message);
  bytes[2] = bytes.length >>> 8;
  bytes[3] = bytes.length & 0xff;
  return bytes;
}

function encodeSingle({ op, result, asIndex, number, pidIndex, data }: SingleMessage): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().u16(op).u16(0).u16(result).u16(0xffff).u8(0).u8(asIndex).u8(number).u16(pidIndex);
  return writer.bytes(data).done();
}

function encodeMultiple({ asIndex, number, pidIndex, time, operations }: MultipleMessage): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().u16(MULTIPLE).u16(0).u8(0).u8(asIndex).u8(number).u16(pidIndex).u8(0);
  writer.bytes(encodeTime(time)).u8(operations.length);
  for (const operation of operations) {
    const { code, data } = encodeOperation(operation);
    writer.u16(code).u16(data.length).bytes(data);
  }
  return writer.done();
}

function encodeTime(time: Timestamp): Uint8Array {
  switch (time.type) {
    case "immediate":
      return Uint8Array.of(0);
    case "utc": {
      // The microseconds have 16 bits, too few for a second of them: what is left goes into the pre-roll.
      const seconds = Math.floor((time.at - EPOCH_MS) / 1000) + LEAP_SECONDS;
      return new ByteWriter().u8(1).u32(seconds).u16(0).done();
    }
    case "unsupported":
      throw new Error(`writing a SCTE 104 message: got time type ${time.code}, wanted none or UTC`);
  }
}

function encodeOperation(operation: Operation): { readonly code: number; readonly data: Uint8Array } {
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

/** Reads one whole message. Throws `MessageError`. */
export function decodeMessage(bytes: Uint8Array): Message {
  return u16At(bytes, 0) === MULTIPLE ? decodeMultiple(bytes) : decodeSingle(bytes);
}

function decodeSingle(bytes: Uint8Array): SingleMessage {
  if (bytes.length < SINGLE_HEADER_BYTES)
    throw wrongSize(`got ${bytes.length} bytes, wanted at least ${SINGLE_HEADER_BYTES} of a single operation message`);
  return {
    kind: "single",
    op: u16At(bytes, 0),
    result: u16At(bytes, 4),
    asIndex: bytes[9]!,
    number: bytes[10]!,
    pidIndex: u16At(bytes, 11),
    data: bytes.slice(SINGLE_HEADER_BYTES),
  };
}

function decodeMultiple(bytes: Uint8Array): MultipleMessage {
  if (bytes.length < LEAST_MULTIPLE_BYTES)
    throw wrongSize(
      `got ${bytes.length} bytes, wanted at least ${LEAST_MULTIPLE_BYTES} of a multiple operation message`,
    );
  if (bytes[4] !== 0 || bytes[9] !== 0)
    throw new MessageError(
      `reading a SCTE 104 message: got protocol versions ${bytes[4]} and ${bytes[9]}, wanted 0 and 0`,
      RESULT.invalidVersion,
    );
  const reader = new Reader(bytes, 10);
  const time = decodeTime(reader);
  const operations = Array.from({ length: reader.u8() }, () => decodeOperation(reader));
  reader.end();
  return { kind: "multiple", asIndex: bytes[5]!, number: bytes[6]!, pidIndex: u16At(bytes, 7), time, operations };
}

function decodeTime(reader: Reader): Timestamp {
  const type = reader.u8();
  switch (type) {
    case 0:
      return { type: "immediate" };
    case 1: {
      const seconds = reader.u32();
      const microseconds = reader.u16();
      return { type: "utc", at: EPOCH_MS + (seconds - LEAP_SECONDS) * 1000 + Math.floor(microseconds / 1000) };
    }
    case 2:
      reader.bytes(4);
      return { type: "unsupported", code: 2 };
    case 3:
      reader.bytes(2);
      return { type: "unsupported", code: 3 };
    default:
      throw new MessageError(`reading a SCTE 104 message: got time type ${type}, wanted 0 to 3`, RESULT.invalidSyntax);
  }
}

function decodeOperation(message: Reader): Operation {
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

/** Reads fields one after the other, and never past the end. */
class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  u8(): number {
    return this.bytes(1)[0]!;
  }

  u16(): number {
    return u16At(this.bytes(2), 0);
  }

  u32(): number {
    return u32At(this.bytes(4), 0);
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(this.#at, this.#at + length);
    if (taken.length < length)
      throw wrongSize(`it ends at byte ${this.#bytes.length}, wanted ${length} more from byte ${this.#at} on`);
    this.#at += length;
    return taken;
  }

  end(): void {
    if (this.#at < this.#bytes.length)
      throw wrongSize(`got ${this.#bytes.length - this.#at} bytes more than its operations have`);
  }
}

function wrongSize(problem: string): MessageError {
  return new MessageError(`reading a SCTE 104 message: ${problem}`, RESULT.invalidSize);
}
