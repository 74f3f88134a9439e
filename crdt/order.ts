import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { ReceiverId } from "./receiver.ts";

/**
 * A receiver's order, and what became of it, as they travel in the ledger (all numbers big-endian):
 *
 *     order    = length id receiver delay quantity digest product envelope
 *     outcome  = length id receiver delay digest step state reason
 *     length   = u16, bytes of all that follows         id = 16 bytes       receiver = 8 bytes
 *     delay    = u16, ms after the batch's base time    quantity = u8       digest = 16 bytes
 *     product  = u8 length, UTF-8                       envelope = the rest
 *     step     = u16, from 1                            reason = the rest, UTF-8
 *     state    = u8: 1 reserved, 2 confirmed, 3 rejected, 4 cancelled
 */
export interface Order extends ReceiverId {
  /** 32 hexadecimal digits: of show, receiver and the receiver's own key, so that nobody can name another's order. */
  readonly id: string;
  /** What is bought: a product on the board, whose price never changes under its name. */
  readonly product: string;
  readonly quantity: number;
  /** 32 hexadecimal digits of the request's body: the same key with another body is another order, and refused. */
  readonly digest: string;
  /** Personal data that only the order processor can read. */
  readonly envelope: Uint8Array;
  /** Milliseconds since 1970 by the admitting edge's hybrid clock. */
  readonly time: number;
}

/** One step of the order processor. Of several the one with the greatest step stands. */
export interface Outcome extends ReceiverId {
  /** The order's. */
  readonly id: string;
  /** The order's: of two with one id, given at edges that did not hear each other, it says which one was taken. */
  readonly digest: string;
  readonly step: number;
  readonly state: OutcomeState;
  /** A slug for programs, e.g. `sold-out`; empty where there is nothing to explain. */
  readonly reason: string;
  readonly time: number;
}

const STATES = { reserved: 1, confirmed: 2, rejected: 3, cancelled: 4 } as const;
export type OutcomeState = keyof typeof STATES;

/** Why an order was rejected: the provider says that the PIN is not the account's. Edges count these. */
export const PIN_WRONG = "pin-wrong";
/** Why an order was rejected: its product takes a PIN, and none was in the envelope. */
export const PIN_MISSING = "pin-missing";

/** Most bytes of an order's envelope: account, name, address and a remark, some 800 bytes, and the encryption's own 90. */
export const MAX_ENVELOPE_BYTES = 1024;
/** Longest id of a product in bytes: see `SLUG`. */
export const MAX_PRODUCT_BYTES = 40;
/** Longest reason in bytes. */
export const MAX_REASON_BYTES = 40;
/** Largest quantity of one order: u8, and more than a viewer buys with a remote control. */
export const MAX_QUANTITY = 255;
/** Largest step of the processor with one order: u16. */
export const MAX_STEP = 0xffff;

const LENGTH_BYTES = 2;
const ID_BYTES = 16;
const RECEIVER_BYTES = 8;
const HEAD_BYTES = ID_BYTES + RECEIVER_BYTES + 2;
const ORDER_FIXED_BYTES = HEAD_BYTES + 1 + ID_BYTES + 1;
const OUTCOME_FIXED_BYTES = HEAD_BYTES + ID_BYTES + 2 + 1;

/** Bytes of the longest order. */
export const MAX_ORDER_BYTES = LENGTH_BYTES + ORDER_FIXED_BYTES + MAX_PRODUCT_BYTES + MAX_ENVELOPE_BYTES;
/** Bytes of the longest outcome. */
export const MAX_OUTCOME_BYTES = LENGTH_BYTES + OUTCOME_FIXED_BYTES + MAX_REASON_BYTES;

/** Writes orders one after another; `base` is the batch's time, at most `MAX_DELAY_MS` before any of theirs. */
export function packOrders(orders: readonly Order[], base: number): Uint8Array {
  return joined(orders.map((order) => packOrder(order, base)));
}

/** The inverse of `packOrders`; undefined where the bytes are anything else. */
export function readOrders(bytes: Uint8Array, base: number): readonly Order[] | undefined {
  return readRecords(bytes, (record) => readOrder(record, base));
}

/** Writes outcomes one after another, as `packOrders` does. */
export function packOutcomes(outcomes: readonly Outcome[], base: number): Uint8Array {
  return joined(outcomes.map((outcome) => packOutcome(outcome, base)));
}

/** The inverse of `packOutcomes`; undefined where the bytes are anything else. */
export function readOutcomes(bytes: Uint8Array, base: number): readonly Outcome[] | undefined {
  return readRecords(bytes, (record) => readOutcome(record, base));
}

