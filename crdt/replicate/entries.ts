import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { chainId, MAX_BATCH_BYTES, parseChainId } from "../batch.ts";
import type { Watermark } from "../coverage.ts";
import { readBytes, readNumber, readOwner, WireError, writeBytes, writeNumber, writeOwner } from "./wire.ts";

/**
 * Chains, watermarks and batches as frames carry them:
 *
 *     entry     = shard owner sequence            shard, sequence = varUint
 *     watermark = count, count × entry            each chain once
 *     batches   = count, count × bytes
 */
export interface Entry {
  /** A chain's name, as `chainId` gives it. */
  readonly chain: string;
  readonly sequence: number;
}

/** Sixty-four shards of 128 boots: 660 kB, within a frame. */
export const MAX_WATERMARK_CHAINS = 8_192;
/** So that any batches whatever, at 16 kB, fit in one frame. */
export const MAX_BATCHES = 60;
export const MAX_SEQUENCE = 0xffff_ffff;
const MAX_SHARD = 0xffff;

export function writeWatermark(encoder: encoding.Encoder, watermark: Watermark): void {
  const entries = Object.entries(watermark);
  writeNumber(encoder, "chains of a watermark", entries.length, MAX_WATERMARK_CHAINS);
  for (const [id, sequence] of entries) writeEntry(encoder, id, sequence);
}

export function readWatermark(decoder: decoding.Decoder): Watermark {
  const watermark: Record<string, number> = {};
  for (let left = readNumber(decoder, "chains of a watermark", MAX_WATERMARK_CHAINS); left > 0; left--) {
    const { chain, sequence } = readEntry(decoder);
    if (chain in watermark) throw new WireError(`got chain "${chain}" twice, wanted each once`);
    watermark[chain] = sequence;
  }
  return watermark;
}

export function writeBatches(encoder: encoding.Encoder, batches: readonly Uint8Array[]): void {
  writeNumber(encoder, "batches", batches.length, MAX_BATCHES);
  for (const bytes of batches) writeBytes(encoder, "a batch", bytes, MAX_BATCH_BYTES);
}

export function readBatches(decoder: decoding.Decoder): Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (let left = readNumber(decoder, "batches", MAX_BATCHES); left > 0; left--)
    batches.push(readBytes(decoder, "a batch", MAX_BATCH_BYTES));
  return batches;
}

export function writeEntry(encoder: encoding.Encoder, name: string, sequence: number): void {
  const { shard, edge, boot } = parseChainId(name);
  writeNumber(encoder, "a shard", shard, MAX_SHARD);
  writeOwner(encoder, { member: edge, boot });
  writeNumber(encoder, "a sequence", sequence, MAX_SEQUENCE);
}

export function readEntry(decoder: decoding.Decoder): Entry {
  const shard = readNumber(decoder, "a shard", MAX_SHARD);
  const { member: edge, boot } = readOwner(decoder);
  return { chain: chainId({ shard, edge, boot }), sequence: readNumber(decoder, "a sequence", MAX_SEQUENCE) };
}
