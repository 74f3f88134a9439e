import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import {
  BALLOT_BYTES,
  BallotFields,
  MAX_DELAY_MS,
  readBallot,
  readBallotInto,
  writeBallot,
  type Ballot,
} from "./ballot.ts";
import { packOrders, packOutcomes, readOrders, readOutcomes, type Order, type Outcome } from "./order.ts";

/**
 * One flush of one boot: the unit that is logged, replicated, folded, recorded and pruned. Its bytes are the same in
 * the durable log, in the ledger, on a link and in the permanent database:
 *
 *     batch   = header payload                                        (all numbers big-endian)
 *     header  = version kind shard boot sequence time count previous edge
 *     version = u8 (1)    kind = u8    shard = u16    boot = 8 bytes    sequence = u32, from 1
 *     time    = u48, base time, ms since 1970    count = u16    previous = 16 bytes    edge = u8 length, UTF-8
 *     payload = count × ballot                   where kind is 1, ballots, or 2, presence
 *             | poll count × seal                where kind is 3, seals; poll = u16, or 0xffff: the chain has ended
 *             | count × order                    where kind is 4, orders
 *             | count × outcome                  where kind is 5, outcomes: order.ts has both
 *     seal    = boot sequence hash               8 bytes, u32, 16 bytes: a chain of the same shard and edge
 *
 * `previous` and `hash` are the first 16 bytes of the SHA-256 of the chain's preceding batch, zeros before the first.
 */
export type Batch = BatchHeader & BatchBody;

/** What a batch holds, by its kind. */
export type BatchBody = RecordBatch | SealBatch | OrderBatch | OutcomeBatch;

/** The inverse of `ballotsOf`; `base` is the batch's time, at most `MAX_DELAY_MS` before any ballot's. */
export function packBallots(ballots: readonly Ballot[], base: number): Uint8Array {
  const records = new Uint8Array(ballots.length * BALLOT_BYTES);
  const view = viewOf(records);
  ballots.forEach((ballot, i) => {
    assertWithin("ballot's delay in ms", ballot.time - base, 0, MAX_DELAY_MS);
    writeBallot(view, i * BALLOT_BYTES, ballot, base);
  });
  return records;
}

/** Reads the ballots of a batch one by one. */
export function* ballotsOf(batch: BatchHeader & RecordBatch): Generator<Ballot> {
  const view = viewOf(batch.records);
  for (let at = 0; at < batch.records.length; at += BALLOT_BYTES) yield readBallot(view, at, batch.time);
}

/** Hands each ballot of a batch to `visit`, which must not keep it: the next one is written over it. */
export function visitBallots(batch: BatchHeader & RecordBatch, visit: (ballot: Ballot) => void): void {
  const view = viewOf(batch.records);
  const ballot = new BallotFields();
  for (let at = 0; at < batch.records.length; at += BALLOT_BYTES) visit(readBallotInto(ballot, view, at, batch.time));
}

/** The writer's chain: one boot of one edge, in one shard. A batch's identity is its chain and sequence. */
export interface Chain {
  readonly shard: number;
  readonly edge: string;
  /** 16 hexadecimal digits. */
  readonly boot: string;
}

export interface BatchHeader extends Chain {
  readonly sequence: number;
  /** Milliseconds since 1970 of the earliest ballot. */
  readonly time: number;
  /** Hash of the chain's preceding batch, 16 bytes. */
  readonly previous: Uint8Array;
}

export interface RecordBatch {
  readonly kind: "ballots" | "presence";
  /** count × 16 bytes, packed: a million of them pass through here, and most are only copied. */
  readonly records: Uint8Array;
}

export interface OrderBatch {
  readonly kind: "orders";
  readonly orders: readonly Order[];
}

/** Written by the order processor. */
export interface OutcomeBatch {
  readonly kind: "outcomes";
  readonly outcomes: readonly Outcome[];
}

