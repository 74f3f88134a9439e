import {
  counterOf,
  hasPayload,
  NULL_PID,
  PACKET_BYTES,
  payloadAt,
  pcrOf,
  pidOf,
  ptsOf,
  setCounter,
  setPcr,
  setStamp,
  stampAt,
} from "../signal/packet.ts";

/**
 * A stretch of transport stream of constant rate that follows itself for ever: clocks, time stamps and continuity
 * counters go on as if it had no end.
 */
export class LoopedStream {
  /** 27 MHz ticks of a packet. */
  readonly ticksAPacket: number;
  readonly #startTicks: number;
  readonly #source: Uint8Array;
  readonly #packets: number;
  readonly #counters = new Int8Array(NULL_PID + 1).fill(-1);
  #index = 0;

  /** `startTicks`: 27 MHz ticks that every clock is moved by, to begin near where they start again. */
  constructor(source: Uint8Array, startTicks = 0) {
    this.#startTicks = startTicks;
    this.#source = source;
    this.#packets = source.length / PACKET_BYTES;
    if (!Number.isInteger(this.#packets))
      throw new Error(`looping a stream: got ${source.length} bytes, wanted whole packets`);
    this.ticksAPacket = ticksAPacketOf(source);
  }

  /** Writes the next `count` packets to `out` from byte `at` on. */
  read(out: Uint8Array, at: number, count: number): void {
    for (let i = 0; i < count; i++) this.#write(out, at + i * PACKET_BYTES);
  }

  #write(out: Uint8Array, at: number): void {
    const from = (this.#index % this.#packets) * PACKET_BYTES;
    const ticks = this.#startTicks + Math.floor(this.#index / this.#packets) * this.#packets * this.ticksAPacket;
    this.#index++;
    for (let i = 0; i < PACKET_BYTES; i++) out[at + i] = this.#source[from + i]!;
    const pid = pidOf(out, at);
    if (pid === NULL_PID) return;
    this.#count(out, at, pid);
    const pcr = pcrOf(out, at);
    if (pcr >= 0) setPcr(out, at, pcr + ticks);
    if (ptsOf(out, at) >= 0) moveStamps(out, at, Math.round(ticks / 300));
  }

  #count(out: Uint8Array, at: number, pid: number): void {
    const before = this.#counters[pid]!;
    const counter = before < 0 ? counterOf(out, at) : before + (hasPayload(out, at) ? 1 : 0);
    setCounter(out, at, counter);
    this.#counters[pid] = counter & 0x0f;
  }
}

/** PTS and, where there is one, DTS of the PES packet that starts here (ISO/IEC 13818-1, 2.4.3.7). */
function moveStamps(packet: Uint8Array, at: number, by: number): void {
  const pes = payloadAt(packet, at);
  const both = (packet[pes + 7]! & 0x40) !== 0;
  setStamp(packet, pes + 9, stampAt(packet, pes + 9) + by, both ? 3 : 2);
  if (both) setStamp(packet, pes + 14, stampAt(packet, pes + 14) + by, 1);
}

function ticksAPacketOf(source: Uint8Array): number {
  let [first, last, firstAt, lastAt] = [-1, -1, 0, 0];
  for (let at = 0; at < source.length; at += PACKET_BYTES) {
    const pcr = pcrOf(source, at);
    if (pcr < 0) continue;
    if (first < 0) [first, firstAt] = [pcr, at];
    [last, lastAt] = [pcr, at];
  }
  if (lastAt === firstAt)
    throw new Error("looping a stream: got fewer than two clocks, wanted a stream of constant rate");
  return ((last - first) * PACKET_BYTES) / (lastAt - firstAt);
}
