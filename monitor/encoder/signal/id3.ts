import { ByteWriter } from "./bytes.ts";
import { PACKET_BYTES, setStamp, SYNC_BYTE } from "./packet.ts";

/** Description of the frame that holds the payload: what a receiver looks for. */
export const ID3_DESCRIPTION = "redbutton.cue";

const UTF_8 = 3;

/** An ID3v2.4 tag with one TXXX frame (id3.org, "ID3 tag version 2.4.0 - Native Frames", 4.2.6). */
export function writeId3(text: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = new ByteWriter().u8(UTF_8).ascii(ID3_DESCRIPTION).u8(0).bytes(text).done();
  const frame = new ByteWriter().ascii("TXXX").bytes(synchsafe(body.length)).u16(0).bytes(body).done();
  return new ByteWriter().ascii("ID3").bytes([4, 0, 0]).bytes(synchsafe(frame.length)).bytes(frame).done();
}

/** 28 bits, seven a byte. */
function synchsafe(value: number): number[] {
  return [(value >>> 21) & 0x7f, (value >>> 14) & 0x7f, (value >>> 7) & 0x7f, value & 0x7f];
}

const PES_HEADER_BYTES = 14;
/** private_stream_1: what Apple's "Timed Metadata for HTTP Live Streaming" prescribes. */
const STREAM_ID = 0xbd;

/**
 * A tag as a PES packet in packets of its own, with its PTS in 90 kHz. The last packet is filled up in the adaptation
 * field (ISO/IEC 13818-1, 2.4.3.5): stuffing in the payload would be read as a part of the tag.
 */
export function packetizeId3(tag: Uint8Array, pts: number, pid: number, counter: number): Uint8Array<ArrayBuffer> {
  const pes = new ByteWriter()
    .bytes([0, 0, 1, STREAM_ID])
    .u16(PES_HEADER_BYTES - 6 + tag.length)
    .bytes([0x84, 0x80, 5]) // data_alignment_indicator; a PTS alone, five bytes.
    .bytes([0, 0, 0, 0, 0])
    .bytes(tag)
    .done();
  setStamp(pes, 9, pts, 2);
  const room = PACKET_BYTES - 4;
  const packets = new Uint8Array(Math.ceil(pes.length / room) * PACKET_BYTES);
  for (let at = 0, read = 0, i = 0; at < packets.length; at += PACKET_BYTES, i++) {
    const piece = pes.subarray(read, read + room);
    writeFilled(packets, at, piece);
    packets[at + 1] = (i === 0 ? 0x40 : 0) | (pid >>> 8);
    packets[at + 2] = pid & 0xff;
    packets[at + 3] = packets[at + 3]! | ((counter + i) & 0x0f);
    read += piece.length;
  }
  return packets;
}

function writeFilled(packets: Uint8Array, at: number, piece: Uint8Array): void {
  packets[at] = SYNC_BYTE;
  const filling = PACKET_BYTES - 4 - piece.length;
  packets[at + 3] = filling > 0 ? 0x30 : 0x10;
  if (filling > 0) packets[at + 4] = filling - 1;
  if (filling > 1) packets[at + 5] = 0;
  if (filling > 2) packets.fill(0xff, at + 6, at + 4 + filling);
  packets.set(piece, at + 4 + filling);
}
