import { PACKET_BYTES, SYNC_BYTE } from "../signal/packet.ts";

/** Whole packets in a row: from `from` to before `to` in `bytes`, which is only lent. */
export interface PacketRun {
  (bytes: Uint8Array, from: number, to: number): void;
}

/** What happens to the alignment of a stream, in words for its operator. */
export interface FramingEvents {
  readonly onlost: (message: string) => void;
  readonly onfound: (skippedBytes: number) => void;
}

/** Sync bytes in a row, a packet apart, that make an alignment. */
const LEAST_SYNCS = 4;
const SEARCH_BYTES = (LEAST_SYNCS - 1) * PACKET_BYTES + 1;
/** Without an alignment in so many bytes a message is due: a second of a poor stream. */
const HOPELESS_BYTES = 128 * 1024;
/** Strides of packets that are not ours: M2TS has a time stamp before, and some modulators a checksum behind. */
const OTHER_STRIDES = [192, 204, 208] as const;

/** Cuts bytes into packets (ISO/IEC 13818-1, 2.4.3.2), and finds the alignment again where it was lost. */
export class PacketFraming {
  readonly #onpackets: PacketRun;
  readonly #events: FramingEvents;
  readonly #part = new Uint8Array(PACKET_BYTES);
  #partBytes = 0;
  #searched: Uint8Array = new Uint8Array(0);
  #isAligned = false;
  #skipped = 0;
  #saidHopeless = false;

  constructor(onpackets: PacketRun, events: FramingEvents) {
    this.#onpackets = onpackets;
    this.#events = events;
  }

  push(bytes: Uint8Array): void {
    if (this.#isAligned) this.#cut(bytes, 0);
    else this.#search(bytes);
  }

  /** The input is over: what is left is no whole packet. Gives its bytes. */
  end(): number {
    const rest = this.#isAligned ? this.#partBytes : this.#searched.length;
    this.#partBytes = 0;
    return rest;
  }

  #cut(bytes: Uint8Array, start: number): void {
    let at = start;
    if (this.#partBytes > 0) {
      const missing = Math.min(PACKET_BYTES - this.#partBytes, bytes.length - at);
      this.#part.set(bytes.subarray(at, at + missing), this.#partBytes);
      this.#partBytes += missing;
      at += missing;
      if (this.#partBytes < PACKET_BYTES) return;
      this.#partBytes = 0;
      this.#onpackets(this.#part, 0, PACKET_BYTES);
    }
    const from = at;
    while (at + PACKET_BYTES <= bytes.length && bytes[at] === SYNC_BYTE) at += PACKET_BYTES;
    if (at > from) this.#onpackets(bytes, from, at);
    if (at === bytes.length) return;
    if (bytes[at] === SYNC_BYTE) {
      this.#partBytes = bytes.length - at;
      this.#part.set(bytes.subarray(at));
      return;
    }
    this.#lose();
    this.#search(bytes.subarray(at));
  }

  #lose(): void {
    this.#isAligned = false;
    this.#skipped = 0;
    this.#searched = new Uint8Array(0);
    this.#events.onlost("the stream lost its alignment: got another byte where a packet's 0x47 was wanted");
  }

  #search(bytes: Uint8Array): void {
    const searched = joined(this.#searched, bytes);
    const found = alignmentOf(searched, PACKET_BYTES);
    if (found === undefined) return this.#keepSearching(searched);
    this.#searched = new Uint8Array(0);
    this.#isAligned = true;
    this.#saidHopeless = false;
    this.#skipped += found;
    this.#events.onfound(this.#skipped);
    this.#skipped = 0;
    this.#cut(searched, found);
  }

  #keepSearching(searched: Uint8Array): void {
    const kept = searched.slice(Math.max(0, searched.length - SEARCH_BYTES + 1));
    this.#skipped += searched.length - kept.length;
    this.#searched = kept;
    if (this.#skipped < HOPELESS_BYTES || this.#saidHopeless) return;
    this.#saidHopeless = true;
    this.#events.onlost(
      `this is no MPEG transport stream: ${describe(searched)}, wanted packets of ${PACKET_BYTES} bytes`,
    );
  }
}

function joined(before: Uint8Array, bytes: Uint8Array): Uint8Array {
  const both = new Uint8Array(before.length + bytes.length);
  both.set(before);
  both.set(bytes, before.length);
  return both;
}

/** The first byte from which `LEAST_SYNCS` sync bytes stand `stride` apart. */
function alignmentOf(bytes: Uint8Array, stride: number): number | undefined {
  const last = bytes.length - (LEAST_SYNCS - 1) * stride;
  for (let at = 0; at < last; at++) {
    let syncs = 0;
    while (syncs < LEAST_SYNCS && bytes[at + syncs * stride] === SYNC_BYTE) syncs++;
    if (syncs === LEAST_SYNCS) return at;
  }
  return undefined;
}

function describe(bytes: Uint8Array): string {
  const stride = OTHER_STRIDES.find((each) => alignmentOf(bytes, each) !== undefined);
  if (stride !== undefined) return `got packets of ${stride} bytes`;
  const first = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `got bytes like ${first}`;
}
