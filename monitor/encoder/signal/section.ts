import { ByteWriter, u16At } from "./bytes.ts";
import { crc32 } from "./crc.ts";
import {
  counterOf,
  hasPayload,
  isDamaged,
  isScrambled,
  PACKET_BYTES,
  payloadAt,
  startsUnit,
  SYNC_BYTE,
} from "./packet.ts";

/** Longest section of PAT and PMT, header and CRC included (ISO/IEC 13818-1, 2.4.4.5). */
export const MAX_PSI_BYTES = 1024;
/** Longest private section (2.4.4.11). */
export const MAX_SECTION_BYTES = 4096;
/** Of a section that has the long header: table, length, extension, version, two section numbers. */
export const LONG_HEADER_BYTES = 8;
export const CRC_BYTES = 4;

/** A section with the long header (2.4.4.11). */
export interface LongSection {
  readonly table: number;
  /** 0 for PAT and PMT, 1 for DSM-CC and AIT. */
  readonly isPrivate: boolean;
  readonly extension: number;
  readonly version: number;
  readonly body: Uint8Array;
}

/** Writes a long section with its CRC: the only one of its table, valid now. */
export function writeLongSection({ table, isPrivate, extension, version, body }: LongSection): Uint8Array<ArrayBuffer> {
  const length = LONG_HEADER_BYTES - 3 + body.length + CRC_BYTES;
  const writer = new ByteWriter()
    .u8(table)
    .u16((isPrivate ? 0xf000 : 0xb000) | length)
    .u16(extension)
    .u8(0xc1 | (version << 1))
    .u16(0)
    .bytes(body);
  return sealed(writer);
}

/** Appends the CRC over everything before it. */
export function sealed(writer: ByteWriter): Uint8Array<ArrayBuffer> {
  return writer.u32(crc32(writer.done())).done();
}

/** How many packets a section takes: a pointer goes before it. */
export function packetsOfSection(bytes: number): number {
  return Math.ceil((1 + bytes) / (PACKET_BYTES - 4));
}

/** Puts a section into packets of its own, the rest of the last filled up. Counters go on from `counter`. */
export function packetize(section: Uint8Array, pid: number, counter: number): Uint8Array<ArrayBuffer> {
  const count = packetsOfSection(section.length);
  const packets = new Uint8Array(count * PACKET_BYTES).fill(0xff);
  for (let i = 0, read = 0; i < count; i++) {
    const at = i * PACKET_BYTES;
    packets[at] = SYNC_BYTE;
    packets[at + 1] = (i === 0 ? 0x40 : 0) | (pid >>> 8);
    packets[at + 2] = pid & 0xff;
    packets[at + 3] = 0x10 | ((counter + i) & 0x0f);
    const start = i === 0 ? at + 5 : at + 4;
    if (i === 0) packets[at + 4] = 0;
    const piece = section.subarray(read, read + at + PACKET_BYTES - start);
    packets.set(piece, start);
    read += piece.length;
  }
  return packets;
}

/** Told of what `SectionReader` finds. */
export interface SectionEvents {
  /** A whole section whose CRC is right. It is only lent: copy what shall be kept. */
  onsection(section: Uint8Array): void;
  /** A section that is no use, and why. */
  onbad(reason: string): void;
}

/** Gathers the sections of one PID from its packets (2.4.4): lost and repeated packets, several sections in one. */
export class SectionReader {
  readonly #events: SectionEvents;
  readonly #buffer = new Uint8Array(MAX_SECTION_BYTES);
  #filled = 0;
  #gathering = false;
  #counter = -1;

  constructor(events: SectionEvents) {
    this.#events = events;
  }

  push(packet: Uint8Array, at: number): void {
    if (!hasPayload(packet, at) || isDamaged(packet, at)) return;
    if (isScrambled(packet, at)) return this.#drop("its packets are scrambled");
    if (!this.#follows(counterOf(packet, at))) return;
    const end = at + PACKET_BYTES;
    let start = payloadAt(packet, at);
    if (!startsUnit(packet, at)) return this.#take(packet, start, end);
    const pointed = start + 1 + packet[start]!;
    start += 1;
    if (pointed > end) return this.#drop("a pointer leads out of its packet");
    if (this.#gathering) this.#take(packet, start, pointed);
    this.#begin();
    this.#take(packet, pointed, end);
  }

  /** False for a repeated packet; a gap drops what was gathered. */
  #follows(counter: number): boolean {
    const expected = (this.#counter + 1) & 0x0f;
    if (this.#counter === counter) return false;
    if (this.#counter >= 0 && counter !== expected && this.#gathering && this.#filled > 0)
      this.#drop("packets of it are missing");
    this.#counter = counter;
    return true;
  }

  #begin(): void {
    this.#gathering = true;
    this.#filled = 0;
  }

  #drop(reason: string): void {
    this.#gathering = false;
    this.#filled = 0;
    this.#events.onbad(reason);
  }

  #take(packet: Uint8Array, from: number, end: number): void {
    let read = from;
    while (this.#gathering && read < end) {
      // Stuffing: nothing more in this packet (2.4.4.1).
      if (this.#filled === 0 && packet[read] === 0xff) {
        this.#gathering = false;
        return;
      }
      const wanted = this.#filled < 3 ? 3 : this.#length();
      const piece = Math.min(wanted - this.#filled, end - read);
      this.#buffer.set(packet.subarray(read, read + piece), this.#filled);
      this.#filled += piece;
      read += piece;
      if (this.#filled >= 3 && this.#length() > MAX_SECTION_BYTES)
        return this.#drop("it is longer than a section can be");
      if (this.#filled >= 3 && this.#filled === this.#length()) this.#finish();
    }
  }

  #length(): number {
    return 3 + (u16At(this.#buffer, 1) & 0x0fff);
  }

  #finish(): void {
    const section = this.#buffer.subarray(0, this.#filled);
    this.#filled = 0;
    const isSealed = (section[1]! & 0x80) !== 0;
    if (isSealed && (section.length < LONG_HEADER_BYTES + CRC_BYTES || crc32(section) !== 0))
      this.#events.onbad("its CRC is wrong");
    else this.#events.onsection(section);
  }
}
