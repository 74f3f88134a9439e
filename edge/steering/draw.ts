import type { Random } from "../../crdt/ports.ts";

/** Numbers that are asked for at once: asking costs more than the number. */
const POOL = 1024;

/** Uniform numbers in [0, 1), with 32 bits each. */
export function drawFrom(random: Random): () => number {
  let pool: DataView = new DataView(new ArrayBuffer(0));
  let at = 0;
  return () => {
    if (at >= pool.byteLength) {
      const bytes = random.bytes(POOL * 4);
      pool = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      at = 0;
    }
    at += 4;
    return pool.getUint32(at - 4) / 2 ** 32;
  };
}
