// Waiting in tests: for a condition, never for time.
const ASK_INTERVAL_MS = 25;
const DEADLINE_MS = 30_000;

/** Resolves with the first value that `look` finds; rejects after `deadlineMs`, saying what was found last. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_INTERVAL_MS));
  }
}

/** Runs `check`, which throws while things are not so, until it no longer does; rejects with what it threw last. */
export async function settled<T>(check: () => T | Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_INTERVAL_MS));
  }
}
