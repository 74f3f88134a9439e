import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closingTime, mayBecome, POLL_STATES, pollState, windowRefusal, type Transitions } from "../../../crdt/poll.ts";
import { aPoll } from "../../support/ballots.ts";

const poll = aPoll({ graceMs: 500 });
const by = "producer";
const armed = { at: 100, by };
const open = { at: 200, by };
const opensForASecond = { at: 200, by, closesAt: 1200 };
const closing = { at: 700, by };
const final = { at: 9000, by };
const never = 100_000;

describe("the state of a poll", () => {
  const table: [string, Transitions, [now: number, state: string][]][] = [
    [
      "untouched",
      {},
      [
        [0, "draft"],
        [never, "draft"],
      ],
    ],
    [
      "armed",
      { armed },
      [
        [0, "armed"],
        [never, "armed"],
      ],
    ],
    [
      "open for as long as nobody closes",
      { armed, open },
      [
        [199, "armed"],
        [200, "open"],
        [never, "open"],
      ],
    ],
    [
      "open, and nobody heard of the arming",
      { open },
      [
        [199, "armed"],
        [200, "open"],
      ],
    ],
    [
      "open for a second",
      { open: opensForASecond },
      [
        [1199, "open"],
        [1200, "closing"],
        [1699, "closing"],
        [1700, "closed"],
        [never, "closed"],
      ],
    ],
    [
      "closed by hand",
      { open, closing },
      [
        [699, "open"],
        [700, "closing"],
        [1199, "closing"],
        [1200, "closed"],
      ],
    ],
    [
      "closed by hand before its time",
      { open: opensForASecond, closing },
      [
        [700, "closing"],
        [1200, "closed"],
      ],
    ],
    [
      "closed by hand after its time",
      { open: opensForASecond, closing: { at: 5000, by } },
      [
        [1200, "closing"],
        [1700, "closed"],
      ],
    ],
    [
      "closing, and nobody heard of the opening",
      { closing },
      [
        [700, "closing"],
        [1200, "closed"],
      ],
    ],
    [
      "final",
      { open, closing, final },
      [
        [0, "final"],
        [never, "final"],
      ],
    ],
    ["final before anything else was heard", { final }, [[0, "final"]]],
    [
      "void while open",
      { open, void: { at: 300, by } },
      [
        [0, "void"],
        [never, "void"],
      ],
    ],
    ["void though final", { open, closing, final, void: final }, [[never, "void"]]],
  ];

  test.each(table)("%s", (_, transitions, wanted) => {
    for (const [now, state] of wanted) expect([now, pollState(poll, transitions, now)]).toEqual([now, state]);
  });
});

const anyTime = fc.nat({ max: 2000 });
const anyTransition = anyTime.map((at) => ({ at, by }));
const anyOpen = fc.tuple(anyTime, fc.option(anyTime, { nil: undefined })).map(([at, after]) => ({
  at,
  by,
  ...(after === undefined ? {} : { closesAt: at + after }),
}));
const anyTransitions: fc.Arbitrary<Transitions> = fc.record(
  { armed: anyTransition, open: anyOpen, closing: anyTransition, final: anyTransition, void: anyTransition },
  { requiredKeys: [] },
);
const orderOf = (transitions: Transitions, now: number) => POLL_STATES.indexOf(pollState(poll, transitions, now));

test("time and further transitions only ever move a poll on: a stale opening never beats a closing", () => {
  fc.assert(
    fc.property(anyTransitions, anyTransitions, anyTime, anyTime, (some, others, now, later) => {
      const before = orderOf(some, now);
      expect(orderOf(some, now + later)).toBeGreaterThanOrEqual(before);
      expect(orderOf({ ...others, ...some }, now)).toBeGreaterThanOrEqual(before);
    }),
  );
});

test("a poll closes at the earlier of the time set beforehand and the closing by hand", () => {
  expect(closingTime({})).toBeUndefined();
  expect(closingTime({ open })).toBeUndefined();
  expect(closingTime({ open: opensForASecond })).toBe(1200);
  expect(closingTime({ open: opensForASecond, closing })).toBe(700);
});

test("ballots are admitted while a poll is open, and in the grace after its closing", () => {
  expect(POLL_STATES.map((state) => [state, windowRefusal(state)])).toEqual([
    ["draft", "poll_not_open"],
    ["armed", "poll_not_open"],
    ["open", undefined],
    ["closing", undefined],
    ["closed", "poll_closed"],
    ["final", "poll_closed"],
    ["void", "poll_void"],
  ]);
});

test("what a producer may ask for in each state", () => {
  const asked = ["armed", "open", "closing", "void"] as const;
  expect(POLL_STATES.map((state) => [state, asked.filter((next) => mayBecome(state, next))])).toEqual([
    ["draft", ["armed", "void"]],
    ["armed", ["open", "void"]],
    ["open", ["closing", "void"]],
    ["closing", ["void"]],
    ["closed", ["void"]],
    ["final", ["void"]],
    ["void", []],
  ]);
});
