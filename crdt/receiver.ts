import { blake2s } from "@noble/hashes/blake2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/**
 * A receiver's identity inside a show: a 64-bit keyed hash of its token's subject, in two halves because JavaScript's
 * bitwise arithmetic has 32 bits. With the show's key destroyed nothing leads back to the subject.
 * Chance of any collision among 10 million receivers: 3·10⁻⁶.
 */
export interface ReceiverId {
  /** Upper 32 bits, unsigned. */
  readonly hi: number;
  /** Lower 32 bits, unsigned. */
  readonly lo: number;
}

/** Bytes of a show's key. */
export const SHOW_KEY_BYTES = 32;

/** Keyed BLAKE2s (RFC 7693) of `subject`, 8 bytes, big-endian. */
export function receiverId(showKey: Uint8Array, subject: string): ReceiverId {
  const digest = blake2s(utf8ToBytes(subject), { key: showKey, dkLen: 8 });
  const view = new DataView(digest.buffer, digest.byteOffset, 8);
  return { hi: view.getUint32(0), lo: view.getUint32(4) };
}

/** The shard that keeps this receiver, for a show of `shards` shards. */
export function shardOf(receiver: ReceiverId, shards: number): number {
  return receiver.lo % shards;
}

/** 16 lower-case hexadecimal digits. */
export function receiverHex(receiver: ReceiverId): string {
  return receiver.hi.toString(16).padStart(8, "0") + receiver.lo.toString(16).padStart(8, "0");
}
