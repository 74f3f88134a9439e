import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { messageYjsSyncStep1, messageYjsSyncStep2, messageYjsUpdate } from "y-protocols/sync";
import type { Watermark } from "../coverage.ts";
import {
  MAX_SEQUENCE,
  readBatches,
  readEntry,
  readWatermark,
  writeBatches,
  writeEntry,
  writeWatermark,
  type Entry,
} from "./entries.ts";
import {
  assertAtMost,
  checkAtMost,
  DOCUMENT,
  isStateVector,
  readBytes,
  readFixed,
  readName,
  readNumber,
  readOwner,
  readTime,
  SHOW,
  WireError,
  writeBytes,
  writeFixed,
  writeName,
  writeNumber,
  writeOwner,
  writeTime,
  type Owner,
} from "./wire.ts";

/**
 * What one member says to another over a link: a frame is one binary WebSocket message.
 *
 *     frame     = type body                       type = varUint; the frame ends where its message ends
 *     hello     = 0 version owner nonce           version = varUint; nonce = 32 bytes
 *     proof     = 1 signature                     64 bytes
 *     introduce = 2 bytes                         a signed introduction, as its owner wrote it
 *     sync      = 3 document message              document = text
 *     message   = 0 bytes digest | 1 bytes | 2 bytes
 *     stored    = 4 show chain sequence           show = text
 *     covers    = 5 show count, count × (chain sequence)
 *     fetch     = 6 show chain after upTo         after is exclusive, upTo inclusive
 *     batches   = 7 show count, count × bytes     count 0: "I have none of them"
 *     ping      = 8 time                          ms since 1970
 *     pong      = 9 time now                      time = the ping's, unchanged; now = the answerer's clock
 *     ask       = 10 id bytes                     a question about this member's state; never changes it
 *     answer    = 11 id more bytes                a piece of the answer to it; more = 1 where others follow, or 0
 *     chain     = shard owner                     shard = varUint
 *     owner     = member boot                     member = text; boot = 8 bytes
 *     text      = length, UTF-8     bytes = length, bytes     digest = 16 bytes     all other numbers = varUint
 *
 * `message` is y-protocols' sync message byte for byte, with a digest of the deletions after step 1, since a state
 * vector does not see them: "state" is its SyncStep1, "reply" its SyncStep2 (in pieces: several may answer one state),
 * "update" its Update. Updates are in Yjs's first encoding only: 20 bytes of the second are a bomb.
 *
 * Versions: each side says its own in `hello`, whose layout never changes. Versions n and n − 1 understand each other
 * and speak the lesser; anything further apart is refused, so that a network is updated one member at a time. Version 2
 * brought ask and answer, which nobody is sent that speaks version 1.
 */
export type Frame =
  | ({ readonly type: "hello"; readonly version: number; readonly nonce: Uint8Array } & Owner)
  | { readonly type: "proof"; readonly signature: Uint8Array }
  | { readonly type: "introduce"; readonly bytes: Uint8Array }
  | SyncFrame
  /** The sender holds this chain durably up to `sequence`. */
  | ({ readonly type: "stored"; readonly show: string } & Entry)
  /** The sender has folded everything up to `watermark`. */
  | { readonly type: "covers"; readonly show: string; readonly watermark: Watermark }
  | FetchFrame
  | { readonly type: "batches"; readonly show: string; readonly batches: readonly Uint8Array[] }
  | { readonly type: "ping"; readonly time: number }
  | { readonly type: "pong"; readonly time: number; readonly now: number }
  | AskFrame
  | AnswerFrame;

export interface AskFrame {
  readonly type: "ask";
  /** The asker's own number, of this link. */
  readonly id: number;
  /** What is asked, as crdt/inspect/ reads it. */
  readonly question: Uint8Array;
}

export interface AnswerFrame {
  readonly type: "answer";
  readonly id: number;
  /** Whether further pieces follow. */
  readonly more: boolean;
  readonly piece: Uint8Array;
}

export type SyncFrame = { readonly type: "sync"; readonly document: string } & (
  | { readonly step: "state"; readonly vector: Uint8Array; readonly deletions: Uint8Array }
  | { readonly step: "reply" | "update"; readonly update: Uint8Array }
);

export interface FetchFrame {
  readonly type: "fetch";
  readonly show: string;
  readonly chain: string;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. */
  readonly upTo: number;
}

