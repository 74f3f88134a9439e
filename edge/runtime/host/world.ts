import type { Log, World } from "../../../crdt/ports.ts";

/** The real clock, timers and randomness. */
export function realWorld(log: Log): World {
  return {
    clock: { now: () => Date.now() },
    timers: { after: (ms, task) => startTimer(ms, task) },
    random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    log,
  };
}

function startTimer(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
}
