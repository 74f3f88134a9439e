// Who is sent where: the pure policies, with the oracle of simple properties over many seeded draws.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ask, Candidate } from "../../../edge/steering/candidate.ts";
import { DEFAULT_CAPACITY, LEAST_WEIGHT, usedShare, weights, type Load } from "../../../edge/steering/load.ts";
import { distanceKm } from "../../../edge/steering/place.ts";
import { POLICY_NAMES, policyNamed } from "../../../edge/steering/policy.ts";
import { steer } from "../../../edge/steering/steer.ts";
import { Dice } from "../../simulation/dice.ts";

const FRANKFURT = { latitude: 50.11, longitude: 8.68 };
const NEW_YORK = { latitude: 40.71, longitude: -74.01 };
const SYDNEY = { latitude: -33.87, longitude: 151.21 };
const PARIS = { latitude: 48.86, longitude: 2.35 };

const fra = candidate("fra", { place: FRANKFURT });
const nyc = candidate("nyc", { place: NEW_YORK });
const syd = candidate("syd", { place: SYDNEY });
const all = [fra, nyc, syd];

function candidate(edge: string, more: Partial<Candidate> = {}): Candidate {
  return { edge, region: edge, address: `https://${edge}.example.org`, admin: "up", health: "up", ...more };
}

function ask(more: Partial<Ask> = {}, seed = 1): Ask {
  const dice = new Dice(seed);
  return { draw: () => dice.next(), turn: 0, ...more };
}

function loaded(used: number, size = 1): Load {
  const { receivers, ballotsPerS } = DEFAULT_CAPACITY;
  const capacity = { receivers: receivers * size, ballotsPerS: ballotsPerS * size };
  return { receivers: Math.round(capacity.receivers * used), ballotsPerS: 0, capacity };
}

/** How often each edge came first in `asks` rankings. */
function firsts(candidates: readonly Candidate[], name: (typeof POLICY_NAMES)[number], asks = 20_000) {
  const policy = policyNamed(name);
  const dice = new Dice(7);
  const counts: Record<string, number> = {};
  for (let turn = 0; turn < asks; turn++) {
    const [first] = policy(candidates, { draw: () => dice.next(), turn });
    counts[first!.candidate.edge] = (counts[first!.candidate.edge] ?? 0) + 1;
  }
  return (edge: string) => (counts[edge] ?? 0) / asks;
}

const names = (ranked: readonly { candidate: Candidate }[]) => ranked.map(({ candidate: { edge } }) => edge);

describe("the great circle", () => {
  test.for<[string, typeof PARIS, typeof PARIS, number]>([
    ["Frankfurt to Paris", FRANKFURT, PARIS, 477],
    ["Frankfurt to New York", FRANKFURT, NEW_YORK, 6204],
    ["Frankfurt to Sydney", FRANKFURT, SYDNEY, 16_482],
    ["over the date line", { latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 }, 111],
    ["from pole to pole", { latitude: 90, longitude: 13 }, { latitude: -90, longitude: -70 }, 20_015],
    ["to the antipode", { latitude: 10, longitude: 20 }, { latitude: -10, longitude: -160 }, 20_015],
    ["nowhere", PARIS, PARIS, 0],
  ])("%s", ([, a, b, km]) => {
    expect(Math.abs(distanceKm(a, b) - km)).toBeLessThan(Math.max(0.5, km * 0.003));
    expect(distanceKm(b, a)).toBe(distanceKm(a, b));
  });
});