/** An edge's word that a poll is over for it: the last batch of each chain it knows as its own. */
export interface SealBatch {
  readonly kind: "seal";
  readonly poll: number;
  readonly chains: readonly SealedChain[];
}

export interface SealedChain {
  readonly boot: string;
  /** Last sequence before the seal; 0 where the boot wrote nothing. */
  readonly sequence: number;
  readonly hash: Uint8Array;
}

export const FORMAT_VERSION = 1;
export const BOOT_BYTES = 8;
export const HASH_BYTES = 16;
/** Most ballots in a batch: one flush, 16 kB, well within a link's frame. */
export const MAX_BATCH_BALLOTS = 1000;
/** Most orders in a batch: so many of the longest fill one. */
export const MAX_BATCH_ORDERS = 14;
/** Most outcomes in a batch: 15 kB of the longest. */
export const MAX_BATCH_OUTCOMES = 175;
/** Longest edge name in bytes: a DNS label. */
export const MAX_EDGE_NAME_BYTES = 63;
/** Most chains in a seal: boots of one edge in one show. Warned about from 300. */
export const MAX_SEALED_CHAINS = 512;
/** Largest batch in bytes: header, longest name, 1,000 ballots. The largest seal is smaller. */
export const MAX_BATCH_BYTES = 16_384;
/** Largest sequence: u32. */
export const MAX_SEQUENCE = 0xffff_ffff;
/** An edge's name: a DNS label in lower case. */
export const EDGE_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
export const NO_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

const FIXED_HEADER_BYTES = 1 + 1 + 2 + BOOT_BYTES + 4 + 6 + 2 + HASH_BYTES + 1;
const SEALED_CHAIN_BYTES = BOOT_BYTES + 4 + HASH_BYTES;
const KINDS = { ballots: 1, presence: 2, seal: 3, orders: 4, outcomes: 5 } as const;
const BODY_KINDS = Object.keys(KINDS) as (keyof typeof KINDS)[];

/** The bytes are no batch of a version this program knows. */
export class BatchError extends Error {
  override readonly name = "BatchError";
}

/** A chain's name in coverages, watermarks and messages: `0/fra/00a1b2c3d4e5f607`. */
export function chainId(chain: Chain): string {
  return `${chain.shard}/${chain.edge}/${chain.boot}`;
}

/** The inverse of `chainId`. Throws `BatchError` on anything else. */
export function parseChainId(id: string): Chain {
  const match = /^(\d{1,5})\/([^/]+)\/([0-9a-f]{16})$/.exec(id);
  if (!match) throw new BatchError(`reading a chain's name: got "${id}", wanted "shard/edge/boot"`);
  return { shard: Number(match[1]), edge: match[2]!, boot: match[3]! };
}

/** Writes a batch. Throws when a caller exceeds a named limit: that is our own mistake, never the world's. */
export function encodeBatch(batch: Batch): Uint8Array {
  const edge = utf8ToBytes(batch.edge);
  const { count, most, bytes: payload } = payloadOf(batch);
  assertWithin("sequence", batch.sequence, 1, MAX_SEQUENCE);
  assertWithin("edge name in bytes", edge.length, 1, MAX_EDGE_NAME_BYTES);
  assertWithin("count", count, 1, most);
  const length = FIXED_HEADER_BYTES + edge.length + payload.length;
  assertWithin("length in bytes", length, 1, MAX_BATCH_BYTES);
  const bytes = new Uint8Array(length);
  bytes.set(payload, writeHeader(bytes, viewOf(bytes), batch, edge, count));
  return bytes;
}

