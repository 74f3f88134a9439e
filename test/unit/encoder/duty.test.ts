import { expect, test } from "vitest";
import { type Duty, LOOKING_MS, onHeard, onSlept, onTime, SILENCE_MS } from "../../../monitor/encoder/standby/duty.ts";

const looking: Duty = { is: "looking", since: 0 };
const standby: Duty = { is: "standby", heardAt: 0 };
const active: Duty = { is: "active", since: 0 };

test("of two that start together the first becomes active, and the other stands by", () => {
  const now = LOOKING_MS.first;
  expect(onTime(looking, true, now - 1)).toBe(looking);
  const first = onTime(looking, true, now);
  expect(first).toEqual({ is: "active", since: now });
  expect(onTime(looking, false, now)).toBe(looking);
  expect(onHeard(looking, { duty: "active", since: now }, false, now)).toEqual({ is: "standby", heardAt: now });
});

test("a standby takes over once the active one is silent", () => {
  expect(onTime(standby, false, SILENCE_MS - 1)).toBe(standby);
  expect(onTime(standby, false, SILENCE_MS)).toEqual({ is: "active", since: SILENCE_MS });
  expect(onHeard(standby, { duty: "active", since: 0 }, false, 350)).toEqual({ is: "standby", heardAt: 350 });
  expect(onHeard(standby, { duty: "looking", since: 0 }, false, 350)).toBe(standby);
});

test("of two active ones the later gives way", () => {
  expect(onHeard(active, { duty: "active", since: 5 }, true, 9)).toBe(active);
  expect(onHeard({ is: "active", since: 5 }, { duty: "active", since: 0 }, true, 9)).toEqual({
    is: "standby",
    heardAt: 9,
  });
  expect(onHeard(active, { duty: "active", since: 0 }, true, 9)).toBe(active);
  expect(onHeard(active, { duty: "active", since: 0 }, false, 9)).toEqual({ is: "standby", heardAt: 9 });
});

test("one that slept looks before it sends again, and goes on at once where the other waits", () => {
  const woken = onSlept(active, true, 1000);
  expect(woken).toEqual({ is: "looking", since: 1000 });
  expect(onHeard(woken, { duty: "standby", since: 0 }, true, 1001)).toEqual({ is: "active", since: 1001 });
  expect(onHeard(woken, { duty: "active", since: 900 }, true, 1001)).toEqual({ is: "standby", heardAt: 1001 });
  expect(onSlept(active, false, 1000)).toBe(active);
  expect(onSlept(standby, true, 1000)).toEqual({ is: "standby", heardAt: 1000 });
});
