// Thresholds through faults with real processes, as `npm run faults` does at length: each fires once.
import { afterEach, expect, test } from "vitest";
import { FAULTS_WITH_FILE, FAULTS_WITH_SERVER, type Fault } from "../faults/fault.ts";
import { Ground } from "../faults/ground.ts";
import { play, THRESHOLDS } from "../faults/scenario.ts";
import { findSqld } from "../support/sqld.ts";

let ground: Ground | undefined;
afterEach(async () => {
  await ground?.end();
  ground = undefined;
});

const named = (faults: readonly Fault[], name: string): Fault => faults.find((fault) => fault.name === name)!;
const EACH_ONCE = { once: THRESHOLDS, twice: 0, never: 0, problems: [] };

test("two watchers over a file, one of which is killed again and again", async () => {
  ground = await Ground.start("file");
  const outcome = await play(ground, "show", named(FAULTS_WITH_FILE, "kill -9 of a watcher"), 1);
  expect(outcome).toMatchObject(EACH_ONCE);
  expect(outcome.strikes).toBeGreaterThan(0);
});

const sqld = findSqld();
const name = "missing" in sqld ? ` (skipped: ${sqld.missing})` : "";
test.skipIf("missing" in sqld)(`watchers and an edge over a server that is killed${name}`, async () => {
  ground = await Ground.start("server");
  const outcome = await play(ground, "show", named(FAULTS_WITH_SERVER, "kill -9 of the database's server"), 2);
  expect(outcome).toMatchObject(EACH_ONCE);
  expect(outcome.strikes).toBeGreaterThan(0);
});
