// The tests of a scene: every promise kept in every seed, the same trace again, what it has to have met, every mutant caught.
import { beforeAll, describe, expect, test } from "vitest";
import { runMutant, runSeeds, type SeedRun } from "./child.ts";

export interface SceneSuite {
  /** The folder of the scene's run.ts, from this one. */
  readonly scene: string;
  readonly seeds: number;
  /** So many of them are run twice. */
  readonly twice: number;
  /** What the seeds together have to have met; a green run that never got there proves nothing. */
  readonly sometimes: readonly string[];
  readonly mutants: readonly { readonly name: string; readonly why: string }[];
  /** Seeds that a mutant has to be caught within. */
  readonly budget: number;
}

export function describeScene({ scene, seeds, twice, sometimes, mutants, budget }: SceneSuite): void {
  describe(`${scene} under faults`, () => {
    let runs: readonly SeedRun[];

    beforeAll(async () => {
      runs = await runSeeds(scene, { count: seeds, twice });
    }, 600_000);

    test(`keep every promise in ${seeds} seeds`, () => {
      const found = runs.flatMap(({ seed, violations }) => violations.map((violation) => ({ seed, ...violation })));
      expect(found).toEqual([]);
      expect(runs).toHaveLength(seeds);
    });

    test("do the same again with the same seed", () => {
      const again = runs.filter((run) => run.again !== undefined);
      expect(again).toHaveLength(twice);
      expect(again.filter((run) => run.hash !== run.again)).toEqual([]);
    });

    test.for(sometimes)("meet: %s", (what) => {
      expect(runs.some(({ seen }) => (seen[what] ?? 0) > 0)).toBe(true);
    });
  });

  test.for(mutants)("$name is caught: $why", { timeout: 300_000 }, async ({ name }) => {
    const runs = await runMutant(scene, name, budget);
    expect(runs.at(-1)?.violations ?? [], `${runs.length} seeds`).not.toEqual([]);
  });

  test("every mutant has a name of its own", () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });
}
