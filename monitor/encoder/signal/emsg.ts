import type { CueIndication } from "../indication.ts";
import { encodePayload } from "../payload.ts";
import { ByteWriter } from "./bytes.ts";
import { writeId3 } from "./id3.ts";

/** Scheme of ID3 in CMAF: players hand its tags to pages (aomediacodec.github.io/id3-emsg, 2). */
export const ID3_SCHEME = "https://aomedia.org/emsg/ID3";
/** Scheme of SCTE 35 sections in DASH (ANSI/SCTE 214-3, 8.3.3). */
export const SCTE35_SCHEME = "urn:scte:scte35:2013:bin";

/** An event message, as it stands before a movie fragment (ISO/IEC 23009-1, 5.10.3.3). */
export interface EventMessage {
  readonly scheme: string;
  readonly value: string;
  /** Ticks a second. */
  readonly timescale: number;
  /** Ticks on the presentation's own timeline. */
  readonly presentationTime: number;
  /** Ticks. */
  readonly duration: number;
  /** The same in every copy of an event: by it players know one. */
  readonly id: number;
  readonly data: Uint8Array;
}

/** One `emsg` box, version 1. */
export function writeEmsg(message: EventMessage): Uint8Array<ArrayBuffer> {
  const { scheme, value, timescale, presentationTime, duration, id, data } = message;
  const body = new ByteWriter()
    .ascii("emsg")
    .u32(0x0100_0000)
    .u32(timescale)
    .u32(Math.floor(presentationTime / 2 ** 32))
    .u32(presentationTime % 2 ** 32)
    .u32(duration)
    .u32(id)
    .ascii(scheme)
    .u8(0)
    .ascii(value)
    .u8(0)
    .bytes(data)
    .done();
  return new ByteWriter()
    .u32(body.length + 4)
    .bytes(body)
    .done();
}

/** A cue as a packager of CMAF puts it before a fragment: the ID3 tag for pages, the SCTE 35 section for gear. */
export function cueEmsgs(
  { eventId, payload }: CueIndication,
  section: Uint8Array,
  presentationTime: number,
  timescale: number,
): Uint8Array<ArrayBuffer> {
  const duration = Math.round((payload.durationMs * timescale) / 1000);
  const common = { timescale, presentationTime, duration, id: eventId };
  const id3 = writeEmsg({ ...common, scheme: ID3_SCHEME, value: "0", data: writeId3(encodePayload(payload)) });
  const scte35 = writeEmsg({ ...common, scheme: SCTE35_SCHEME, value: "", data: section });
  return new ByteWriter().bytes(id3).bytes(scte35).done();
}
