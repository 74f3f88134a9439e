import type { Random } from "../../crdt/ports.ts";

/** Pauses between two tries of one order at the provider, ms. */
export const PAUSE_MS = { first: 500, longest: 60_000 } as const;

/** Milliseconds after the `tries`-th try, from 1: doubling, less up to half, so that what failed together parts. */
export function pauseAfter(tries: number, random: Random): number {
  const pause = Math.min(PAUSE_MS.first * 2 ** (tries - 1), PAUSE_MS.longest);
  const [high = 0, low = 0] = random.bytes(2);
  return Math.round(pause * (1 - (high * 256 + low) / 131_072));
}
