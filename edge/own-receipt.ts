import { ballotsOf, batchOf, chainId, parseChainId } from "../crdt/batch.ts";
import { parseReceiptCode, receiptBits } from "../crdt/receipt-code.ts";
import { shardOf, type ReceiverId } from "../crdt/receiver.ts";
import type { Replica } from "../crdt/replica.ts";
import type { Final, Poll } from "../crdt/show.ts";
import type { Register } from "../crdt/tallies.ts";
import type { StandingPoll } from "./programme.ts";

/** What a viewer may know of its own ballot: nothing of anyone else, and no counts. */
export interface OwnReceipt {
  readonly code: string;
  readonly show: string;
  readonly poll: string;
  readonly press: number;
  readonly k: number;
  readonly state: OwnState;
  /** Absent where it was replaced and its batch is not named. */
  readonly option?: string;
  /** Where the batch is named: when an edge accepted it, whether it is recorded for ever, and who has it. */
  readonly batch?: OwnBatch;
}

/**
 * "counted": it is the receiver's choice in force, and in the result where there is one; "replaced": the receiver's
 * other press counts; "late": the result was closed before it; "closed": the result stands, and this ballot is in it
 * unless the receiver chose again; "void": nothing in the poll counts.
 */
export type OwnState = "counted" | "replaced" | "late" | "closed" | "void";

export interface OwnBatch {
  /** Milliseconds since 1970 by the edge's clock. */
  readonly acceptedAt: number;
  readonly recorded: boolean;
  /** Edges whose register covers it, of all that keep its shard. */
  readonly edges: { readonly have: number; readonly of: number };
}

/** A batch as its receipt names it: `shard/edge/boot`, and the sequence. */
export interface BatchName {
  readonly chain: string;
  readonly sequence: number;
}

/** Presses before the last one that are looked through for a code: nobody presses more often and asks. */
const MAX_PRESSES = 1_000;

/** Reads `0/fra/00a1b2c3d4e5f607/12`; undefined where it is none. */
export function parseBatchName(text: string): BatchName | undefined {
  const match = /^(\d{1,5}\/[a-z0-9-]{1,63}\/[0-9a-f]{16})\/([1-9]\d{0,9})$/.exec(text);
  return match ? { chain: match[1]!, sequence: Number(match[2]) } : undefined;
}

interface Press {
  readonly press: number;
  readonly k: number;
  readonly state: OwnState;
  readonly option?: number;
}

/** The receiver's ballot with that code; undefined where it has none that is known here. */
export async function ownReceipt(
  replica: Replica,
  polls: Iterable<StandingPoll>,
  receiver: ReceiverId,
  code: string,
  name?: BatchName,
): Promise<OwnReceipt | undefined> {
  const bits = parseReceiptCode(code);
  if (bits === undefined) return undefined;
  const standing = [...polls];
  const logged = name && (await readBallot(replica, receiver, bits, name));
  for (const { definition, transitions, final } of standing) {
    const found = logged?.poll === definition.index ? logged : pressOf(replica, definition, receiver, bits);
    if (!found) continue;
    const isVoid = transitions.void !== undefined;
    const state = isVoid ? "void" : stateOf(replica, definition, receiver, found, final, name);
    const option = definition.options[found.option ?? -1]?.id;
    return {
      code: code.toUpperCase(),
      show: replica.show,
      poll: definition.id,
      press: found.press,
      k: found.k,
      state,
      ...(option === undefined ? {} : { option }),
      ...(logged && name ? { batch: batchState(replica, name, logged.time) } : {}),
    };
  }
  return undefined;
}

/** Looks through the presses up to the one in force. */
function pressOf(
  replica: Replica,
  { index }: Poll,
  receiver: ReceiverId,
  bits: number,
): Omit<Press, "state"> | undefined {
  for (const { press: last, k, option } of knownOf(replica, index, receiver))
    for (let press = last; press > Math.max(0, last - MAX_PRESSES); press--)
      if (receiptBits(receiver, index, press, k) === bits) return { press, k, ...(press === last ? { option } : {}) };
  return undefined;
}

function stateOf(
  replica: Replica,
  { index }: Poll,
  receiver: ReceiverId,
  found: Omit<Press, "state">,
  final: Final | undefined,
  name: BatchName | undefined,
): OwnState {
  // The table of a final poll has left memory: what remains is whether the result stands for the batch.
  if (final) return name && name.sequence > (final.cut[name.chain] ?? 0) ? "late" : "closed";
  const inForce = knownOf(replica, index, receiver).find(({ k }) => k === found.k);
  return inForce?.press === found.press ? "counted" : "replaced";
}

function knownOf(replica: Replica, poll: number, receiver: ReceiverId) {
  const shards = replica.board.show?.shards ?? 1;
  return replica.shards().get(shardOf(receiver, shards))?.fold.known(poll, receiver) ?? [];
}

/** One batch of the log, and the receiver's ballot in it. */
async function readBallot(replica: Replica, receiver: ReceiverId, bits: number, { chain, sequence }: BatchName) {
  const range = { chain: parseChainId(chain), after: sequence - 1, upTo: sequence };
  for await (const bytes of replica.batches(range)) {
    const batch = batchOf(bytes);
    if (batch?.kind !== "ballots" || chainId(batch) !== chain) continue;
    for (const { hi, lo, poll, press, k, option, time } of ballotsOf(batch))
      if (hi === receiver.hi && lo === receiver.lo && receiptBits(receiver, poll, press, k) === bits)
        return { poll, press, k, option, time };
  }
  return undefined;
}

function batchState({ board, tallies }: Replica, { chain, sequence }: BatchName, acceptedAt: number): OwnBatch {
  const { shard } = parseChainId(chain);
  const registers = tallies.registers();
  const keeping = board
    .roster()
    .filter(
      ({ edge, boot, state, shards }) => shards.includes(shard) && state !== "drained" && !board.lost(edge, boot),
    );
  const have = keeping.filter(({ edge }) => covers(registers.get(edge), shard, chain, sequence));
  return {
    acceptedAt,
    recorded: (board.watermarks.recorded[chain] ?? 0) >= sequence,
    edges: { have: have.length, of: keeping.length },
  };
}

function covers(register: Register | undefined, shard: number, chain: string, sequence: number): boolean {
  return (register?.shards[shard]?.coverage[chain] ?? 0) >= sequence;
}
