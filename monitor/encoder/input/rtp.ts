import { u16At } from "../signal/bytes.ts";
import { PACKET_BYTES, SYNC_BYTE } from "../signal/packet.ts";

/** Bytes of a header without sources and extension. */
const HEADER_BYTES = 12;

/**
 * The packets of a datagram that may have an RTP header before them (RFC 3550, 5.1; RFC 2250, 2). What is no whole number
 * of packets behind such a header is given as it came.
 */
export function withoutRtp(datagram: Uint8Array): Uint8Array {
  const start = headerLength(datagram);
  const isRtp = start > 0 && (datagram.length - start) % PACKET_BYTES === 0 && datagram[start] === SYNC_BYTE;
  return isRtp ? datagram.subarray(start) : datagram;
}

/** 0 where there is no header. Version (2 bits), padding, extension (X), count of sources (4 bits) are the first byte. */
function headerLength(datagram: Uint8Array): number {
  const first = datagram[0] ?? 0;
  if (first >> 6 !== 2 || datagram.length < HEADER_BYTES) return 0;
  const length = HEADER_BYTES + 4 * (first & 0x0f);
  if ((first & 0x10) === 0) return length;
  return length + 4 <= datagram.length ? length + 4 + 4 * u16At(datagram, length + 2) : 0;
}
