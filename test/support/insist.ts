// Waiting while things are struck: whatever fails meanwhile is tried again.
import { setTimeout as sleep } from "node:timers/promises";

/** How long anything may take on a machine that has other things to do, ms. */
const PATIENCE_MS = 120_000;
const RETRY_MS = 50;

/** Resolves with the first value that `look` finds; what it throws is none. Rejects with what was waited for. */
export async function insist<T>(what: string, look: (attempt: number) => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  let failure: unknown;
  for (let attempt = 0; attempt === 0 || Date.now() < deadline; attempt++) {
    try {
      const found = await look(attempt);
      if (found !== undefined && found !== false) return found;
      failure = "not yet";
    } catch (error) {
      failure = error;
    }
    await sleep(RETRY_MS);
  }
  throw new Error(`waiting until ${what}: ${String(failure)}`);
}
