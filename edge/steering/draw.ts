import type { Random } from "../../crdt/ports.ts";

/** Uniform numbers in [0, 1), with 32 bits each. */
export function drawFrom(random: Random): () => number {
  return () => {
    const bytes = random.bytes(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32;
  };
}
