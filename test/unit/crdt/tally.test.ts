import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EdgeList, MAX_EDGES, Tally, type TallyRules } from "../../../crdt/tally.ts";
import { aBallot, START } from "../../support/ballots.ts";

const edges = new EdgeList();
const fra = edges.number("fra");
const nyc = edges.number("nyc");
const three: TallyRules = { mode: "last", votes: 1, options: 3 };
const tallyOf = (rules: Partial<TallyRules> = {}) => new Tally({ ...three, ...rules }, START, edges);

describe("where the last ballot counts", () => {
  test("a later press replaces an earlier one, whichever came first in time", () => {
    const tally = tallyOf();
    tally.take(aBallot({ press: 2, option: 1, time: START }), fra);
    tally.take(aBallot({ press: 1, option: 0, time: START + 900 }), nyc);
    expect(tally.counts.anonymous).toEqual([0, 1, 0]);
    expect(tally.known({ hi: 1, lo: 2 })).toEqual([{ press: 2, option: 1, k: 1 }]);
  });

  test("of equal presses the later time counts, then the greater edge, then the greater bytes", () => {
    const tally = tallyOf();
    tally.take(aBallot({ option: 2 }), fra);
    tally.take(aBallot({ option: 1, time: START + 1 }), fra);
    expect(tally.counts.anonymous).toEqual([0, 1, 0]);
    tally.take(aBallot({ option: 0, time: START + 1 }), nyc);
    expect(tally.counts.anonymous).toEqual([1, 0, 0]);
    tally.take(aBallot({ option: 0, signed: true, time: START + 1 }), nyc);
    expect(tally.counts).toEqual({ anonymous: [0, 0, 0], signed: [1, 0, 0] });
  });
});

test("where the first ballot counts, a later press changes nothing and an earlier time does", () => {
  const tally = tallyOf({ mode: "first" });
  tally.take(aBallot({ option: 0, time: START + 5 }), fra);
  tally.take(aBallot({ option: 1, press: 9, time: START + 6 }), fra);
  expect(tally.counts.anonymous).toEqual([1, 0, 0]);
  tally.take(aBallot({ option: 2, press: 9, time: START + 4 }), nyc);
  expect(tally.counts.anonymous).toEqual([0, 0, 1]);
});

test("where a receiver has votes, each k counts once and a retry is no second vote", () => {
  const tally = tallyOf({ mode: "votes", votes: 3 });
  for (const k of [1, 2, 3, 3, 4, 0]) tally.take(aBallot({ option: 1, k }), fra);
  expect(tally.counts.anonymous).toEqual([0, 3, 0]);
  tally.take(aBallot({ option: 0, k: 2, press: 2 }), fra);
  expect(tally.counts.anonymous).toEqual([1, 2, 0]);
  expect(tally.known({ hi: 1, lo: 2 }).map(({ k, option }) => [k, option])).toEqual([
    [1, 1],
    [2, 0],
    [3, 1],
  ]);
});

test.for(["last", "first"] as const)(
  "where the %s counts, ballots that contradict each other under one press are noticed",
  (mode) => {
    const tally = tallyOf({ mode });
    const contestsAfter = (ballot: Parameters<typeof aBallot>[0]) => {
      tally.take(aBallot(ballot), fra);
      return tally.contests;
    };
    expect(contestsAfter({ press: 2, option: 1 })).toBe(0);
    expect(contestsAfter({ press: 2, option: 1, time: START + 1 })).toBe(0);
    expect(contestsAfter({ press: 1, option: 0 })).toBe(0);
    expect(contestsAfter({ lo: 9, press: 2, option: 0 })).toBe(0);
    expect(contestsAfter({ lo: 9, press: 2, option: 1, time: START + 1 })).toBe(1);
    expect(contestsAfter({ lo: 9, press: 2, option: 2, time: START - 1 })).toBe(2);
  },
);

