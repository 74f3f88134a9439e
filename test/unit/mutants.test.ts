// The simulations' mutants are patches of the product's source: whoever rewords a line that one of them breaks hears of it
// here, and not after minutes of simulation.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MUTANTS } from "../simulation/mutants.ts";
import { ORDER_MUTANTS } from "../simulation/orders/mutants.ts";
import { WATCHER_MUTANTS } from "../simulation/watchers/mutants.ts";

const patches = [...MUTANTS, ...WATCHER_MUTANTS, ...ORDER_MUTANTS].flatMap(({ name, patches: all }) =>
  all.map((patch) => ({ name, ...patch })),
);

test.for(patches)("$name: what it breaks in $file stands there once", ({ file, find }) => {
  expect(readFileSync(file, "utf8").split(find).length - 1).toBe(1);
});
