import { ByteWriter, descriptor, u16At } from "../signal/bytes.ts";
import { CRC_BYTES, LONG_HEADER_BYTES, MAX_PSI_BYTES, writeLongSection } from "../signal/section.ts";

export const PMT_TABLE_ID = 0x02;

/** A programme map (ISO/IEC 13818-1, 2.4.4.8). */
export interface ProgrammeMap {
  readonly programme: number;
  /** 0 to 31. */
  readonly version: number;
  readonly isCurrent: boolean;
  readonly pcrPid: number;
  /** Descriptors of the programme. */
  readonly info: Uint8Array;
  readonly streams: readonly ElementaryStream[];
}

export interface ElementaryStream {
  readonly type: number;
  readonly pid: number;
  readonly info: Uint8Array;
}

/** Undefined where the lengths within do not fit. */
export function readPmt(section: Uint8Array): ProgrammeMap | undefined {
  const end = section.length - CRC_BYTES;
  const infoAt = LONG_HEADER_BYTES + 4;
  if (section[0] !== PMT_TABLE_ID || infoAt > end) return undefined;
  let at = infoAt + (u16At(section, LONG_HEADER_BYTES + 2) & 0x0fff);
  const info = section.slice(infoAt, at);
  const streams: ElementaryStream[] = [];
  while (at + 5 <= end) {
    const next = at + 5 + (u16At(section, at + 3) & 0x0fff);
    streams.push({ type: section[at]!, pid: u16At(section, at + 1) & 0x1fff, info: section.slice(at + 5, next) });
    at = next;
  }
  if (at !== end) return undefined;
  return {
    programme: u16At(section, 3),
    version: (section[5]! >>> 1) & 0x1f,
    isCurrent: (section[5]! & 1) === 1,
    pcrPid: u16At(section, LONG_HEADER_BYTES) & 0x1fff,
    info,
    streams,
  };
}

/** Undefined where the map is longer than a section can be. */
export function writePmt(map: ProgrammeMap): Uint8Array<ArrayBuffer> | undefined {
  const writer = new ByteWriter()
    .u16(0xe000 | map.pcrPid)
    .u16(0xf000 | map.info.length)
    .bytes(map.info);
  for (const { type, pid, info } of map.streams)
    writer
      .u8(type)
      .u16(0xe000 | pid)
      .u16(0xf000 | info.length)
      .bytes(info);
  const body = writer.done();
  if (LONG_HEADER_BYTES + body.length + CRC_BYTES > MAX_PSI_BYTES) return undefined;
  const { programme, version } = map;
  return writeLongSection({ table: PMT_TABLE_ID, isPrivate: false, extension: programme, version, body });
}

/** The streams that carry cues; each where it is wanted. */
export interface CuePids {
  readonly scte35?: number;
  readonly streamEvent?: number;
  readonly id3?: number;
  readonly ait?: number;
}

export const STREAM_TYPE = { scte35: 0x86, streamEvent: 0x0c, id3: 0x15, ait: 0x05 } as const;

/** registration_descriptor that SCTE 35 wants of the programme (SCTE 35, 8.1). */
const CUEI = descriptor(0x05, new ByteWriter().ascii("CUEI").done());

/**
 * The map with the streams that carry cues, under the next version: every receiver has to read it again. `componentTag`
 * names the stream events for HbbTV (ETSI TS 102 809, 8.2).
 */
export function withCues(map: ProgrammeMap, pids: CuePids, componentTag: number): ProgrammeMap {
  const info = new ByteWriter().bytes(map.info);
  if (pids.scte35 !== undefined && !includesBytes(map.info, CUEI)) info.bytes(CUEI);
  if (pids.id3 !== undefined) info.bytes(metadataPointer(map.programme));
  const streams = [...map.streams, ...cueStreams(pids, componentTag)];
  return { ...map, version: (map.version + 1) & 0x1f, info: info.done(), streams };
}

function cueStreams({ scte35, streamEvent, id3, ait }: CuePids, componentTag: number): ElementaryStream[] {
  const streams: ElementaryStream[] = [];
  // cue_identifier_descriptor: all commands (SCTE 35, 8.2).
  if (scte35 !== undefined)
    streams.push({ type: STREAM_TYPE.scte35, pid: scte35, info: descriptor(0x8a, Uint8Array.of(1)) });
  // stream_identifier_descriptor (ETSI EN 300 468, 6.2.39).
  if (streamEvent !== undefined)
    streams.push({
      type: STREAM_TYPE.streamEvent,
      pid: streamEvent,
      info: descriptor(0x52, Uint8Array.of(componentTag)),
    });
  if (id3 !== undefined) streams.push({ type: STREAM_TYPE.id3, pid: id3, info: metadataDescriptor() });
  // application_signalling_descriptor: HbbTV, AIT version 0 (ETSI TS 102 809, 5.3.5.1).
  if (ait !== undefined)
    streams.push({ type: STREAM_TYPE.ait, pid: ait, info: descriptor(0x6f, Uint8Array.of(0x80, 0x10, 0xe0)) });
  return streams;
}

/** metadata_pointer_descriptor for ID3 ("Timed Metadata for HTTP Live Streaming", 2). */
function metadataPointer(programme: number): Uint8Array {
  const body = new ByteWriter().u16(0xffff).ascii("ID3 ").u8(0xff).ascii("ID3 ").u8(0).u8(0x1f).u16(programme);
  return descriptor(0x25, body.done());
}

/** metadata_descriptor for ID3 (the same). */
function metadataDescriptor(): Uint8Array {
  return descriptor(0x26, new ByteWriter().u16(0xffff).ascii("ID3 ").u8(0xff).ascii("ID3 ").u8(0).u8(0x0f).done());
}

function includesBytes(bytes: Uint8Array, wanted: Uint8Array): boolean {
  for (let at = 0; at + wanted.length <= bytes.length; at += 2 + bytes[at + 1]!)
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return true;
  return false;
}

/** Kinds of stream that hold pictures (table 2-34, and H.266). */
const VIDEO_TYPES: ReadonlySet<number> = new Set([0x01, 0x02, 0x10, 0x1b, 0x20, 0x24, 0x33, 0x42, 0xd1]);

export function videoOf(map: ProgrammeMap): ElementaryStream | undefined {
  return map.streams.find(({ type }) => VIDEO_TYPES.has(type));
}
