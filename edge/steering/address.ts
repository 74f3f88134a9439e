import { equalBytes } from "../../crdt/bytes.ts";

/** An IP address: 4 bytes or 16. An IPv4 address in its IPv6 form (RFC 4291, 2.5.5.2) is one of 4. */
export type AddressBytes = Uint8Array;

/** Reads an address as people write it; undefined where it is none. */
export function parseAddress(text: string): AddressBytes | undefined {
  const v4 = parseV4(text);
  if (v4) return v4;
  const bare = text.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  return bare.includes(":") ? parseV6(bare) : parseV4(bare);
}

/** As people write it; IPv6 without shortening its zeros. */
export function formatAddress(bytes: AddressBytes): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2]! << 8) | bytes[i * 2 + 1]!).toString(16));
  return groups.join(":");
}

/** A network: an address and how many of its bits name it. */
export interface Network {
  readonly address: AddressBytes;
  readonly bits: number;
}

/** Reads "192.0.2.0/24" or "2001:db8::/32"; undefined where it is none, or has bits beyond its length. */
export function parseNetwork(text: string): Network | undefined {
  const [, host = "", length = ""] = /^(.+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(host);
  const bits = Number(length);
  if (!address || length === "" || bits > address.length * 8) return undefined;
  return equalBytes(masked(address, bits), address) ? { address, bits } : undefined;
}

/** The address with all but its first `bits` bits set to 0. */
export function masked(address: AddressBytes, bits: number): AddressBytes {
  return address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))));
}

/** Bit `i` of an address, from the left. */
export function bitAt(address: AddressBytes, i: number): 0 | 1 {
  return (address[i >> 3]! >> (7 - (i & 7))) & 1 ? 1 : 0;
}

/** Byte by byte, since each query's sender is read so. */
function parseV4(text: string): AddressBytes | undefined {
  const bytes = new Uint8Array(4);
  let at = 0;
  for (let i = 0; i < 4; i++) {
    const end = i === 3 ? text.length : text.indexOf(".", at);
    const value = decimal(text, at, end);
    if (value === undefined) return undefined;
    bytes[i] = value;
    at = end + 1;
  }
  return bytes;
}

/** A number from 0 to 255 without needless zeros. */
function decimal(text: string, from: number, to: number): number | undefined {
  const length = to - from;
  if (length < 1 || length > 3) return undefined;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  const isPadded = length > 1 && text.charCodeAt(from) === 48;
  return isPadded || value > 255 ? undefined : value;
}

function parseV6(text: string): AddressBytes | undefined {
  const [head = "", tail, ...rest] = withoutDots(text).split("::");
  if (rest.length > 0) return undefined;
  const left = groupsOf(head);
  const right = groupsOf(tail ?? "");
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return plain(
    Uint8Array.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])),
  );
}

/** "::ffff:192.0.2.1" with the last four bytes as groups. */
function withoutDots(text: string): string {
  const [, head = "", dotted = ""] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  const v4 = parseV4(dotted);
  if (!v4) return text;
  return `${head}${((v4[0]! << 8) | v4[1]!).toString(16)}:${((v4[2]! << 8) | v4[3]!).toString(16)}`;
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}

function plain(bytes: AddressBytes): AddressBytes {
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return isMapped ? bytes.slice(12) : bytes;
}
