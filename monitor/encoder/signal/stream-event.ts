import { ByteWriter, descriptor } from "./bytes.ts";
import { writeLongSection } from "./section.ts";

/** Most bytes of private data: a descriptor's 255 less event id and time (ISO/IEC 13818-6, 8.3). */
export const MAX_EVENT_DATA_BYTES = 245;

/** DSM-CC stream descriptors (ISO/IEC 13818-6, 9.2.2). */
const TABLE_ID = 0x3d;
const STREAM_EVENT_DESCRIPTOR = 0x1a;

/**
 * One do-it-now event as HbbTV receivers take it (ETSI TS 102 809, B.2.4). A receiver tells a new firing of the event
 * from a repetition by the version.
 */
export function writeStreamEvent(eventId: number, version: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  if (data.length > MAX_EVENT_DATA_BYTES)
    throw new Error(`writing a stream event: got ${data.length} bytes, wanted at most ${MAX_EVENT_DATA_BYTES}`);
  // 31 reserved bits and the 33 of the normal play time, which is 0: at once.
  const event = new ByteWriter().u16(eventId).u32(0xfffffffe).u32(0).bytes(data).done();
  const body = descriptor(STREAM_EVENT_DESCRIPTOR, event);
  // Do-it-now events have 0 in the two upper bits, and the event's id below them.
  return writeLongSection({ table: TABLE_ID, isPrivate: true, extension: eventId & 0x3fff, version, body });
}
