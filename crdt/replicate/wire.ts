import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { BOOT_BYTES, EDGE_NAME, MAX_EDGE_NAME_BYTES } from "../batch.ts";
import { parseDocumentName, SLUG } from "../documents.ts";

/**
 * The parts that frames and introductions are made of, each with its limit: lib0's varUints, names, and bytes. Readers
 * throw `WireError` and allocate nothing by a length that the bytes only claim; writers throw `RangeError`.
 */

/** Says what came and what was wanted; whoever reads adds what it was reading. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** A member's name, an edge's or a process's, and its boot. */
export interface Owner {
  readonly member: string;
  /** 16 hexadecimal digits. */
  readonly boot: string;
}

export function readNumber(decoder: decoding.Decoder, what: string, most: number): number {
  const number = decoding.readVarUint(decoder);
  checkAtMost(what, number, most);
  return number;
}

export function writeNumber(encoder: encoding.Encoder, what: string, number: number, most: number): void {
  if (!Number.isInteger(number) || number < 0)
    throw new RangeError(`writing: ${what} is ${number}, wanted an integer from 0`);
  assertAtMost(what, number, most);
  encoding.writeVarUint(encoder, number);
}

/** Bytes behind their length; a copy, so that a small part does not keep a large message alive. */
export function readBytes(decoder: decoding.Decoder, what: string, limit: number): Uint8Array {
  return readFixed(decoder, readNumber(decoder, `${what} in bytes`, limit));
}

export function writeBytes(encoder: encoding.Encoder, what: string, bytes: Uint8Array, limit: number): void {
  assertAtMost(`${what} in bytes`, bytes.length, limit);
  encoding.writeVarUint8Array(encoder, bytes);
}

export function readFixed(decoder: decoding.Decoder, length: number): Uint8Array {
  return decoding.readUint8Array(decoder, length).slice();
}

export function writeFixed(encoder: encoding.Encoder, what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`writing: ${what} is ${bytes.length} bytes, wanted ${length}`);
  encoding.writeUint8Array(encoder, bytes);
}

/** A kind of name: how long it may be in bytes, and its form, which must allow ASCII only. */
export interface NameRule {
  readonly what: string;
  readonly limit: number;
  readonly isValid: (name: string) => boolean;
}

export function readName(decoder: decoding.Decoder, rule: NameRule): string {
  // A byte a character: whatever is not ASCII fails the rule.
  const name = String.fromCharCode(...readBytes(decoder, rule.what, rule.limit));
  if (!rule.isValid(name)) throw new WireError(`got "${name}", wanted ${rule.what}`);
  return name;
}

export function writeName(encoder: encoding.Encoder, rule: NameRule, name: string): void {
  if (name.length > rule.limit || !rule.isValid(name))
    throw new RangeError(`writing: got "${name}", wanted ${rule.what}`);
  encoding.writeVarString(encoder, name);
}

/** Longest name of a show, as `SLUG` has it. */
export const MAX_SHOW_BYTES = 40;
/** `show/ledger/65535` with the longest name of a show. */
export const MAX_DOCUMENT_BYTES = 53;

const MEMBER: NameRule = {
  what: "a member's name",
  limit: MAX_EDGE_NAME_BYTES,
  isValid: (name) => EDGE_NAME.test(name),
};
export const SHOW: NameRule = { what: "a show's name", limit: MAX_SHOW_BYTES, isValid: (name) => SLUG.test(name) };
export const DOCUMENT: NameRule = {
  what: "a document's name",
  limit: MAX_DOCUMENT_BYTES,
  isValid: (name) => parseDocumentName(name) !== undefined,
};

export function readOwner(decoder: decoding.Decoder): Owner {
  const member = readName(decoder, MEMBER);
  return { member, boot: bytesToHex(readFixed(decoder, BOOT_BYTES)) };
}

export function writeOwner(encoder: encoding.Encoder, owner: Owner): void {
  writeName(encoder, MEMBER, owner.member);
  writeFixed(encoder, "boot", hexToBytes(owner.boot), BOOT_BYTES);
}

export function checkAtMost(what: string, got: number, most: number): void {
  if (!(got <= most)) throw new WireError(`got ${what} of ${got}, wanted at most ${most}`);
}

export function assertAtMost(what: string, got: number, most: number): void {
  if (!(got <= most)) throw new RangeError(`writing: ${what} is ${got}, wanted at most ${most}`);
}

/** Milliseconds since 1970. */
export function readTime(decoder: decoding.Decoder): number {
  return readNumber(decoder, "a time", Number.MAX_SAFE_INTEGER);
}

export function writeTime(encoder: encoding.Encoder, time: number): void {
  writeNumber(encoder, "a time", time, Number.MAX_SAFE_INTEGER);
}

/** Whether `bytes` are a state vector as Yjs writes it (`count, count × (client clock)`), and nothing more. */
export function isStateVector(bytes: Uint8Array): boolean {
  try {
    const decoder = decoding.createDecoder(bytes);
    for (let left = decoding.readVarUint(decoder) * 2; left > 0; left--) decoding.readVarUint(decoder);
    return decoder.pos === bytes.length;
  } catch {
    return false;
  }
}
