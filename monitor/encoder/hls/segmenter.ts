import {
  distance,
  isRandomAccess,
  NULL_PID,
  PACKET_BYTES,
  PAT_PID,
  payloadAt,
  pidOf,
  PTS_WRAP,
  ptsOf,
  startsUnit,
} from "../signal/packet.ts";
import { packetize, SectionReader } from "../signal/section.ts";
import { PatReader, writePat } from "../stream/pat.ts";
import { PMT_TABLE_ID, type ProgrammeMap, readPmt, videoOf } from "../stream/pmt.ts";

/** A stretch of the programme that can be played from its beginning. */
export interface Segment {
  readonly bytes: Uint8Array;
  /** Seconds. */
  readonly duration: number;
  /** PTS of its first picture, 90 kHz. */
  readonly pts: number;
  /** The time does not go on from the segment before. */
  readonly isFresh: boolean;
}

export interface SegmenterOptions {
  /** The programme that is cut out; the first of the stream where none is named. */
  readonly programme?: number;
  /** Seconds after which the next picture that can be decoded by itself begins a new segment. */
  readonly target: number;
}

const TICKS_A_SECOND = 90_000;
/** A picture that can be decoded by itself may come a little early. */
const EARLY_SECONDS = 0.1;
/** A segment that no picture ends is ended here, s: the next one starts with what cannot be decoded by itself. */
export const MAX_SEGMENT_SECONDS = 10;
const FIRST_BYTES = 256 * 1024;

/**
 * Cuts one programme of a stream into segments (RFC 8216, 3.2): each begins with PAT, PMT and a picture that can be
 * decoded by itself. Null packets and other programmes stay out.
 */
export class Segmenter {
  readonly #options: SegmenterOptions;
  readonly #onsegment: (segment: Segment) => void;
  readonly #pat = new PatReader();
  readonly #patSections = new SectionReader({ onsection: (section) => this.#readPat(section), onbad: () => {} });
  #pmtSections: SectionReader | undefined;
  #pmtPid = -1;
  #pmt: Uint8Array | undefined;
  #map: ProgrammeMap | undefined;
  #programme = 0;
  #leading = -1;
  #pids = new Set<number>();
  #buffer = new Uint8Array(FIRST_BYTES);
  #filled = 0;
  #pts = -1;
  #isFresh = true;
  #counters = { pat: 0, pmt: 0 };

  constructor(options: SegmenterOptions, onsegment: (segment: Segment) => void) {
    this.#options = options;
    this.#onsegment = onsegment;
  }

  /** PTS of the first picture of the segment that is being gathered; -1 where there is none. */
  get pts(): number {
    return this.#pts;
  }

  push(packets: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at += PACKET_BYTES) {
      const pid = pidOf(packets, at);
      if (pid === NULL_PID) continue;
      if (pid === PAT_PID) this.#patSections.push(packets, at);
      else if (pid === this.#pmtPid) this.#pmtSections?.push(packets, at);
      else if (this.#pids.has(pid)) this.#take(packets, at, pid);
    }
  }

  #readPat(section: Uint8Array): void {
    const programmes = this.#pat.push(section);
    const programme = this.#options.programme ?? programmes?.keys().next().value;
    const pid = programme === undefined ? undefined : programmes?.get(programme);
    if (programme === undefined || pid === undefined || pid === this.#pmtPid) return;
    this.#programme = programme;
    this.#pmtPid = pid;
    this.#pmtSections = new SectionReader({ onsection: (each) => this.#readPmt(each), onbad: () => {} });
  }

  #readPmt(section: Uint8Array): void {
    const map = section[0] === PMT_TABLE_ID ? readPmt(section) : undefined;
    if (!map || map.programme !== this.#programme || !map.isCurrent || map.version === this.#map?.version) return;
    this.#map = map;
    this.#pmt = section.slice();
    this.#leading = (videoOf(map) ?? map.streams[0])?.pid ?? -1;
    this.#pids = new Set([map.pcrPid, ...map.streams.map(({ pid }) => pid)]);
  }

  #take(packets: Uint8Array, at: number, pid: number): void {
    if (pid === this.#leading && startsUnit(packets, at)) this.#lead(packets, at);
    if (this.#pts >= 0) this.#keep(packets, at, PACKET_BYTES);
  }

  /** A picture starts: perhaps a segment as well. */
  #lead(packets: Uint8Array, at: number): void {
    const pts = ptsOf(packets, at);
    if (pts < 0) return;
    const canStart = isRandomAccess(packets, at) || startsSequence(packets, payloadAt(packets, at), at + PACKET_BYTES);
    if (this.#pts < 0) {
      if (canStart) this.#begin(pts, true);
      return;
    }
    const gone = distance(this.#pts, pts, PTS_WRAP) / TICKS_A_SECOND;
    const isJump = gone < -1 || gone > MAX_SEGMENT_SECONDS;
    if (!isJump && !(canStart && gone >= this.#options.target - EARLY_SECONDS)) return;
    this.#finish(isJump ? this.#options.target : gone);
    if (isJump && !canStart) this.#pts = -1;
    else this.#begin(pts, isJump);
    if (isJump) this.#isFresh = true;
  }

  #begin(pts: number, isFresh: boolean): void {
    this.#pts = pts;
    this.#isFresh = isFresh;
    this.#filled = 0;
    const pat = packetize(writePat(1, this.#programme, this.#pmtPid), PAT_PID, this.#counters.pat++);
    this.#keep(pat, 0, pat.length);
    const pmt = packetize(this.#pmt!, this.#pmtPid, this.#counters.pmt);
    this.#counters.pmt += pmt.length / PACKET_BYTES;
    this.#keep(pmt, 0, pmt.length);
  }

  #finish(duration: number): void {
    const bytes = this.#buffer.slice(0, this.#filled);
    this.#onsegment({ bytes, duration, pts: this.#pts, isFresh: this.#isFresh });
  }

  #keep(packets: Uint8Array, at: number, length: number): void {
    if (this.#filled + length > this.#buffer.length) {
      const larger = new Uint8Array(this.#buffer.length * 2);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#buffer.set(packets.subarray(at, at + length), this.#filled);
    this.#filled += length;
  }
}

/**
 * Whether a parameter set or a sequence's header stands in the first packet of a picture: senders without the random
 * access flag have it there (H.264 7.4.1, type 7; H.265 7.4.2.2, types 32 to 34; MPEG-2 6.2.2.1).
 */
function startsSequence(packet: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at + 4 < to; at++) {
    if (packet[at] !== 0 || packet[at + 1] !== 0 || packet[at + 2] !== 1) continue;
    const code = packet[at + 3]!;
    if (code === 0xb3 || (code & 0x9f) === 0x07) return true;
    const type = (code >>> 1) & 0x3f;
    if (type >= 32 && type <= 34 && (code & 0x81) === 0 && packet[at + 4] === 1) return true;
  }
  return false;
}
