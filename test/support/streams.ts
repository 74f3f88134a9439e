// Streams of other shapes, made of the looped picture.
import { packetize } from "../../monitor/encoder/signal/section.ts";
import { writeLongSection } from "../../monitor/encoder/signal/section.ts";
import { type ProgrammeMap, writePmt } from "../../monitor/encoder/stream/pmt.ts";
import { looped, PACKET_BYTES } from "./inserter.ts";

export const PMT_PID = 0x1000;
export const VIDEO_PID = 0x100;
export const AUDIO_PID = 0x101;

export const MAP: ProgrammeMap = {
  programme: 1,
  version: 0,
  isCurrent: true,
  pcrPid: VIDEO_PID,
  info: new Uint8Array(),
  streams: [
    { type: 0x1b, pid: VIDEO_PID, info: new Uint8Array() },
    { type: 0x0f, pid: AUDIO_PID, info: new Uint8Array() },
  ],
};

/** A map of several packets: as many sounds, each with a long description. */
export function longMap(sounds: number, bytes = 60): ProgrammeMap {
  const info = new Uint8Array(bytes).fill(0x41);
  info.set([0xfe, bytes - 2]);
  const more = Array.from({ length: sounds }, (_, i) => ({ type: 0x0f, pid: 0x400 + i, info }));
  return { ...MAP, streams: [...MAP.streams, ...more] };
}

export function pidAt(stream: Uint8Array, at: number): number {
  return ((stream[at + 1]! & 0x1f) << 8) | stream[at + 2]!;
}

/** The looped picture whose map is another: its packets stand where the old ones were, and where nulls follow. */
export function withMap(count: number, map: ProgrammeMap, from = 0): Uint8Array {
  const section = writePmt(map)!;
  let counter = 0;
  return replaced(looped(count), from, (pid) => {
    if (pid !== PMT_PID) return undefined;
    const packets = packetize(section, PMT_PID, counter);
    counter += packets.length / PACKET_BYTES;
    return packets;
  });
}

/** The looped picture whose PAT has the map on this PID, where the map comes too. */
export function withMapOn(count: number, pid: number): Uint8Array {
  const stream = looped(count);
  const body = Uint8Array.of(0, 1, 0xe0 | (pid >> 8), pid & 0xff);
  const pat = writeLongSection({ table: 0, isPrivate: false, extension: 1, version: 7, body });
  for (let at = 0; at < stream.length; at += PACKET_BYTES) {
    const was = pidAt(stream, at);
    if (was === 0) stream.set(packetize(pat, 0, stream[at + 3]! & 0x0f), at);
    if (was === PMT_PID) stream.set([0x40 | (pid >> 8), pid & 0xff], at + 1);
  }
  return stream;
}

/** The looped picture with a second programme: a map of its own, its clock on a PID of its own, and no more. */
export function withSecondProgramme(count: number): Uint8Array {
  const pat = writeLongSection({
    table: 0,
    isPrivate: false,
    extension: 1,
    version: 7,
    body: Uint8Array.of(0, 0, 0xe0, 0x10, 0, 1, 0xf0, 0, 0, 2, 0xf0, 0x10),
  });
  const map = writePmt({
    ...MAP,
    programme: 2,
    pcrPid: 0x300,
    streams: [{ type: 0x1b, pid: 0x300, info: new Uint8Array() }],
  })!;
  let counter = 0;
  return replaced(looped(count), 0, (pid) => {
    if (pid !== 0) return undefined;
    const tables = [packetize(pat, 0, counter), packetize(map, 0x1010, counter), clockPacket];
    counter++;
    return concatenate(tables);
  });
}

/** Where the second programme's clock stands; what it says is written where it comes to stand. */
const clockPacket = (() => {
  const packet = new Uint8Array(PACKET_BYTES).fill(0xff);
  packet.set([0x47, 0x03, 0x00, 0x20, 183, 0x10]);
  return packet;
})();

/** Replaces packets by others; those that are more than one take the places of the nulls that follow. */
function replaced(stream: Uint8Array, from: number, by: (pid: number) => Uint8Array | undefined): Uint8Array {
  let waiting: Uint8Array[] = [];
  for (let at = from * PACKET_BYTES; at < stream.length; at += PACKET_BYTES) {
    const pid = pidAt(stream, at);
    const packets = by(pid);
    if (packets) {
      for (let piece = 0; piece < packets.length; piece += PACKET_BYTES)
        waiting.push(packets.slice(piece, piece + PACKET_BYTES));
    } else if (pid !== 0x1fff) continue;
    const next = waiting.shift();
    if (next) stream.set(pidAt(next, 0) === 0x300 ? clockedAt(next, at / PACKET_BYTES) : next, at);
  }
  return stream;
}

function clockedAt(packet: Uint8Array, index: number): Uint8Array {
  const ticks = 5_000_000 + index * 54_000;
  const base = Math.floor(ticks / 300);
  packet.set([base >>> 25, base >>> 17, base >>> 9, base >>> 1, ((base & 1) << 7) | 0x7e, ticks % 300], 6);
  packet[10] = packet[10]! | ((ticks % 300) >>> 8);
  return packet;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Without its null packets: as a stream whose rate varies. */
export function withoutNulls(stream: Uint8Array): Uint8Array {
  const kept: number[] = [];
  for (let at = 0; at < stream.length; at += PACKET_BYTES) if (pidAt(stream, at) !== 0x1fff) kept.push(at);
  const left = new Uint8Array(kept.length * PACKET_BYTES);
  kept.forEach((at, i) => left.set(stream.subarray(at, at + PACKET_BYTES), i * PACKET_BYTES));
  return left;
}
