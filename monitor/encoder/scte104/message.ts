import { ByteWriter, u16At } from "../signal/bytes.ts";
import { decodeOperation, encodeOperation, type Operation } from "./operation.ts";
import { MessageError, Reader, RESULT, wrongSize } from "./reader.ts";

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
