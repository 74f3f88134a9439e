import { ballotsOf, batchOf, chainId, parseChainId } from "../../batch.ts";
import type { Member } from "../../member.ts";
import { parseReceiptCode, receiptBits } from "../../receipt-code.ts";
import type { ReceiverId } from "../../receiver.ts";
import type { Replica } from "../../replica.ts";
import type { Ask } from "../question.ts";

/** Ballots whose receipt has a code. 30 bits are few: in a million ballots, one in a thousand codes stands for two. */
export interface Found {
  readonly ballots: readonly FoundBallot[];
}

/** Which press of whom: what a receipt's code stands for. */
export interface FoundBallot {
  readonly show: string;
  /** Index of the poll. */
  readonly poll: number;
  readonly receiver: ReceiverId;
  readonly press: number;
  readonly k: number;
}

/** All that one receiver pressed in one poll, as far as this log holds it. */
export interface Presses {
  readonly presses: readonly LoggedPress[];
}

export interface LoggedPress {
  readonly chain: string;
  readonly sequence: number;
  readonly press: number;
  readonly k: number;
  readonly option: number;
  readonly signed: boolean;
  /** Milliseconds since 1970 by the admitting edge's clock. */
  readonly time: number;
}

/** What one member knows of one batch. */
export interface Seen {
  /** The member keeps every batch for ever: a recorder. */
  readonly permanent: boolean;
  /** It is folded here, and so counts here. */
  readonly visible: boolean;
  /** Since when, by the member's clock; absent where that is forgotten. */
  readonly at?: number;
  /** As the board says here. */
  readonly recorded: boolean;
  readonly pruned: boolean;
  /** It has come, and waits for an earlier one of its chain. */
  readonly waitsFor?: number;
}

/** Different ballots of one code that are told. */
export const MAX_FOUND = 5;

/** Walks the whole log: a second for some millions of ballots, and other work gets in between. */
export async function findBallot(member: Member, { show, code }: Ask<"find">): Promise<Found> {
  const bits = parseReceiptCode(code);
  const found = new Map<string, FoundBallot>();
  if (bits === undefined) return { ballots: [] };
  for (const replica of member.replicas()) {
    if (show !== undefined && replica.show !== show) continue;
    for await (const bytes of replica.batches())
      for (const ballot of found.size < MAX_FOUND ? matches(replica.show, bytes, bits) : [])
        found.set(JSON.stringify(ballot), ballot);
  }
  return { ballots: [...found.values()] };
}

function* matches(show: string, bytes: Uint8Array, bits: number): Generator<FoundBallot> {
  const batch = batchOf(bytes);
  if (batch?.kind !== "ballots") return;
  for (const { hi, lo, poll, press, k } of ballotsOf(batch))
    if (receiptBits({ hi, lo }, poll, press, k) === bits) yield { show, poll, receiver: { hi, lo }, press, k };
}

/** Walks the whole log, too. */
export async function readPresses(replica: Replica, { poll, receiver }: Ask<"presses">): Promise<Presses> {
  const presses: LoggedPress[] = [];
  for await (const bytes of replica.batches()) {
    const batch = batchOf(bytes);
    if (batch?.kind !== "ballots") continue;
    for (const ballot of ballotsOf(batch))
      if (ballot.hi === receiver.hi && ballot.lo === receiver.lo && ballot.poll === poll) {
        const { press, k, option, signed, time } = ballot;
        presses.push({ chain: chainId(batch), sequence: batch.sequence, press, k, option, signed, time });
      }
  }
  return { presses: presses.sort((a, b) => a.time - b.time || a.press - b.press) };
}

export function readSeen(replica: Replica, { chain, sequence }: Ask<"seen">): Seen {
  const fold = replica.shards().get(parseChainId(chain).shard)?.fold;
  const covered = fold?.coverage.of(chain) ?? 0;
  const hole = fold?.gaps().find((gap) => gap.chain === chain);
  const at = replica.arrivals.of(chain, sequence);
  const { recorded, pruned } = replica.board.watermarks;
  return {
    permanent: replica.permanent,
    visible: covered >= sequence,
    ...(at === undefined ? {} : { at }),
    recorded: (recorded[chain] ?? 0) >= sequence,
    pruned: (pruned[chain] ?? 0) >= sequence,
    ...(covered < sequence && hole ? { waitsFor: hole.next } : {}),
  };
}
