import { describe, expect, test } from "vitest";
import { HybridClock, judgeClock, MAX_CLOCK_SKEW_MS } from "../../../crdt/clock.ts";

const START = 1_000_000;

function aClock() {
  const wall = { time: START };
  return { wall, clock: new HybridClock({ now: () => wall.time }) };
}

test("follows the wall clock, and never back", () => {
  const { wall, clock } = aClock();
  expect(clock.now()).toBe(START);
  wall.time += 10;
  expect(clock.now()).toBe(START + 10);
  wall.time -= 500;
  expect(clock.now()).toBe(START + 10);
  expect(clock.ahead).toBe(500);
});

test("goes on from the log's last time, however far ahead that is", () => {
  const { clock } = aClock();
  clock.resume(START + 3_600_000);
  expect(clock.now()).toBe(START + 3_600_000);
  clock.resume(START);
  expect(clock.now()).toBe(START + 3_600_000);
});

test("follows another's clock up to 2 s ahead, and one millisecond more not at all", () => {
  const { clock } = aClock();
  expect(clock.hear(START + MAX_CLOCK_SKEW_MS + 1)).toBe(false);
  expect(clock.now()).toBe(START);
  expect(clock.hear(START + MAX_CLOCK_SKEW_MS)).toBe(true);
  expect(clock.now()).toBe(START + MAX_CLOCK_SKEW_MS);
  expect(clock.hear(START - 1)).toBe(true);
  expect(clock.now()).toBe(START + MAX_CLOCK_SKEW_MS);
});

test("cannot be led on step by step: the bound is on the wall clock", () => {
  const { clock } = aClock();
  for (let step = 1; step <= 10; step++) clock.hear(clock.now() + 1000);
  expect(clock.now()).toBe(START + MAX_CLOCK_SKEW_MS);
});

describe("a clock that peers have confirmed", () => {
  const hour = 3_600_000;

  test("is followed for 2 s, and then has to be confirmed again", () => {
    const { wall, clock } = aClock();
    clock.confirm();
    wall.time += MAX_CLOCK_SKEW_MS;
    expect(clock.now()).toBe(START + MAX_CLOCK_SKEW_MS);
    wall.time += 1;
    expect(clock.now()).toBe(START + MAX_CLOCK_SKEW_MS);
    clock.confirm();
    expect(clock.now()).toBe(START + MAX_CLOCK_SKEW_MS + 1);
  });

  test("and is then set an hour ahead leaves no hour in our memory", () => {
    const { wall, clock } = aClock();
    clock.confirm();
    wall.time += hour;
    expect(clock.now()).toBe(START + MAX_CLOCK_SKEW_MS);
    expect(clock.hear(START + hour)).toBe(false);
    wall.time -= hour;
    expect(clock.ahead).toBe(MAX_CLOCK_SKEW_MS);
  });

  test("tells when it was set, or nobody looked for over 2 s", () => {
    const { wall, clock } = aClock();
    const looks = [0, MAX_CLOCK_SKEW_MS, MAX_CLOCK_SKEW_MS + 1, 10, -MAX_CLOCK_SKEW_MS - 1, 10].map((step) => {
      wall.time += step;
      return clock.hasStepped();
    });
    expect(looks).toEqual([false, false, true, false, true, false]);
  });

  test("and was wrong before anybody confirmed it leaves nothing but the log's last time", () => {
    const { wall, clock } = aClock();
    clock.resume(START - 5);
    wall.time += hour;
    clock.hasStepped();
    clock.now();
    wall.time -= hour;
    expect(clock.hasStepped()).toBe(true);
    expect([clock.now(), clock.ahead]).toEqual([START, 0]);
  });
});

describe("whether a clock may be trusted", () => {
  const most = MAX_CLOCK_SKEW_MS;
  const hour = 3_600_000;

  test.each([
    ["alone", [], 0, true, { trusted: true, skewMs: 0 }],
    ["no peer measured yet", [], 0, false, { trusted: false, reason: "unmeasured", skewMs: 0 }],
    ["two that agree", [12], 0, false, { trusted: true }],
    ["two that differ by 2 s", [most], 0, false, { trusted: true, skewMs: most }],
    ["two that differ by more", [most + 1], 0, false, { trusted: false, reason: "skewed", skewMs: most + 1 }],
    ["behind by more", [-most - 1], 0, false, { trusted: false, reason: "skewed", skewMs: -most - 1 }],
    ["of three, another one is an hour off", [0, hour], 0, false, { trusted: true, skewMs: 0 }],
    ["of three, this one is an hour off", [hour, hour + 5], 0, false, { trusted: false, reason: "skewed" }],
    ["of four, another one is an hour off", [0, 3, -hour], 0, false, { trusted: true }],
    ["of four, this one is an hour off", [hour, hour, hour], 0, false, { trusted: false, reason: "skewed" }],
    ["its own memory is 2 s ahead", [0], most, false, { trusted: true }],
    ["its own memory is further ahead", [0], most + 1, false, { trusted: false, reason: "skewed", skewMs: -most - 1 }],
    ["alone, its own memory is further ahead", [], most + 1, true, { trusted: false, reason: "skewed" }],
  ])("%s", (_, offsets, ahead, alone, wanted) => {
    expect(judgeClock(offsets, ahead, alone)).toMatchObject(wanted);
  });
});