function packOrder(order: Order, base: number): Uint8Array {
  const product = utf8ToBytes(order.product);
  const { bytes, view } = packHead(order, base, ORDER_FIXED_BYTES + product.length + order.envelope.length);
  let at = LENGTH_BYTES + HEAD_BYTES;
  view.setUint8(at, order.quantity);
  bytes.set(hexToBytes(order.digest), at + 1);
  at += 1 + ID_BYTES;
  view.setUint8(at, product.length);
  bytes.set(product, at + 1);
  bytes.set(order.envelope, at + 1 + product.length);
  return bytes;
}

function readOrder(record: Uint8Array, base: number): Order | undefined {
  const view = viewOf(record);
  if (record.length < ORDER_FIXED_BYTES) return undefined;
  const [quantityAt, digestAt, productAt] = [HEAD_BYTES, HEAD_BYTES + 1, ORDER_FIXED_BYTES];
  const envelopeAt = productAt + view.getUint8(productAt - 1);
  if (envelopeAt > record.length) return undefined;
  return {
    ...readHead(record, view, base),
    quantity: view.getUint8(quantityAt),
    digest: bytesToHex(record.subarray(digestAt, digestAt + ID_BYTES)),
    product: new TextDecoder().decode(record.subarray(productAt, envelopeAt)),
    envelope: record.slice(envelopeAt),
  };
}

function packOutcome(outcome: Outcome, base: number): Uint8Array {
  const reason = utf8ToBytes(outcome.reason);
  const { bytes, view } = packHead(outcome, base, OUTCOME_FIXED_BYTES + reason.length);
  bytes.set(hexToBytes(outcome.digest), LENGTH_BYTES + HEAD_BYTES);
  const at = LENGTH_BYTES + HEAD_BYTES + ID_BYTES;
  view.setUint16(at, outcome.step);
  view.setUint8(at + 2, STATES[outcome.state]);
  bytes.set(reason, at + 3);
  return bytes;
}

function readOutcome(record: Uint8Array, base: number): Outcome | undefined {
  const view = viewOf(record);
  if (record.length < OUTCOME_FIXED_BYTES) return undefined;
  const stepAt = HEAD_BYTES + ID_BYTES;
  const state = stateOf(view.getUint8(stepAt + 2));
  if (!state) return undefined;
  return {
    ...readHead(record, view, base),
    digest: bytesToHex(record.subarray(HEAD_BYTES, stepAt)),
    step: view.getUint16(stepAt),
    state,
    reason: new TextDecoder().decode(record.subarray(OUTCOME_FIXED_BYTES)),
  };
}

/** A record of `length` bytes behind its own length, with what orders and outcomes have alike written. */
function packHead(record: Pick<Order, "id" | "hi" | "lo" | "time">, base: number, length: number) {
  const bytes = new Uint8Array(LENGTH_BYTES + length);
  const view = viewOf(bytes);
  view.setUint16(0, length);
  bytes.set(hexToBytes(record.id), LENGTH_BYTES);
  view.setUint32(LENGTH_BYTES + ID_BYTES, record.hi);
  view.setUint32(LENGTH_BYTES + ID_BYTES + 4, record.lo);
  view.setUint16(LENGTH_BYTES + ID_BYTES + RECEIVER_BYTES, record.time - base);
  return { bytes, view };
}

function readHead(record: Uint8Array, view: DataView, base: number): Pick<Order, "id" | "hi" | "lo" | "time"> {
  return {
    id: bytesToHex(record.subarray(0, ID_BYTES)),
    hi: view.getUint32(ID_BYTES),
    lo: view.getUint32(ID_BYTES + 4),
    time: base + view.getUint16(ID_BYTES + RECEIVER_BYTES),
  };
}

function readRecords<T>(bytes: Uint8Array, read: (record: Uint8Array) => T | undefined): T[] | undefined {
  const view = viewOf(bytes);
  const records: T[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + LENGTH_BYTES > bytes.length) return undefined;
    const end = at + LENGTH_BYTES + view.getUint16(at);
    const record = end > bytes.length ? undefined : read(bytes.subarray(at + LENGTH_BYTES, end));
    if (record === undefined) return undefined;
    records.push(record);
    at = end;
  }
  return records;
}

function stateOf(number: number): OutcomeState | undefined {
  return (Object.keys(STATES) as OutcomeState[]).find((state) => STATES[state] === number);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
