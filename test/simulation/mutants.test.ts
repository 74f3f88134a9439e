// The simulation has to be able to fail: each mutant breaks one promise, and some seed has to show it.
import { expect, test } from "vitest";
import { runMutant } from "./child.ts";
import { MUTANTS } from "./mutants.ts";

/** Seeds that a mutant has to be caught within. */
const BUDGET = 120;

test.concurrent.for(MUTANTS)("$name is caught: $why", { timeout: 300_000 }, async ({ name }, context) => {
  const runs = await runMutant(".", name, BUDGET);
  context.expect(runs.at(-1)?.violations ?? [], `${runs.length} seeds`).not.toEqual([]);
});

test("every mutant has a name of its own", () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});
