import type { Log, World } from "../../../crdt/ports.ts";

/** The platform's clock, timers and randomness. Its clock stands still while code runs, and moves with each event. */
export function workersWorld(name: string): World {
  return {
    clock: { now: () => Date.now() },
    timers: { after: (ms, task) => startTimer(ms, task) },
    random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    log: consoleLog(name),
  };
}

function startTimer(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
}

/** One object a line: Cloudflare's logs index the fields of an object that is logged. */
function consoleLog(name: string): Log {
  return (level, message, fields = {}) => {
    if (level === "debug") return;
    const plain = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plainValue(value)]));
    console[level]({ level, name, message, ...plain });
  };
}

function plainValue(value: unknown): unknown {
  return value instanceof Error ? (value.stack ?? String(value)) : value;
}
