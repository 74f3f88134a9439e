import type { ReceiverId } from "./receiver.ts";

/**
 * What a viewer reads out and `redbutton why` takes: `RB-` and six digits of Crockford's base 32. The same for every
 * retry of a press, at whatever edge: 30 bits mixed from the receiver's keyed hash, the poll's index, press and k.
 * Enough to find a ballot again, too few to trace anyone. The mixer is MurmurHash3's finalizer.
 */
export function receiptCode(receiver: ReceiverId, poll: number, press: number, k: number): string {
  let bits = receiptBits(receiver, poll, press, k);
  let code = PREFIX;
  for (let i = 0; i < DIGITS; i++, bits >>>= 5) code += CROCKFORD[bits & 31];
  return code;
}

/** The 30 bits of a code, for those who compare many. */
export function receiptBits({ hi, lo }: ReceiverId, poll: number, press: number, k: number): number {
  return mix(lo ^ mix(hi ^ mix((poll << 16) ^ press ^ Math.imul(k, 0x9e3779b1)))) & MASK;
}

/** The bits of a code as people type it: in any case, O for 0, I and L for 1. Undefined where it is none. */
export function parseReceiptCode(text: string): number | undefined {
  const [, digits] = /^(?:RB-?)?([0-9A-Z]{6})$/.exec(text.trim().toUpperCase()) ?? [];
  if (digits === undefined) return undefined;
  const plain = digits.replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  const values = Array.from(plain, (digit) => CROCKFORD.indexOf(digit));
  return values.includes(-1) ? undefined : values.reduceRight((bits, value) => (bits << 5) | value, 0);
}

const PREFIX = "RB-";
const DIGITS = 6;
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const MASK = 0x3fff_ffff;

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
