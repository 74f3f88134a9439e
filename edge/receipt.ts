import type { ReceiverId } from "../crdt/receiver.ts";

/** "local": in the edge's own durable log. "peer": also on a second replica. */
export type ReceiptLevel = "local" | "peer";

/** An edge's word that a ballot is durable and enters the fold, unless its edge is named lost before it was replicated. */
export interface Receipt {
  /** What a viewer reads out and `redbutton why` takes: `RB-` and six digits of Crockford's base 32. */
  readonly code: string;
  readonly show: string;
  readonly poll: string;
  readonly option: string;
  readonly press: number;
  readonly k: number;
  readonly shard: number;
  readonly edge: string;
  readonly boot: string;
  readonly sequence: number;
  readonly level: ReceiptLevel;
  /** Milliseconds since 1970 by the edge's clock. */
  readonly time: number;
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * The same for every retry of a press, at whatever edge: 30 bits mixed from the receiver's keyed hash, the poll's
 * index, press and k. Enough to find a ballot again, too few to trace anyone. The mixer is MurmurHash3's finalizer.
 */
export function receiptCode(receiver: ReceiverId, poll: number, press: number, k: number): string {
  let bits = mix(receiver.lo ^ mix(receiver.hi ^ mix((poll << 16) ^ press ^ Math.imul(k, 0x9e3779b1))));
  let code = "RB-";
  for (let i = 0; i < 6; i++, bits >>>= 5) code += CROCKFORD[bits & 31];
  return code;
}

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
