import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Fold, FoldContents, FoldTables, StandingSeal } from "./fold.ts";
import type { OrderRecord } from "./order-book.ts";

/**
 * The state of a member's folds, so that a log need not be read from its beginning. Joining it is idempotent: slots are
 * compared as ballots are.
 *
 *     snapshots = shard*                                              (all numbers big-endian)
 *     shard     = u16 number, u32 length of the rest, u32 length of head, head (JSON, UTF-8), slot*
 *     slot      = hi lo press option flags edge time                  u32 u32 u16 u8 u8 u16 u32
 *
 * The head lists the polls with their number of slots, in the order in which the slots follow, and says since version 2
 * what the fold kept: for a fold that keeps more a snapshot cannot stand for its batches.
 */
interface Head {
  readonly version: 1 | 2;
  /** Absent in version 1. */
  readonly contents?: FoldContents;
  readonly coverage: Readonly<Record<string, number>>;
  readonly heads: Readonly<Record<string, { readonly hash: string; readonly time: number }>>;
  readonly edges: readonly string[];
  readonly polls: readonly { readonly poll: number; readonly slots: number }[];
  /** Poll → ballots beyond its final's cut. */
  readonly late: readonly (readonly [poll: number, ballots: number])[];
  readonly seals: readonly (Omit<StandingSeal, "chains" | "previous"> & {
    readonly chains: readonly { readonly boot: string; readonly sequence: number; readonly hash: string }[];
  })[];
  /** Absent in what an earlier version wrote. */
  readonly orders?: readonly OrderRecord[];
}

const SLOT_BYTES = 18;

const SHARD_HEADER_BYTES = 6;

export function encodeSnapshots(folds: ReadonlyMap<number, Fold>): Uint8Array {
  const parts = [...folds].map(([shard, fold]) => ({ shard, bytes: encodeSnapshot(fold) }));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + SHARD_HEADER_BYTES + part.bytes.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint16(at, part.shard);
    view.setUint32(at + 2, part.bytes.length);
    bytes.set(part.bytes, at + SHARD_HEADER_BYTES);
    at += SHARD_HEADER_BYTES + part.bytes.length;
  }
  return bytes;
}

/**
 * Joins snapshots into folds of the same show. Returns the shards whose snapshot was left out, since its fold kept less
 * than this one keeps: their batches are still to be folded. Throws where the bytes are no snapshot: the log is damaged.
 */
export function joinSnapshots(folds: ReadonlyMap<number, Fold>, bytes: Uint8Array): number[] {
  const leftOut: number[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at + 2);
    const from = at + SHARD_HEADER_BYTES;
    const shard = view.getUint16(at);
    const fold = folds.get(shard);
    if (fold && !joinSnapshot(fold, bytes.subarray(from, from + length))) leftOut.push(shard);
    at = from + length;
  }
  return leftOut;
}

function encodeSnapshot(fold: Fold): Uint8Array {
  const tallies = [...fold.tallies()];
  const head = utf8ToBytes(JSON.stringify(headOf(fold)));
  const slots = tallies.reduce((sum, [, tally]) => sum + tally.size, 0);
  const bytes = new Uint8Array(4 + head.length + slots * SLOT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, head.length);
  bytes.set(head, 4);
  let at = 4 + head.length;
  for (const [, tally] of tallies) {
    for (const slot of tally.slots()) {
      view.setUint32(at, slot.hi);
      view.setUint32(at + 4, slot.lo);
      view.setUint16(at + 8, slot.press);
      view.setUint8(at + 10, slot.option);
      view.setUint8(at + 11, (slot.signed ? 0x80 : 0) | slot.k);
      view.setUint16(at + 12, slot.edge);
      view.setUint32(at + 14, slot.time);
      at += SLOT_BYTES;
    }
  }
  return bytes;
}

/** False where it was left out. */
function joinSnapshot(fold: Fold, bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headLength = view.getUint32(0);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headLength))) as Head;
  if (head.version !== 1 && head.version !== 2)
    throw new Error(`reading a snapshot: got version ${String(head.version)}, wanted 1 or 2`);
  if (!holds(contentsOf(head), fold.contents)) return false;
  const edges = head.edges.map((name) => fold.edges.number(name));
  let at = 4 + headLength;
  for (const { poll, slots } of head.polls) {
    const tally = fold.tally(poll);
    for (let i = 0; i < slots; i++, at += SLOT_BYTES) {
      const flags = view.getUint8(at + 11);
      tally?.join({
        hi: view.getUint32(at),
        lo: view.getUint32(at + 4),
        press: view.getUint16(at + 8),
        option: view.getUint8(at + 10),
        signed: (flags & 0x80) !== 0,
        k: flags & 0x0f,
        edge: edges[view.getUint16(at + 12)]!,
        time: view.getUint32(at + 14),
      });
    }
  }
  for (const [poll, late] of head.late) fold.addLate(poll, Math.max(0, late - fold.late(poll)));
  for (const seal of head.seals)
    if (seal.sequence > fold.coverage.of(seal))
      fold.addSeal({ ...seal, chains: seal.chains.map((chain) => ({ ...chain, hash: hexToBytes(chain.hash) })) });
  for (const record of head.orders ?? []) fold.orders.takeRecord(record);
  for (const [chain, sequence] of Object.entries(head.coverage)) {
    const { hash, time } = head.heads[chain]!;
    fold.resume(chain, sequence, hexToBytes(hash), time);
  }
  return true;
}

/** What version 1 does not say shows in part: a fold without tables has no slots. */
function contentsOf({ contents, polls }: Head): FoldContents {
  return contents ?? { tables: polls.length > 0 ? "all" : "none", voters: false };
}

function holds(held: FoldContents, kept: FoldContents): boolean {
  return BREADTH[held.tables] >= BREADTH[kept.tables] && (held.voters || !kept.voters);
}

const BREADTH: Record<FoldTables, number> = { none: 0, polls: 1, all: 2 };

function headOf(fold: Fold): Head {
  const coverage = fold.coverage.toJSON();
  return {
    version: 2,
    contents: fold.contents,
    coverage,
    heads: Object.fromEntries(Object.keys(coverage).map((chain) => [chain, headOfChain(fold, chain)])),
    edges: fold.edges.names,
    polls: [...fold.tallies()].map(([poll, tally]) => ({ poll, slots: tally.size })),
    late: [...fold.latePolls()].map((poll) => [poll, fold.late(poll)]),
    seals: fold.seals.map(({ kind, poll, chains, shard, edge, boot, sequence, time }) => ({
      kind,
      poll,
      shard,
      edge,
      boot,
      sequence,
      time,
      chains: chains.map((chain) => ({ ...chain, hash: bytesToHex(chain.hash) })),
    })),
    orders: [...fold.orders.records()],
  };
}

function headOfChain(fold: Fold, chain: string) {
  return { hash: bytesToHex(fold.head(chain)!), time: fold.lastTime(chain)! };
}