export const PROTOCOL_VERSION = 2;
/** The first version with ask and answer. */
export const ASKING_VERSION = 2;
/** 1 MiB: sixty of the largest batches; 84 ms at 100 Mbit/s, so a heartbeat behind it is not late; workerd's old limit. */
export const MAX_FRAME_BYTES = 1_048_576;
/** What a frame leaves for an update beside the type, the document's name and two lengths. */
export const MAX_UPDATE_BYTES = MAX_FRAME_BYTES - 128;
/** 6,500 clients at 10 bytes each: twenty times the boots that are warned about. */
export const MAX_VECTOR_BYTES = 65_536;
/** Sixteen clients at 5 bytes each, a name of 63 and a signature, rounded up. */
export const MAX_INTRODUCTION_BYTES = 512;
/** A question is a few words. */
export const MAX_QUESTION_BYTES = 4_096;
/** A piece of an answer: a quarter of a frame, so that live updates get in between. */
export const MAX_ANSWER_PIECE_BYTES = 262_144;
export const NONCE_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** Bytes of the digest of a document's deletions. */
export const DIGEST_BYTES = 16;

const TYPES = {
  hello: 0,
  proof: 1,
  introduce: 2,
  sync: 3,
  stored: 4,
  covers: 5,
  fetch: 6,
  batches: 7,
  ping: 8,
  pong: 9,
  ask: 10,
  answer: 11,
} as const;

const MAX_U16 = 0xffff;
const MAX_ID = 0xffff_ffff;

/** The bytes are no frame that this program knows. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Writes a frame. Throws `RangeError` when a caller exceeds a named limit: our own mistake, never the world's. */
export function encodeFrame(frame: Frame): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, TYPES[frame.type]);
  writeBody(encoder, frame);
  const bytes = encoding.toUint8Array(encoder);
  assertAtMost("a frame in bytes", bytes.length, MAX_FRAME_BYTES);
  return bytes;
}

/** Reads a frame; its byte arrays are copies. Throws `FrameError` with what came and what was wanted, nothing else. */
export function decodeFrame(bytes: Uint8Array): Frame {
  try {
    checkAtMost("a frame in bytes", bytes.length, MAX_FRAME_BYTES);
    const decoder = decoding.createDecoder(bytes);
    const frame = readBody(decoder, decoding.readVarUint(decoder));
    if (decoder.pos !== bytes.length) throw new WireError(`got ${bytes.length} bytes, wanted ${decoder.pos}`);
    return frame;
  } catch (error) {
    const problem = error instanceof WireError ? error.message : `got ${bytes.length} bytes, wanted a whole frame`;
    throw new FrameError(`reading a frame: ${problem}`, { cause: error });
  }
}

function writeBody(encoder: encoding.Encoder, frame: Frame): void {
  switch (frame.type) {
    case "hello":
      writeNumber(encoder, "a version", frame.version, MAX_U16);
      writeOwner(encoder, frame);
      return writeFixed(encoder, "a nonce", frame.nonce, NONCE_BYTES);
    case "proof":
      return writeFixed(encoder, "a signature", frame.signature, SIGNATURE_BYTES);
    case "introduce":
      return writeBytes(encoder, "an introduction", frame.bytes, MAX_INTRODUCTION_BYTES);
    case "sync":
      writeName(encoder, DOCUMENT, frame.document);
      return writeMessage(encoder, frame);
    case "stored":
      writeName(encoder, SHOW, frame.show);
      return writeEntry(encoder, frame.chain, frame.sequence);
    case "covers":
      writeName(encoder, SHOW, frame.show);
      return writeWatermark(encoder, frame.watermark);
    case "fetch":
      writeName(encoder, SHOW, frame.show);
      writeEntry(encoder, frame.chain, frame.after);
      return writeNumber(encoder, "a sequence", frame.upTo, MAX_SEQUENCE);
    case "batches":
      writeName(encoder, SHOW, frame.show);
      return writeBatches(encoder, frame.batches);
    case "ping":
      return writeTime(encoder, frame.time);
    case "pong":
      writeTime(encoder, frame.time);
      return writeTime(encoder, frame.now);
    case "ask":
      writeNumber(encoder, "a question's number", frame.id, MAX_ID);
      return writeBytes(encoder, "a question", frame.question, MAX_QUESTION_BYTES);
    case "answer":
      writeNumber(encoder, "a question's number", frame.id, MAX_ID);
      writeNumber(encoder, "a mark that more follows", Number(frame.more), 1);
      return writeBytes(encoder, "a piece of an answer", frame.piece, MAX_ANSWER_PIECE_BYTES);
  }
}

