import { concatBytes } from "@noble/hashes/utils.js";
import type { CueIndication, Indication } from "../indication.ts";
import { encodePayload, type Payload } from "../payload.ts";
import { type Application, writeAit } from "../signal/ait.ts";
import { ByteWriter } from "../signal/bytes.ts";
import { packetizeId3, writeId3 } from "../signal/id3.ts";
import { PACKET_BYTES, PTS_WRAP, wrap } from "../signal/packet.ts";
import {
  CONTENT_IDENTIFICATION,
  type Segmentation,
  UPID_MPU,
  writeSpliceInsert,
  writeTimeSignal,
} from "../signal/scte35.ts";
import { packetize } from "../signal/section.ts";
import { writeStreamEvent } from "../signal/stream-event.ts";
import type { CuePids } from "./pmt.ts";

const TICKS_A_MS = 90;

/** How cues are written into a stream. */
export interface CarrierOptions {
  /** The streams that carry cues; one that is left out is not written. */
  readonly pids: CuePids;
  /** Of the stream events, in the receiver's event file. */
  readonly componentTag: number;
  /** `stream_event_id` of the event "cue", in the receiver's event file. */
  readonly streamEventId: number;
  /** Four characters registered with SMPTE, which say whose the UPID is. */
  readonly formatIdentifier: string;
  /** The page that televisions start; without it there is no AIT. */
  readonly application?: Application;
}

/** Writes cues as packets, each PID with its own continuity counter. */
export class Carriers {
  readonly options: CarrierOptions;
  readonly #counters = new Map<number, number>();

  constructor(options: CarrierOptions) {
    this.options = options;
  }

  /** The packets of an indication at `pts`, in 90 kHz: everything that goes out at once. */
  packetsOf(indication: Indication, pts: number): Uint8Array<ArrayBuffer> {
    const { scte35, id3 } = this.options.pids;
    const packets: Uint8Array[] = [];
    if (scte35 !== undefined)
      packets.push(this.#section(sectionOf(indication, pts, this.options.formatIdentifier), scte35));
    if (indication.kind === "cue") {
      packets.push(this.streamEventOf(indication));
      if (id3 !== undefined) packets.push(this.#id3(indication.payload, pts, id3));
    }
    return concatBytes(...packets);
  }

  /** The stream event alone: it comes repeated, since a receiver that has just changed channel would miss one. */
  streamEventOf({ payload, firing }: CueIndication): Uint8Array<ArrayBuffer> {
    const { pids, streamEventId } = this.options;
    if (pids.streamEvent === undefined) return new Uint8Array(0);
    return this.#section(writeStreamEvent(streamEventId, firing & 0x1f, encodePayload(payload)), pids.streamEvent);
  }

  /** The table that makes televisions start the page; empty where there is none to start. */
  ait(): Uint8Array<ArrayBuffer> {
    const { pids, application } = this.options;
    if (pids.ait === undefined || !application) return new Uint8Array(0);
    return this.#section(writeAit(application, 0), pids.ait);
  }

  #section(section: Uint8Array, pid: number): Uint8Array<ArrayBuffer> {
    return this.#counted(pid, packetize(section, pid, this.#counter(pid)));
  }

  #id3(payload: Payload, pts: number, pid: number): Uint8Array<ArrayBuffer> {
    return this.#counted(pid, packetizeId3(writeId3(encodePayload(payload)), pts, pid, this.#counter(pid)));
  }

  #counter(pid: number): number {
    return this.#counters.get(pid) ?? 0;
  }

  #counted(pid: number, packets: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.#counters.set(pid, (this.#counter(pid) + packets.length / PACKET_BYTES) & 0x0f);
    return packets;
  }
}

/** The SCTE 35 section of an indication. `pts`: of the picture that is on now. */
export function sectionOf(indication: Indication, pts: number, formatIdentifier: string): Uint8Array<ArrayBuffer> {
  switch (indication.kind) {
    case "cue":
      return writeTimeSignal(pts, [segmentationOf(indication, formatIdentifier)]);
    case "segmentation":
      return writeTimeSignal(later(pts, indication.preRoll), indication.segmentations);
    case "splice":
      return writeSpliceInsert(
        indication.insert,
        indication.preRoll === undefined ? undefined : later(pts, indication.preRoll),
        indication.segmentations,
      );
  }
}

function segmentationOf({ eventId, payload }: CueIndication, formatIdentifier: string): Segmentation {
  return {
    eventId,
    // It stands in the payload. mpegts.js 1.8 reads the 40 bits of a duration with a reader of 32, and ends.
    duration: 0,
    upidType: UPID_MPU,
    upid: upidOf(payload, formatIdentifier),
    type: CONTENT_IDENTIFICATION,
    number: 1,
    expected: 1,
  };
}

/** Format identifier and payload, as SCTE 35 and SCTE 104 carry them. */
export function upidOf(payload: Payload, formatIdentifier: string): Uint8Array<ArrayBuffer> {
  return new ByteWriter().ascii(formatIdentifier).bytes(encodePayload(payload)).done();
}

function later(pts: number, ms: number): number {
  return wrap(pts + ms * TICKS_A_MS, PTS_WRAP);
}
