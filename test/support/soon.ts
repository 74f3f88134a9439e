// Waiting in tests: for a condition, never for time.
import { vi } from "vitest";

/** A condition that takes longer than this on two busy cores will not come true, ms. */
const PATIENCE_MS = 30_000;

/** Runs `check`, which throws while things are not so, until it no longer does; rejects with what it threw last. */
export function soon<T>(check: () => T | Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  return vi.waitFor(check, { timeout: patienceMs, interval: 25 });
}
