import { setTimeout as sleep } from "node:timers/promises";

/** Between two comparisons, ms. */
const ROUND_PAUSE_MS = 500;

/** Compares again and again until nothing differs or the time is over, and gives the last report: edges may be behind for a moment. */
export async function settled<Report extends { readonly ok: boolean }>(
  compare: () => Promise<Report>,
  waitMs: number,
): Promise<Report> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const report = await compare();
    if (report.ok || Date.now() >= deadline) return report;
    await sleep(ROUND_PAUSE_MS);
  }
}
