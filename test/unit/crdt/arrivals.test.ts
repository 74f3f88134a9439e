import { expect, test } from "vitest";
import { Arrivals, MAX_ARRIVALS } from "../../../crdt/arrivals.ts";
import { changedClocks, RecentUpdates } from "../../../crdt/recent-updates.ts";

test("a batch's time is the time at which the chain became visible so far", () => {
  const arrivals = new Arrivals();
  arrivals.note("0/fra/a", 3, 5, 100);
  arrivals.note("0/fra/a", 5, 6, 120);
  expect([3, 4, 5, 6, 7].map((sequence) => arrivals.of("0/fra/a", sequence))).toEqual([
    undefined,
    100,
    100,
    120,
    undefined,
  ]);
  expect(arrivals.of("0/nyc/b", 1)).toBeUndefined();
});

test("what a snapshot brought in between has no time", () => {
  const arrivals = new Arrivals();
  arrivals.note("0/fra/a", 0, 2, 100);
  arrivals.note("0/fra/a", 50, 51, 200);
  expect([1, 30, 51].map((sequence) => arrivals.of("0/fra/a", sequence))).toEqual([undefined, undefined, 200]);
});

test("at least the last arrivals are remembered, and never more than twice as many", () => {
  const arrivals = new Arrivals();
  const count = 5 * MAX_ARRIVALS;
  for (let sequence = 0; sequence < count; sequence++) arrivals.note("0/fra/a", sequence, sequence + 1, sequence + 1);
  expect(arrivals.of("0/fra/a", count)).toBe(count);
  expect(arrivals.of("0/fra/a", count - MAX_ARRIVALS + 1)).toBe(count - MAX_ARRIVALS + 1);
  expect(arrivals.of("0/fra/a", count - 2 * MAX_ARRIVALS)).toBeUndefined();
});

const update = (at: number, ...clocks: [number, number][]) => ({
  at,
  bytes: 1,
  from: undefined,
  clocks: new Map(clocks),
});

test("the last updates stand in their order, and tell when a clock came", () => {
  const updates = new RecentUpdates(10);
  for (const each of [update(10, [7, 2]), update(20, [8, 1]), update(30, [7, 5], [8, 2])]) updates.note(each);
  expect(updates.list().map(({ at }) => at)).toEqual([10, 20, 30]);
  expect([0, 1, 2, 4, 5].map((clock) => updates.cameAt(7, clock))).toEqual([10, 10, 30, 30, undefined]);
  expect([updates.cameAt(8, 0), updates.cameAt(9, 0)]).toEqual([20, undefined]);
});

test("only the last updates are remembered, and what went before has no time", () => {
  const updates = new RecentUpdates(4);
  for (let i = 1; i <= 6; i++) updates.note(update(i, [7, i]));
  expect(updates.list().map(({ at }) => at)).toEqual([3, 4, 5, 6]);
  expect([1, 2, 3, 5].map((clock) => updates.cameAt(7, clock))).toEqual([undefined, undefined, 4, 6]);
  expect(updates.count).toBe(6);
});

test("a transaction's clients are those whose clock changed", () => {
  const before = new Map([
    [1, 5],
    [2, 7],
  ]);
  expect(changedClocks(before, new Map([...before, [2, 8], [3, 1]]))).toEqual(
    new Map([
      [2, 8],
      [3, 1],
    ]),
  );
});
