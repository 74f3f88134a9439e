/** Pauses before starting a fallen child again. */
export const RESTART_MS = { first: 500, longest: 15_000 } as const;
/** A child that ran for so long has recovered: its next fall counts as the first. */
export const RECOVERED_AFTER_MS = 30_000;

/** Milliseconds to wait after the `falls`-th fall in a row, from 1: doubling, with up to a quarter of jitter. */
export function restartDelay(falls: number, random: number): number {
  const delay = Math.min(RESTART_MS.first * 2 ** (falls - 1), RESTART_MS.longest);
  return Math.round(delay * (1 - random / 4));
}
