import { Buffer } from "node:buffer";

// The usual ones of WebSocket's frames (RFC 6455, 5.2), read and written without `ws`, which judges all others:
//
//     frame = FIN 0 0 0 opcode (8 bits), MASK length (8 bits: up to 125, or 126 and 16 bits more), [key (32 bits)], payload

const TEXT = 0x81;
const [PING, PONG] = [0x89, 0x8a];
const MASK = 0x80;
const MASK_BYTES = 4;
/** A length of two bytes, and one of eight, follows. */
const [TWO_BYTES, EIGHT_BYTES] = [126, 127];
/** Longest payload whose length stands in the head itself, and in two bytes more. */
const [MAX_SHORT, MAX_LONG] = [125, 0xffff];

/** What a client says, where `bytes` are one whole text frame, masked and in one piece; undefined for anything else. */
export function readTextFrame(bytes: Uint8Array): string | undefined {
  const start = bytes[0] === TEXT ? payloadStart(bytes) : undefined;
  if (start === undefined) return undefined;
  unmask(bytes, start);
  try {
    return decoder.decode(bytes.subarray(start));
  } catch {
    unmask(bytes, start); // Masked again, as it came.
    return undefined;
  }
}

/** Whether `bytes` are one whole ping or pong of a client, which may come between messages and changes nothing of them. */
export function isHeartbeat(bytes: Uint8Array): boolean {
  return (bytes[0] === PING || bytes[0] === PONG) && payloadStart(bytes) !== undefined;
}

/** A server's text message as one frame. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = length <= MAX_SHORT ? 2 : length <= MAX_LONG ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = TEXT;
  if (head === 2) frame[1] = length;
  else if (head === 4) frame.writeUInt16BE(length, frame.writeUInt8(TWO_BYTES, 1));
  else frame.writeBigUInt64BE(BigInt(length), frame.writeUInt8(EIGHT_BYTES, 1));
  frame.write(text, head);
  return frame;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Where the payload of a masked frame begins that ends with `bytes`; longer ones than 64 KiB are left to `ws`. */
function payloadStart(bytes: Uint8Array): number | undefined {
  if (bytes.length < 2 + MASK_BYTES || !(bytes[1]! & MASK)) return undefined;
  const length = bytes[1]! & ~MASK;
  if (length <= MAX_SHORT) return bytes.length === 2 + MASK_BYTES + length ? 2 + MASK_BYTES : undefined;
  const start = 4 + MASK_BYTES;
  const isWhole = length === TWO_BYTES && bytes.length === start + ((bytes[2]! << 8) | bytes[3]!);
  return isWhole ? start : undefined;
}

function unmask(bytes: Uint8Array, start: number): void {
  for (let i = start; i < bytes.length; i++) bytes[i]! ^= bytes[start - MASK_BYTES + ((i - start) & 3)]!;
}
