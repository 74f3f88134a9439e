import { hash } from "node:crypto";

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

/**
 * First 8 bytes, big-endian, of SHA-256(`showKey` as 64 hexadecimal digits, `subject` as UTF-8). Cut to a quarter of the
 * digest, so that nothing can be appended to a known one; a runtime's own one-shot hash costs a tenth of a keyed hash in
 * JavaScript, and this runs for every ballot.
 */
export function receiverId(showKey: string, subject: string): ReceiverId {
  const digest = hash("sha256", showKey + subject, "hex");
  return { hi: Number.parseInt(digest.slice(0, 8), 16), lo: Number.parseInt(digest.slice(8, 16), 16) };
}

/** The shard that keeps this receiver, for a show of `shards` shards. */
export function shardOf(receiver: ReceiverId, shards: number): number {
  return receiver.lo % shards;
}

/** 16 lower-case hexadecimal digits. */
export function receiverHex(receiver: ReceiverId): string {
  return receiver.hi.toString(16).padStart(8, "0") + receiver.lo.toString(16).padStart(8, "0");
}
