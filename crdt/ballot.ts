import type { ReceiverId } from "./receiver.ts";

/**
 * One receiver's choice in one poll, as 16 bytes:
 *
 *     ballot = receiver poll press option flags delay        (all numbers big-endian)
 *     receiver = 8 bytes     poll = u16 (index in the show)     press = u16, from 1
 *     option = u8 (index in the poll)     flags = signed << 7 | k     delay = u16, ms after the batch's base time
 *
 * `k` is 1 except where a poll allows N votes, and then 1 ≤ k ≤ N. Two ballots of one edge and time compare as their
 * first 14 bytes do.
 */
export interface Ballot extends ReceiverId {
  readonly poll: number;
  readonly press: number;
  readonly option: number;
  readonly k: number;
  /** The token's subject was vouched for by the broadcaster, not handed out to an anonymous receiver. */
  readonly signed: boolean;
  /** Milliseconds since 1970 by the admitting edge's hybrid clock. */
  readonly time: number;
}

export const BALLOT_BYTES = 16;
/** Largest press: u16. A receiver that presses more often in one poll is refused. */
export const MAX_PRESS = 0xffff;
/** Largest number of votes a receiver has in one poll: 4 bits beside the signed flag, and 0 marks an empty slot. */
export const MAX_VOTES = 15;
/** Most options of a poll: u8. */
export const MAX_OPTIONS = 255;
/** Most polls of a show: u16, the two highest kept for presence and for who has voted at all. */
export const MAX_POLLS = 0xfffe;
/** Longest time in ms that one batch can span: u16. */
export const MAX_DELAY_MS = 0xffff;
/** The poll index of presence records: a receiver's first retrieval, which is no poll. */
export const PRESENCE = 0xffff;
/** The poll index under which a fold keeps who has voted in any poll; no record carries it. */
export const VOTERS = 0xfffe;
/** The poll index of a seal that holds for every poll, those to come too: the last batch of a chain. */
export const EVERY_POLL = 0xffff;

const SIGNED = 0x80;
const K_MASK = 0x0f;

/** Writes `ballot` at `offset`; `base` is the batch's base time and at most `MAX_DELAY_MS` before the ballot's. */
export function writeBallot(view: DataView, offset: number, ballot: Ballot, base: number): void {
  view.setUint32(offset, ballot.hi);
  view.setUint32(offset + 4, ballot.lo);
  view.setUint16(offset + 8, ballot.poll);
  view.setUint16(offset + 10, ballot.press);
  view.setUint8(offset + 12, ballot.option);
  view.setUint8(offset + 13, (ballot.signed ? SIGNED : 0) | ballot.k);
  view.setUint16(offset + 14, ballot.time - base);
}

/** Reads the ballot at `offset`. Total: any 16 bytes are a ballot; whether it counts is the fold's to say. */
export function readBallot(view: DataView, offset: number, base: number): Ballot {
  return readBallotInto(new BallotFields(), view, offset, base);
}

/** The same into an object that is used again: of a million ballots the garbage is as dear as their counting. */
export function readBallotInto(ballot: BallotFields, view: DataView, offset: number, base: number): Ballot {
  const flags = view.getUint8(offset + 13);
  ballot.hi = view.getUint32(offset);
  ballot.lo = view.getUint32(offset + 4);
  ballot.poll = view.getUint16(offset + 8);
  ballot.press = view.getUint16(offset + 10);
  ballot.option = view.getUint8(offset + 12);
  ballot.k = flags & K_MASK;
  ballot.signed = (flags & SIGNED) !== 0;
  ballot.time = base + view.getUint16(offset + 14);
  return ballot;
}

/** A ballot to be written over. */
export class BallotFields implements Ballot {
  hi = 0;
  lo = 0;
  poll = 0;
  press = 0;
  option = 0;
  k = 0;
  signed = false;
  time = 0;
}