function payloadOf(batch: Batch): { readonly count: number; readonly most: number; readonly bytes: Uint8Array } {
  switch (batch.kind) {
    case "ballots":
    case "presence":
      return { count: batch.records.length / BALLOT_BYTES, most: MAX_BATCH_BALLOTS, bytes: batch.records };
    case "seal":
      return { count: batch.chains.length, most: MAX_SEALED_CHAINS, bytes: packSeal(batch) };
    case "orders":
      return { count: batch.orders.length, most: MAX_BATCH_ORDERS, bytes: packOrders(batch.orders, batch.time) };
    case "outcomes":
      return {
        count: batch.outcomes.length,
        most: MAX_BATCH_OUTCOMES,
        bytes: packOutcomes(batch.outcomes, batch.time),
      };
  }
}

function writeHeader(bytes: Uint8Array, view: DataView, batch: Batch, edge: Uint8Array, count: number): number {
  view.setUint8(0, FORMAT_VERSION);
  view.setUint8(1, KINDS[batch.kind]);
  view.setUint16(2, batch.shard);
  bytes.set(hexToBytes(batch.boot), 4);
  view.setUint32(12, batch.sequence);
  view.setUint16(16, Math.floor(batch.time / 2 ** 32));
  view.setUint32(18, batch.time >>> 0);
  view.setUint16(22, count);
  bytes.set(batch.previous, 24);
  view.setUint8(40, edge.length);
  bytes.set(edge, FIXED_HEADER_BYTES);
  return FIXED_HEADER_BYTES + edge.length;
}

function packSeal(seal: SealBatch): Uint8Array {
  const bytes = new Uint8Array(2 + seal.chains.length * SEALED_CHAIN_BYTES);
  const view = viewOf(bytes);
  view.setUint16(0, seal.poll);
  let at = 2;
  for (const chain of seal.chains) {
    bytes.set(hexToBytes(chain.boot), at);
    view.setUint32(at + BOOT_BYTES, chain.sequence);
    bytes.set(chain.hash, at + BOOT_BYTES + 4);
    at += SEALED_CHAIN_BYTES;
  }
  return bytes;
}

/** Reads a header alone, for those who route batches and do not fold them. Throws `BatchError`. */
export function decodeHeader(bytes: Uint8Array): BatchHeader {
  const view = viewOf(bytes);
  return readHeader(bytes, view);
}

/** The kind of a batch without reading the rest; undefined where this program knows none of it. */
export function kindOf(bytes: Uint8Array): BatchBody["kind"] | undefined {
  return BODY_KINDS.find((kind) => KINDS[kind] === bytes[1]);
}

/** As `decodeHeader`; undefined where the bytes are none. For those who meet batches among damaged ones. */
export function headerOf(bytes: Uint8Array): BatchHeader | undefined {
  return unlessNone(() => decodeHeader(bytes));
}

/** As `decodeBatch`; undefined where the bytes are none, or of a kind that this program does not know. */
export function batchOf(bytes: Uint8Array): Batch | undefined {
  return unlessNone(() => decodeBatch(bytes));
}

function unlessNone<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof BatchError) return undefined;
    throw error;
  }
}

/** Reads a batch. Throws `BatchError` with what came and what was wanted; never reads past the bytes given. */
export function decodeBatch(bytes: Uint8Array): Batch {
  const view = viewOf(bytes);
  const header = readHeader(bytes, view);
  const kind = view.getUint8(1);
  const count = view.getUint16(22);
  const offset = FIXED_HEADER_BYTES + view.getUint8(40);
  switch (kind) {
    case KINDS.ballots:
    case KINDS.presence:
      assertCount(count, MAX_BATCH_BALLOTS);
      assertLength(bytes, offset + count * BALLOT_BYTES);
      return {
        ...header,
        kind: kind === KINDS.ballots ? "ballots" : "presence",
        records: bytes.subarray(offset),
      };
    case KINDS.seal:
      assertCount(count, MAX_SEALED_CHAINS);
      assertLength(bytes, offset + 2 + count * SEALED_CHAIN_BYTES);
      return {
        ...header,
        kind: "seal",
        poll: view.getUint16(offset),
        chains: readSeals(bytes, view, offset + 2, count),
      };
    case KINDS.orders:
      assertCount(count, MAX_BATCH_ORDERS);
      return { ...header, kind: "orders", orders: whole(readOrders(bytes.subarray(offset), header.time), count) };
    case KINDS.outcomes:
      assertCount(count, MAX_BATCH_OUTCOMES);
      return { ...header, kind: "outcomes", outcomes: whole(readOutcomes(bytes.subarray(offset), header.time), count) };
    default:
      throw new BatchError(
        `reading a batch: got kind ${kind}, wanted 1 (ballots), 2 (presence), 3 (seal), 4 (orders) or 5 (outcomes)`,
      );
  }
}

