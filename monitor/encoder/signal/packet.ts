/**
 * Fields of a transport stream packet (ISO/IEC 13818-1, 2.4.3), read and written in place: `packet` is a large buffer,
 * `at` where the packet begins in it. Nothing here allocates.
 */

export const PACKET_BYTES = 188;
export const SYNC_BYTE = 0x47;
export const PAT_PID = 0;
export const NULL_PID = 0x1fff;
/** 27 MHz ticks of the programme clock before it starts again (33 bits of 90 kHz, times 300). */
export const PCR_WRAP = 2 ** 33 * 300;
/** 90 kHz ticks of a time stamp before it starts again. */
export const PTS_WRAP = 2 ** 33;
/** From here to below the null packets' a PID may hold a programme's map or streams; those before are reserved (table 2-3). */
export const FIRST_ASSIGNED_PID = 0x10;

export function pidOf(packet: Uint8Array, at: number): number {
  return ((packet[at + 1]! & 0x1f) << 8) | packet[at + 2]!;
}

/** Whether a PAT or a map may name the PID. */
export function isAssigned(pid: number): boolean {
  return pid >= FIRST_ASSIGNED_PID && pid < NULL_PID;
}

/** A section or PES packet starts in it. */
export function startsUnit(packet: Uint8Array, at: number): boolean {
  return (packet[at + 1]! & 0x40) !== 0;
}

/** The sender knows that bits of it are wrong. */
export function isDamaged(packet: Uint8Array, at: number): boolean {
  return (packet[at + 1]! & 0x80) !== 0;
}

export function isScrambled(packet: Uint8Array, at: number): boolean {
  return (packet[at + 3]! & 0xc0) !== 0;
}

export function hasPayload(packet: Uint8Array, at: number): boolean {
  return (packet[at + 3]! & 0x10) !== 0;
}

export function counterOf(packet: Uint8Array, at: number): number {
  return packet[at + 3]! & 0x0f;
}

export function setCounter(packet: Uint8Array, at: number, counter: number): void {
  packet[at + 3] = (packet[at + 3]! & 0xf0) | (counter & 0x0f);
}

/** Bytes of the adaptation field, its length byte included; 0 where there is none. */
function adaptationBytes(packet: Uint8Array, at: number): number {
  return (packet[at + 3]! & 0x20) === 0 ? 0 : 1 + packet[at + 4]!;
}

/** Flags of the adaptation field; 0 where there is none. */
function adaptationFlags(packet: Uint8Array, at: number): number {
  return adaptationBytes(packet, at) > 1 ? packet[at + 5]! : 0;
}

/** The clock or the counter does not go on from before. */
export function isDiscontinuous(packet: Uint8Array, at: number): boolean {
  return (adaptationFlags(packet, at) & 0x80) !== 0;
}

/** A decoder can start here. */
export function isRandomAccess(packet: Uint8Array, at: number): boolean {
  return (adaptationFlags(packet, at) & 0x40) !== 0;
}

/** Where the payload starts; `at + 188` where there is none, or a length that cannot be. */
export function payloadAt(packet: Uint8Array, at: number): number {
  const end = at + PACKET_BYTES;
  return hasPayload(packet, at) ? Math.min(at + 4 + adaptationBytes(packet, at), end) : end;
}

/** The programme clock in 27 MHz ticks (2.4.3.5), or -1 where the packet has none. */
export function pcrOf(packet: Uint8Array, at: number): number {
  if ((adaptationFlags(packet, at) & 0x10) === 0 || packet[at + 4]! < 7) return -1;
  const high = packet[at + 6]! * 2 ** 25 + packet[at + 7]! * 2 ** 17 + packet[at + 8]! * 2 ** 9;
  const base = high + packet[at + 9]! * 2 + (packet[at + 10]! >>> 7);
  return base * 300 + (((packet[at + 10]! & 1) << 8) | packet[at + 11]!);
}

/** Writes over the clock of a packet that has one. */
export function setPcr(packet: Uint8Array, at: number, ticks: number): void {
  const wrapped = wrap(Math.round(ticks), PCR_WRAP);
  const base = Math.floor(wrapped / 300);
  const extension = wrapped % 300;
  packet[at + 6] = Math.floor(base / 2 ** 25);
  packet[at + 7] = Math.floor(base / 2 ** 17) & 0xff;
  packet[at + 8] = Math.floor(base / 2 ** 9) & 0xff;
  packet[at + 9] = Math.floor(base / 2) & 0xff;
  packet[at + 10] = ((base % 2) << 7) | 0x7e | (extension >>> 8);
  packet[at + 11] = extension & 0xff;
}

/** The presentation time in 90 kHz ticks of a PES packet that starts here (2.4.3.7), or -1. */
export function ptsOf(packet: Uint8Array, at: number): number {
  if (!startsUnit(packet, at) || isScrambled(packet, at)) return -1;
  const pes = payloadAt(packet, at);
  if (pes + 14 > at + PACKET_BYTES) return -1;
  if (packet[pes] !== 0 || packet[pes + 1] !== 0 || packet[pes + 2] !== 1 || (packet[pes + 7]! & 0x80) === 0) return -1;
  return stampAt(packet, pes + 9);
}

/** 33 bits in the five bytes of a time stamp, marker bits between. */
export function stampAt(packet: Uint8Array, at: number): number {
  const middle = (packet[at + 1]! << 7) | (packet[at + 2]! >>> 1);
  const low = (packet[at + 3]! << 7) | (packet[at + 4]! >>> 1);
  return ((packet[at]! >>> 1) & 0x07) * 2 ** 30 + middle * 2 ** 15 + low;
}

/** The inverse of `stampAt`; `prefix` is 2 for a PTS alone, 3 and 1 for a PTS and a DTS. */
export function setStamp(packet: Uint8Array, at: number, stamp: number, prefix: number): void {
  const wrapped = wrap(stamp, PTS_WRAP);
  const middle = Math.floor(wrapped / 2 ** 15) & 0x7fff;
  const low = wrapped & 0x7fff;
  packet[at] = (prefix << 4) | (Math.floor(wrapped / 2 ** 30) << 1) | 1;
  packet[at + 1] = middle >>> 7;
  packet[at + 2] = ((middle & 0x7f) << 1) | 1;
  packet[at + 3] = low >>> 7;
  packet[at + 4] = ((low & 0x7f) << 1) | 1;
}

/** `value` brought into 0 … `modulus` - 1. */
export function wrap(value: number, modulus: number): number {
  const rest = value % modulus;
  return rest < 0 ? rest + modulus : rest;
}

/** How far `to` is after `from` on a clock that starts again at `modulus`: between minus and plus half of it. */
export function distance(from: number, to: number, modulus: number): number {
  const forward = wrap(to - from, modulus);
  return forward >= modulus / 2 ? forward - modulus : forward;
}

export function isNull(packet: Uint8Array, at: number): boolean {
  return pidOf(packet, at) === NULL_PID;
}

/** Writes a null packet (2.4.1). */
export function writeNull(packet: Uint8Array, at: number): void {
  packet[at] = SYNC_BYTE;
  packet[at + 1] = 0x1f;
  packet[at + 2] = 0xff;
  packet[at + 3] = 0x10;
  packet.fill(0xff, at + 4, at + PACKET_BYTES);
}