test("a receiver that votes several times, and changes its votes, is one that voted", () => {
  const tally = tallyOf({ mode: "votes", votes: 3 });
  for (const k of [3, 1, 1, 2]) tally.take(aBallot({ option: 1, k }), fra);
  tally.take(aBallot({ option: 0, k: 2, press: 2 }), fra);
  tally.take(aBallot({ lo: 9, k: 2 }), fra);
  expect([tally.size, tally.voters]).toEqual([4, 2]);
  const joined = tallyOf({ mode: "votes", votes: 3 });
  for (const slot of tally.slots()) joined.join(slot);
  expect(joined.voters).toBe(2);
});

test("what the definition does not allow changes nothing", () => {
  const tally = tallyOf();
  for (const wrong of [{ option: 3 }, { option: 255 }, { k: 0 }, { k: 2 }]) tally.take(aBallot(wrong), fra);
  expect(tally.size).toBe(0);
  expect(tally.counts).toEqual({ anonymous: [0, 0, 0], signed: [0, 0, 0] });
});

test("times outside the table's 49 days compare as the nearest one inside", () => {
  const tally = tallyOf();
  tally.take(aBallot({ option: 1, time: START - 10 }), fra);
  tally.take(aBallot({ option: 0, time: START - 20 }), fra);
  expect(tally.counts.anonymous).toEqual([0, 1, 0]);
  tally.take(aBallot({ option: 1, time: START + 2 ** 33 }), fra);
  tally.take(aBallot({ option: 2, time: START + 2 ** 32 - 1 }), fra);
  expect(tally.counts.anonymous).toEqual([0, 0, 1]);
});

test("joining a tally's slots into another is taking the same ballots, and idempotent", () => {
  const anyFew = fc.record({
    lo: fc.nat({ max: 3 }),
    press: fc.nat({ max: 3 }),
    option: fc.nat({ max: 2 }),
    signed: fc.boolean(),
  });
  const anyTaken = fc.array(fc.tuple(anyFew, fc.constantFrom(fra, nyc)), { maxLength: 12 });
  fc.assert(
    fc.property(anyTaken, anyTaken, (here, there) => {
      const [a, b, both] = [tallyOf(), tallyOf(), tallyOf()];
      for (const [given, edge] of here) for (const tally of [a, both]) tally.take(aBallot(given), edge);
      for (const [given, edge] of there) for (const tally of [b, both]) tally.take(aBallot(given), edge);
      for (const slot of [...b.slots(), ...b.slots()]) a.join(slot);
      expect(a.counts).toEqual(both.counts);
      expect(new Set(a.slots())).toEqual(new Set(both.slots()));
    }),
  );
});

test("a million receivers take at most 27 bytes each, at any moment of growing", { timeout: 30_000 }, () => {
  const tally = tallyOf();
  let hash = 1;
  const next = () => {
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return (hash ^ (hash >>> 13)) >>> 0;
  };
  let most = 0;
  for (let i = 1; i <= 1_000_000; i++) {
    tally.take(aBallot({ hi: next(), lo: next() }), fra);
    if (i >= 900_000 && i % 1000 === 0) most = Math.max(most, tally.bytes / tally.size);
  }
  expect(tally.size).toBeGreaterThan(999_000);
  expect(most).toBeLessThanOrEqual(27);
});

test("edges are numbered as they come and compared by name, up to 256 of them", () => {
  const list = new EdgeList();
  const [z, a] = [list.number("z"), list.number("a")];
  expect([z, a, list.number("z")]).toEqual([0, 1, 0]);
  expect(list.compare(a, z)).toBeLessThan(0);
  expect(list.compare(z, a)).toBeGreaterThan(0);
  expect(list.compare(a, a)).toBe(0);
  for (let i = 2; i < MAX_EDGES; i++) expect(list.admits(`e${i}`)).toBe(true);
  expect([list.admits("a"), list.admits("one-too-many")]).toEqual([true, false]);
  expect(() => list.number("one-too-many")).toThrow(RangeError);
  expect(list.number("a")).toBe(a);
});