/** Records of other lengths than they say, or of another number, are damage. */
function whole<T>(records: readonly T[] | undefined, count: number): readonly T[] {
  if (records?.length === count) return records;
  throw new BatchError(`reading a batch: got ${records?.length ?? "damaged"} records, wanted ${count}`);
}

function readSeals(bytes: Uint8Array, view: DataView, offset: number, count: number): SealedChain[] {
  return Array.from({ length: count }, (_, i) => {
    const at = offset + i * SEALED_CHAIN_BYTES;
    return {
      boot: bytesToHex(bytes.subarray(at, at + BOOT_BYTES)),
      sequence: view.getUint32(at + BOOT_BYTES),
      hash: bytes.slice(at + BOOT_BYTES + 4, at + SEALED_CHAIN_BYTES),
    };
  });
}

function readHeader(bytes: Uint8Array, view: DataView): BatchHeader {
  if (bytes.length < FIXED_HEADER_BYTES || bytes.length > MAX_BATCH_BYTES)
    throw new BatchError(
      `reading a batch: got ${bytes.length} bytes, wanted ${FIXED_HEADER_BYTES} to ${MAX_BATCH_BYTES}`,
    );
  const version = view.getUint8(0);
  if (version !== FORMAT_VERSION)
    throw new BatchError(`reading a batch: got format ${version}, wanted ${FORMAT_VERSION}`);
  const edgeLength = view.getUint8(40);
  if (edgeLength === 0 || edgeLength > Math.min(MAX_EDGE_NAME_BYTES, bytes.length - FIXED_HEADER_BYTES))
    throw new BatchError(`reading a batch: got an edge name of ${edgeLength} bytes, wanted 1 to what the batch holds`);
  const sequence = view.getUint32(12);
  if (sequence === 0) throw new BatchError("reading a batch: got sequence 0, wanted 1 or more");
  return {
    shard: view.getUint16(2),
    boot: bytesToHex(bytes.subarray(4, 4 + BOOT_BYTES)),
    sequence,
    time: view.getUint16(16) * 2 ** 32 + view.getUint32(18),
    previous: bytes.slice(24, 24 + HASH_BYTES),
    edge: readEdgeName(bytes.subarray(FIXED_HEADER_BYTES, FIXED_HEADER_BYTES + edgeLength)),
  };
}

const UTF8 = new TextDecoder();

function readEdgeName(bytes: Uint8Array): string {
  const name = UTF8.decode(bytes);
  if (!EDGE_NAME.test(name))
    throw new BatchError(`reading a batch: got edge name "${name}", wanted ${EDGE_NAME.source}`);
  return name;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function assertCount(count: number, most: number): void {
  if (count < 1 || count > most) throw new BatchError(`reading a batch: got ${count} records, wanted 1 to ${most}`);
}

function assertLength(bytes: Uint8Array, wanted: number): void {
  if (bytes.length !== wanted) throw new BatchError(`reading a batch: got ${bytes.length} bytes, wanted ${wanted}`);
}

function assertWithin(what: string, got: number, least: number, most: number): void {
  if (!(got >= least && got <= most))
    throw new RangeError(`writing a batch: ${what} is ${got}, wanted ${least} to ${most}`);
}
