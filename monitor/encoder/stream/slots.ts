import { PACKET_BYTES, PCR_WRAP, setPcr, wrap, writeNull } from "../signal/packet.ts";
import type { PacketRun } from "./packet-framing.ts";
import type { StreamRate } from "./rate.ts";

/**
 * How packets get into a stream of constant rate. "borrow": at once, and the next null packets are left out for them;
 * every clock between is moved by the packets that it stands later. "replace": in place of the next null packets.
 */
export type InsertionMode = "borrow" | "replace";

/** A stream without a null for so long, ms of its own time, has no room. */
export const NULLS_WITHIN_MS = 2000;

/** The places that packets have in a stream, and the account of those that were sent before there was a place. */
export class Slots {
  readonly #mode: InsertionMode;
  readonly #rate: StreamRate;
  readonly #out: PacketRun;
  readonly #null = new Uint8Array(PACKET_BYTES);
  #debt = 0;
  /** When the last null came, ms of the stream. */
  #lastNull = -Infinity;
  #waiting: Uint8Array[] = [];

  constructor(mode: InsertionMode, rate: StreamRate, out: PacketRun) {
    this.#mode = mode;
    this.#rate = rate;
    this.#out = out;
    writeNull(this.#null, 0);
  }

  /** Packets that have gone out beyond those that came in. */
  get debt(): number {
    return this.#debt;
  }

  /** Whether the stream has null packets, whose places others can take. */
  get hasNulls(): boolean {
    return this.#rate.elapsedMs - this.#lastNull <= NULLS_WITHIN_MS;
  }

  /** Whether it is known how many places there are: a stream's first packets may come before its first null. */
  get isSettled(): boolean {
    return this.#rate.ticksAPacket > 0 && (this.hasNulls || this.#rate.elapsedMs > NULLS_WITHIN_MS);
  }

  /** A null of the input: its place goes to what was sent before, or to what waits. */
  passNull(): void {
    this.#lastNull = this.#rate.elapsedMs;
    const waiting = this.#waiting.shift();
    if (waiting) this.#out(waiting, 0, PACKET_BYTES);
    else if (this.#debt > 0) this.#debt--;
    else this.#out(this.#null, 0, PACKET_BYTES);
  }

  /** Sends packets that the input did not have. */
  send(packets: Uint8Array): void {
    if (packets.length === 0) return;
    if (this.#mode === "borrow" || !this.hasNulls) return this.put(packets);
    for (let at = 0; at < packets.length; at += PACKET_BYTES)
      this.#waiting.push(packets.subarray(at, at + PACKET_BYTES));
  }

  /** Sends packets now, whatever the mode. */
  put(packets: Uint8Array): void {
    if (this.hasNulls) this.#debt += packets.length / PACKET_BYTES;
    this.#out(packets, 0, packets.length);
  }

  /** Keeps a packet of the input back; what `meanwhile` puts, has its place, or a null. */
  keepBack(meanwhile: () => void): void {
    if (this.hasNulls) this.#debt--;
    meanwhile();
    if (this.#debt >= 0) return;
    this.#debt = 0;
    this.#out(this.#null, 0, PACKET_BYTES);
  }

  /** Moves a clock by the packets that it stands later. */
  restamp(packets: Uint8Array, at: number, pcr: number): void {
    if (this.#debt > 0) setPcr(packets, at, wrap(pcr + this.#debt * this.#rate.ticksAPacket, PCR_WRAP));
  }
}
