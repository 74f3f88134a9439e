// The code that ships, under seeded faults. SIM_SEEDS=1000 runs more; `node test/simulation/replay.ts SEED` shows one.
import { beforeAll, describe, expect, test } from "vitest";
import { runSeeds, type SeedRun } from "./child.ts";

const SEEDS = Number(process.env["SIM_SEEDS"] ?? 60);
/** Seeds that are run twice: the same seed has to leave the same trace. */
const TWICE = 10;

/** What a set of runs has to have met; a green run that never got there proves nothing. */
const SOMETIMES = [
  "fault: kill",
  "fault: split",
  "fault: slow disk",
  "fault: named lost",
  "fault: never returns",
  "fault: drained",
  "an edge left for good",
  "fault: hostile stream",
  "half-open link closed by its heartbeat",
  "boot ended by a write of unknown outcome",
  "guard: gap",
  "an answer was lost",
  "a press was tried again",
  "a retry moved to another edge",
  "refused: press_conflict",
  "refused: press_stale",
  "refused: already_voted",
  "refused: poll_closed",
  "refused: not_ready",
];

describe("the network under faults", () => {
  let runs: readonly SeedRun[];

  beforeAll(async () => {
    runs = await runSeeds(".", { count: SEEDS, twice: TWICE });
  }, 300_000);

  test(`keeps every promise in ${SEEDS} seeds`, () => {
    expect(runs.flatMap(({ seed, violations }) => violations.map((violation) => ({ seed, ...violation })))).toEqual([]);
    expect(runs).toHaveLength(SEEDS);
  });

  test("does the same again with the same seed", () => {
    const twice = runs.filter(({ again }) => again !== undefined);
    expect(twice).toHaveLength(TWICE);
    expect(twice.filter(({ hash, again }) => hash !== again)).toEqual([]);
  });

  test.for(SOMETIMES)("meets: %s", (what) => {
    expect(runs.some(({ seen }) => (seen[what] ?? 0) > 0)).toBe(true);
  });
});
