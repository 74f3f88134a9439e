// Real programs in tests: started, listened to, waited for by conditions and never by time, and gone at the end.
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isFree } from "../../edge/cli/network/ports.ts";

const ROOT = join(import.meta.dirname, "../..");
const CLI = join(ROOT, "edge/cli/redbutton.mjs");
const ASK_INTERVAL_MS = 50;

/** A program under test. */
export interface Started {
  readonly pid: number;
  /** Everything that it has printed so far. */
  output(): string;
  /** Exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  signal(name: NodeJS.Signals): void;
}

const started: ChildProcess[] = [];

/** Starts `redbutton` with these arguments. */
export function redbutton(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, env: { ...process.env, ...env }, stdio: "pipe" });
  started.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part: Buffer) => (output += part.toString("utf8")));
  const exited = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  return { pid: child.pid!, output: () => output, exited, signal: (name) => child.kill(name) };
}

/** Ends what a test has left running: for `afterEach`. Asks first, so that supervisors take their children along. */
export async function endAll(): Promise<void> {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await gone;
    clearTimeout(timer);
  }
}

/** Resolves with the first value that `look` finds; rejects after `deadlineMs` with what was waited for. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_INTERVAL_MS));
  }
}

/** Whether a process lives; one that has ended and waits to be collected does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Processes whose command line names `text`. */
export function processesNaming(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && isAlive(pid) && commandLine(pid).includes(text));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // Gone meanwhile.
  }
}

/** A first port from which on all that `up` needs is free. */
export async function freeBase(): Promise<number> {
  for (let base = 21_000; base < 60_000; base += 1300) {
    const needed = [-1, 0, 1, 2, 52, 1000, 1001, 1002, 1003, 1004, 1100, 1101, 1102, 1103, 1104, 1106, 1107];
    const free = await Promise.all(needed.map((shift) => isFree("127.0.0.1", base + shift)));
    if (free.every(Boolean)) return base;
  }
  throw new Error("no ports are free");
}
