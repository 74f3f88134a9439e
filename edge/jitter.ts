import type { Random } from "../crdt/ports.ts";

/** An integer from `least` to `most`, both included: what was told the same must not come back at the same time. */
export function jitter(random: Random, least: number, most: number): number {
  const [high = 0, low = 0] = random.bytes(2);
  return least + Math.floor(((high * 256 + low) / 65536) * (most - least + 1));
}
