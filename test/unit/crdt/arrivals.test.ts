import { expect, test } from "vitest";
import { Arrivals, MAX_ARRIVALS } from "../../../crdt/arrivals.ts";
import { MAX_RECENT_UPDATES, RecentUpdates } from "../../../crdt/recent-updates.ts";

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

test("the last updates stand in their order, and tell when a clock was written", () => {
  const updates = new RecentUpdates();
  updates.note({ at: 10, bytes: 1, from: undefined, clock: 2 });
  updates.note({ at: 20, bytes: 1, from: "nyc", clock: 2 });
  updates.note({ at: 30, bytes: 1, from: undefined, clock: 5 });
  expect(updates.list().map(({ at }) => at)).toEqual([10, 20, 30]);
  expect([0, 1, 2, 4, 5].map((clock) => updates.writtenAt(clock))).toEqual([10, 10, 30, 30, undefined]);
});

test("only the last updates are remembered, and what went before has no time", () => {
  const updates = new RecentUpdates();
  for (let i = 1; i <= MAX_RECENT_UPDATES + 5; i++) updates.note({ at: i, bytes: 1, from: undefined, clock: i });
  expect(updates.list().length).toBe(MAX_RECENT_UPDATES);
  expect(updates.list()[0]!.at).toBe(6);
  expect(updates.writtenAt(2)).toBeUndefined();
  expect(updates.writtenAt(6)).toBe(7);
  expect(updates.count).toBe(MAX_RECENT_UPDATES + 5);
});
