import { sha256 } from "@noble/hashes/sha2.js";
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

/** Characters of a subject that are hashed without memory of their own; a longer one is right, and slower. */
const USUAL_CHARS = 256;
/** Of one UTF-16 unit. */
const MAX_UTF8_BYTES = 3;

/**
 * Tells receivers' identities in one show: the first 8 bytes, big-endian, of SHA-256(`showKey` as 64 hexadecimal digits,
 * `subject` as UTF-8). Cut to a quarter of the digest, so that nothing can be appended to a known one. The key fills
 * exactly one block of the hash, whose state after it is kept: 1.6 µs in Deno and Node, for every ballot (node:crypto's
 * one-shot hash: 4 and 1.4).
 */
export class ReceiverIds {
  readonly #begun: ReturnType<typeof sha256.create>;
  readonly #work = sha256.create();
  readonly #subject = new Uint8Array(USUAL_CHARS * MAX_UTF8_BYTES);
  readonly #digest = new Uint8Array(32);
  readonly #view = new DataView(this.#digest.buffer);
  readonly #encoder = new TextEncoder();

  constructor(showKey: string) {
    this.#begun = sha256.create().update(utf8ToBytes(showKey));
  }

  of(subject: string): ReceiverId {
    this.#begun._cloneInto(this.#work);
    this.#work.update(this.#encode(subject)).digestInto(this.#digest);
    return { hi: this.#view.getUint32(0), lo: this.#view.getUint32(4) };
  }

  #encode(subject: string): Uint8Array {
    if (subject.length > USUAL_CHARS) return this.#encoder.encode(subject);
    return this.#subject.subarray(0, this.#encoder.encodeInto(subject, this.#subject).written);
  }
}

/** One receiver's identity under one key; whoever asks for many keeps a `ReceiverIds`. */
export function receiverId(showKey: string, subject: string): ReceiverId {
  return new ReceiverIds(showKey).of(subject);
}

/** The shard that keeps this receiver, for a show of `shards` shards. */
export function shardOf(receiver: ReceiverId, shards: number): number {
  return receiver.lo % shards;
}

/** 16 lower-case hexadecimal digits. */
export function receiverHex(receiver: ReceiverId): string {
  return receiver.hi.toString(16).padStart(8, "0") + receiver.lo.toString(16).padStart(8, "0");
}

/** One subject's identity, worked out once a key: for whoever casts ballot after ballot over one connection. */
export class RememberedId {
  readonly #subject: string;
  #under: ReceiverIds | undefined;
  #id: ReceiverId = { hi: 0, lo: 0 };

  constructor(subject: string) {
    this.#subject = subject;
  }

  under(key: ReceiverIds): ReceiverId {
    if (key !== this.#under) {
      this.#id = key.of(this.#subject);
      this.#under = key;
    }
    return this.#id;
  }
}