function readBody(decoder: decoding.Decoder, type: number): Frame {
  switch (type) {
    case TYPES.hello:
      // Properties are read in the order in which they stand, here and below.
      return {
        type: "hello",
        version: readNumber(decoder, "a version", MAX_U16),
        ...readOwner(decoder),
        nonce: readFixed(decoder, NONCE_BYTES),
      };
    case TYPES.proof:
      return { type: "proof", signature: readFixed(decoder, SIGNATURE_BYTES) };
    case TYPES.introduce:
      return { type: "introduce", bytes: readBytes(decoder, "an introduction", MAX_INTRODUCTION_BYTES) };
    case TYPES.sync:
      return readMessage(decoder, readName(decoder, DOCUMENT));
    case TYPES.stored:
      return { type: "stored", show: readName(decoder, SHOW), ...readEntry(decoder) };
    case TYPES.covers:
      return { type: "covers", show: readName(decoder, SHOW), watermark: readWatermark(decoder) };
    case TYPES.fetch:
      return readFetch(decoder);
    case TYPES.batches:
      return { type: "batches", show: readName(decoder, SHOW), batches: readBatches(decoder) };
    case TYPES.ping:
      return { type: "ping", time: readTime(decoder) };
    case TYPES.pong:
      return { type: "pong", time: readTime(decoder), now: readTime(decoder) };
    case TYPES.ask:
      return {
        type: "ask",
        id: readNumber(decoder, "a question's number", MAX_ID),
        question: readBytes(decoder, "a question", MAX_QUESTION_BYTES),
      };
    case TYPES.answer:
      return {
        type: "answer",
        id: readNumber(decoder, "a question's number", MAX_ID),
        more: readNumber(decoder, "a mark that more follows", 1) === 1,
        piece: readBytes(decoder, "a piece of an answer", MAX_ANSWER_PIECE_BYTES),
      };
    default:
      throw new WireError(`got type ${type}, wanted 0 to ${TYPES.answer}`);
  }
}

function writeMessage(encoder: encoding.Encoder, frame: SyncFrame): void {
  switch (frame.step) {
    case "state":
      encoding.writeVarUint(encoder, messageYjsSyncStep1);
      writeBytes(encoder, "a state vector", frame.vector, MAX_VECTOR_BYTES);
      return writeFixed(encoder, "a digest", frame.deletions, DIGEST_BYTES);
    case "reply":
    case "update":
      encoding.writeVarUint(encoder, frame.step === "reply" ? messageYjsSyncStep2 : messageYjsUpdate);
      return writeBytes(encoder, "an update", frame.update, MAX_UPDATE_BYTES);
  }
}

function readMessage(decoder: decoding.Decoder, document: string): SyncFrame {
  const step = decoding.readVarUint(decoder);
  switch (step) {
    case messageYjsSyncStep1: {
      const vector = readBytes(decoder, "a state vector", MAX_VECTOR_BYTES);
      if (!isStateVector(vector)) throw new WireError(`got ${vector.length} bytes, wanted a state vector`);
      return { type: "sync", document, step: "state", vector, deletions: readFixed(decoder, DIGEST_BYTES) };
    }
    case messageYjsSyncStep2:
      return { type: "sync", document, step: "reply", update: readBytes(decoder, "an update", MAX_UPDATE_BYTES) };
    case messageYjsUpdate:
      return { type: "sync", document, step: "update", update: readBytes(decoder, "an update", MAX_UPDATE_BYTES) };
    default:
      throw new WireError(`got sync message ${step}, wanted 0, 1 or 2`);
  }
}

function readFetch(decoder: decoding.Decoder): FetchFrame {
  const show = readName(decoder, SHOW);
  const { chain, sequence: after } = readEntry(decoder);
  const upTo = readNumber(decoder, "a sequence", MAX_SEQUENCE);
  if (upTo <= after) throw new WireError(`got a fetch after ${after} up to ${upTo}, wanted at least one batch`);
  return { type: "fetch", show, chain, after, upTo };
}
