// Watchers, their database and the encoder under seeded faults: what is crossed fires once. SIM_SEEDS=1000 runs more;
// `node test/simulation/watchers/run.ts --from SEED --count 1 --print` shows one.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, test } from "vitest";
import { WATCHER_MUTANTS } from "./mutants.ts";
import type { Outcome } from "./simulate.ts";

type SeedRun = Outcome & { readonly again?: string };

const SEEDS = Number(process.env["SIM_SEEDS"] ?? 30);
const TWICE = 3;
/** Seeds that a mutant has to be caught within. */
const BUDGET = 100;

/** What a set of runs has to have met; a green run that never got there proves nothing. */
const SOMETIMES = [
  "a cue was latched again",
  "a cue was injected again",
  "the database was away",
  "the encoder's answer was lost",
  "fault: kill",
  "fault: freeze",
  "fault: split",
  "fault: clock",
  "killed before latching a result",
  "killed after latching a result",
  "killed before a frame",
];

async function run(...args: readonly string[]): Promise<SeedRun[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "run.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const runs: SeedRun[] = [];
  for await (const line of createInterface({ input: child.stdout })) runs.push(JSON.parse(line) as SeedRun);
  expect(await ended).toBe(0);
  return runs;
}

describe("watchers under faults", () => {
  let runs: readonly SeedRun[];

  beforeAll(async () => {
    const half = Math.ceil(SEEDS / 2);
    const parts = await Promise.all([
      run("--count", String(half), "--twice", String(TWICE)),
      run("--from", String(half + 1), "--count", String(SEEDS - half)),
    ]);
    runs = parts.flat();
  }, 600_000);

  test(`keep every promise in ${SEEDS} seeds`, () => {
    expect(runs.flatMap(({ seed, violations }) => violations.map((violation) => ({ seed, ...violation })))).toEqual([]);
    expect(runs).toHaveLength(SEEDS);
  });

  test("do the same again with the same seed", () => {
    const twice = runs.filter(({ again }) => again !== undefined);
    expect(twice).toHaveLength(TWICE);
    expect(twice.filter(({ hash, again }) => hash !== again)).toEqual([]);
  });

  test.for(SOMETIMES)("meet: %s", (what) => {
    expect(runs.some(({ seen }) => (seen[what] ?? 0) > 0)).toBe(true);
  });
});

test.for(WATCHER_MUTANTS)("$name is caught: $why", { timeout: 300_000 }, async ({ name }) => {
  const runs = await run("--mutant", name, "--count", String(BUDGET));
  expect(runs.at(-1)?.violations ?? [], `${runs.length} seeds`).not.toEqual([]);
});