describe("nearest", () => {
  test.for([
    [PARIS, ["fra", "nyc", "syd"]],
    [{ latitude: 34.05, longitude: -118.24 }, ["nyc", "fra", "syd"]],
    [{ latitude: -36.85, longitude: 174.76 }, ["syd", "nyc", "fra"]],
  ] as const)("orders by distance from %j", ([place, order]) => {
    const { ranked } = steer(all, policyNamed("nearest"), ask({ place }));
    expect(names(ranked)).toEqual(order);
    expect(ranked[0]!.reason).toMatch(/^\d+ km away$/);
  });

  test("puts a full edge last, and one without a place behind those that have one", () => {
    const candidates = [{ ...fra, load: loaded(0.96) }, { ...nyc, load: loaded(0.94) }, candidate("ber")];
    expect(names(steer(candidates, policyNamed("nearest"), ask({ place: PARIS })).ranked)).toEqual([
      "nyc",
      "ber",
      "fra",
    ]);
  });

  test("goes by free capacity where the receiver's place is unknown, and says so", () => {
    const [first] = policyNamed("nearest")(all, ask());
    expect(first!.reason).toContain("place is unknown");
    const share = firsts(all, "nearest");
    for (const { edge } of all) expect(share(edge)).toBeCloseTo(1 / 3, 1);
  });
});

