import { describe, expect, test } from "vitest";
import { afterCheck, ASSUMED_UP, type HealthState } from "../../../edge/steering/health.ts";

const thresholds = { up: 3, ok: 4, down: 2 };

/** "+" is a check that succeeded, "-" one that failed; gives "U" or "D" after each. */
function history(checks: string): string {
  let state: HealthState = ASSUMED_UP;
  return checks
    .split("")
    .map((check) => {
      state = afterCheck(state, check === "+", thresholds);
      return state.is === "up" ? "U" : "D";
    })
    .join("");
}

describe("an edge's health", () => {
  test.for<[what: string, checks: string, states: string]>([
    ["one failure is forgiven", "-++++-", "UUUUUU"],
    ["two in a row are not", "--", "UD"],
    ["two with too few successes between are not", "-+++-", "UUUUD"],
    ["it comes back after three successes in a row", "--+++", "UDDDU"],
    ["and not before", "--++-+++", "UDDDDDDU"],
    ["and starts without a record", "--+++-+", "UDDDUUU"],
  ])("%s: %s", ([, checks, states]) => {
    expect(history(checks)).toBe(states);
  });
});
