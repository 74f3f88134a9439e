import { sha256 } from "@noble/hashes/sha2.js";
import { decodeHeader } from "../batch.ts";
import type { StoreRecord } from "./store.ts";

/**
 * Most bytes of a board update, in a compaction too, or of an introduction: one row, which a libSQL server takes
 * (under 5,000,000 bytes) and gives back (10 MB a response, in base64).
 */
export const MAX_RECORD_BYTES = 4 * 2 ** 20;

/** Throws before anything is written, so that one bad record cannot take its neighbours' outcome with it. */
export function assertStorable(record: StoreRecord): void {
  switch (record.kind) {
    case "batch":
      decodeHeader(record.bytes);
      break;
    case "board":
      assertRecordBytes("a board's update", record.update);
      break;
    case "introduction":
      assertRecordBytes("an introduction", record.bytes);
      break;
    case "boot":
      break;
  }
}

/** What tells one update or introduction from another: those have no identity of their own, as batches do. */
export function contentHash(bytes: Uint8Array): Uint8Array {
  return sha256(bytes).subarray(0, 16);
}

/** The same for what a compaction puts in the place of a board's updates. */
export function assertBoard(board: readonly Uint8Array[]): void {
  if (board.length === 0) throw new RangeError("compacting a board: got no update, wanted the whole board");
  for (const update of board) assertRecordBytes("a board's update", update);
}

function assertRecordBytes(what: string, bytes: Uint8Array): void {
  if (bytes.length > MAX_RECORD_BYTES)
    throw new RangeError(`storing ${what}: got ${bytes.length} bytes, wanted at most ${MAX_RECORD_BYTES}`);
}