describe("load", () => {
  test("is the fuller of receivers and ballots, within 0 and 1 whatever an edge says", () => {
    const capacity = { receivers: 100, ballotsPerS: 10 };
    expect(usedShare({ receivers: 10, ballotsPerS: 9, capacity })).toBe(0.9);
    for (const wrong of [Number.NaN, Infinity, -5, 1e300]) {
      const share = usedShare({ receivers: wrong, ballotsPerS: 0, capacity });
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
    expect(usedShare({ receivers: 0, ballotsPerS: 0, capacity: { receivers: 0, ballotsPerS: 0 } })).toBe(1);
  });

  test("weighs by free capacity: twice as free, twice as often", () => {
    const share = firsts(
      [
        { ...fra, load: loaded(0.2) },
        { ...nyc, load: loaded(0.6) },
      ],
      "free",
    );
    expect(share("fra") / share("nyc")).toBeCloseTo(2, 0.5);
  });

  test("weighs by size: an edge of twice the capacity gets twice as many", () => {
    const share = firsts(
      [
        { ...fra, load: loaded(0.5, 2) },
        { ...nyc, load: loaded(0.5) },
      ],
      "free",
    );
    expect(share("fra") / share("nyc")).toBeCloseTo(2, 0.5);
  });

  test("does not believe an edge that boasts, nor forget one that says it is full", () => {
    const honest = ["a", "b", "c", "d"].map((edge) => candidate(edge, { load: loaded(0.5) }));
    const boasting = firsts([...honest, candidate("liar", { load: loaded(0, 1e9) })], "free");
    // Four times the median capacity, all of it free, against four that are half free: 4 / (4 + 4 × 0.5).
    expect(boasting("liar")).toBeLessThan(0.7);
    const moaning = firsts([...honest, candidate("liar", { load: loaded(1) })], "free");
    expect(moaning("liar")).toBeGreaterThan(LEAST_WEIGHT / 4);
    expect(moaning("liar")).toBeLessThan(LEAST_WEIGHT);
  });

  test("gives an edge of which nothing is known the median weight", () => {
    expect(weights([loaded(0.1), undefined, loaded(0.5), loaded(0.9)])).toEqual([
      expect.closeTo(0.9),
      expect.closeTo(0.5),
      expect.closeTo(0.5),
      expect.closeTo(0.1),
    ]);
    expect(weights([undefined, undefined])).toEqual([1, 1]);
  });

  test("two choices: never the most used of all, as long as there is another", () => {
    const candidates = [0.1, 0.5, 0.9].map((used, i) => ({ ...all[i]!, load: loaded(used) }));
    const share = firsts(candidates, "two-choices");
    expect(share("syd")).toBe(0);
    expect(share("fra")).toBeCloseTo(2 / 3, 1);
  });
});

describe("turns, chance and order", () => {
  test("round robin gives each the same number of turns, whatever order they come in", () => {
    for (const candidates of [all, all.toReversed()]) {
      const order = [0, 1, 2, 3].map((turn) => names(policyNamed("round-robin")(candidates, ask({ turn })))[0]);
      expect(order).toEqual(["fra", "nyc", "syd", "fra"]);
    }
  });

  test("random gives each the same share", () => {
    const share = firsts(all, "random");
    for (const { edge } of all) expect(Math.abs(share(edge) - 1 / 3)).toBeLessThan(0.02);
  });

  test("failover keeps the operator's order, and puts the unnamed last", () => {
    expect(names(policyNamed("failover", ["syd", "fra"])(all, ask()))).toEqual(["syd", "fra", "nyc"]);
  });
});

describe("whoever may not take a receiver", () => {
  const policy = policyNamed("nearest");
  const from = ask({ place: PARIS });

  test("is left out, with the reason", () => {
    const choice = steer([{ ...fra, health: "down" }, { ...nyc, admin: "draining" }, syd], policy, from);
    expect(names(choice.ranked)).toEqual(["syd"]);
    expect(choice.pool).toBe("healthy");
    expect(choice.leftOut.map(({ candidate: { edge }, reason }) => [edge, reason])).toEqual([
      ["fra", "down"],
      ["nyc", "draining"],
    ]);
  });

  test("a draining edge is taken before one that is down, and a down one before none", () => {
    const draining = steer(
      [
        { ...fra, health: "down" },
        { ...nyc, admin: "draining" },
      ],
      policy,
      from,
    );
    expect([names(draining.ranked), draining.pool]).toEqual([["nyc"], "draining"]);
    const open = steer(
      [
        { ...fra, health: "down" },
        { ...nyc, admin: "draining", health: "down" },
      ],
      policy,
      from,
    );
    expect([names(open.ranked), open.pool]).toEqual([["fra", "nyc"], "fail open"]);
  });

  test("what the operator took down stays down, even as the last one", () => {
    const choice = steer([{ ...fra, admin: "down" }], policy, from);
    expect(choice.ranked).toEqual([]);
    expect(choice.leftOut[0]!.reason).toBe("taken down by hand");
  });

  test("an edge that does not keep the receiver's shard is no choice, not even when failing open", () => {
    const sharded = [{ ...fra, shards: [0, 1] }, { ...nyc, shards: [2], health: "down" } as const, syd];
    expect(names(steer(sharded, policy, { ...from, shard: 1 }).ranked)).toEqual(["fra", "syd"]);
    expect(names(steer(sharded.slice(0, 2), policy, { ...from, shard: 2 }).ranked)).toEqual(["nyc"]);
    expect(names(steer(sharded.slice(0, 2), policy, { ...from, shard: 5 }).ranked)).toEqual([]);
    expect(names(steer(sharded.slice(0, 2), policy, from).ranked)).toEqual(["fra"]);
  });
});

test("every policy ranks each candidate once and invents none, whatever they say of themselves", () => {
  const number = fc.oneof(fc.double(), fc.constantFrom(0, -1, Number.NaN, Infinity));
  const load = fc.record({
    receivers: number,
    ballotsPerS: number,
    capacity: fc.record({ receivers: number, ballotsPerS: number }),
  });
  const place = fc.record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  });
  const some = fc.array(fc.record({ load: fc.option(load), place: fc.option(place) }), { maxLength: 6 });
  const check = (name: (typeof POLICY_NAMES)[number], parts: readonly { load: Load | null }[], seed: number) => {
    const candidates = parts.map((part, i) => candidate(`e${i}`, part.load ? { load: part.load } : {}));
    const ranked = policyNamed(name, ["e1"])(candidates, ask({ place: PARIS, turn: seed }, seed));
    expect(names(ranked).toSorted()).toEqual(candidates.map(({ edge }) => edge));
    for (const { reason } of ranked) expect(reason).not.toBe("");
  };
  fc.assert(fc.property(fc.constantFrom(...POLICY_NAMES), some, fc.nat(), check), { seed: 7, numRuns: 500 });
});
