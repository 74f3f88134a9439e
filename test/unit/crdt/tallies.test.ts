import * as Y from "yjs";
import { describe, expect, test } from "vitest";
import { addCounts, bestSections, sumCounts, Tallies, type Register, type Section } from "../../../crdt/tallies.ts";

const [fra, nyc] = ["0/fra/00000000000000f1", "0/nyc/00000000000000a1"];

const section = (covered: Record<string, number>, count: number): Section => ({
  coverage: covered,
  polls: { best: { anonymous: [count, 0], signed: [0, count] } },
  present: count,
});
const register = (shards: Record<string, Section>): Register => ({ boot: "00000000000000f1", shards });
const registers = (of: Record<string, Register>) => new Map(Object.entries(of));

describe("readers take for each shard", () => {
  test("the section that covers most", () => {
    const [less, more] = [section({ [fra]: 2 }, 20), section({ [fra]: 1, [nyc]: 2 }, 30)];
    for (const of of [
      { a: less, b: more },
      { b: less, a: more },
    ]) {
      const best = bestSections(registers({ fra: register({ 0: of.a }), nyc: register({ 0: of.b }) }));
      expect([...best]).toEqual([["0", more]]);
    }
  });

  test("of equals the first edge's, in whatever order they stand", () => {
    const [one, other] = [section({ [fra]: 2 }, 1), section({ [nyc]: 2 }, 2)];
    const best = bestSections(registers({ nyc: register({ 0: other }), fra: register({ 0: one }) }));
    expect(best.get("0")).toBe(one);
  });

  test("one that covers nothing, rather than none", () => {
    expect(bestSections(registers({ fra: register({ 0: section({}, 0) }) })).size).toBe(1);
  });
});

test("counts add over shards, and never over sections of one shard", () => {
  const of = registers({
    fra: register({ 0: section({ [fra]: 5 }, 10), 1: section({ "1/fra/00000000000000f1": 1 }, 1) }),
    nyc: register({ 0: section({ [fra]: 4 }, 9), 1: section({ "1/fra/00000000000000f1": 3 }, 3) }),
  });
  expect(sumCounts(of, "best")).toEqual({ anonymous: [13, 0], signed: [0, 13] });
  expect(sumCounts(of, "unknown")).toEqual({ anonymous: [], signed: [] });
});

test("an edge that has the final and says nothing more of the poll does not empty its counts", () => {
  const final = { ...section({ [fra]: 9 }, 0), polls: {} };
  const of = registers({ fra: register({ 0: section({ [fra]: 5 }, 10) }), nyc: register({ 0: final }) });
  expect(sumCounts(of, "best")).toEqual({ anonymous: [10, 0], signed: [0, 10] });
});

test("counts of different lengths add option by option", () => {
  expect(
    addCounts([
      { anonymous: [1], signed: [] },
      { anonymous: [2, 3], signed: [4] },
    ]),
  ).toEqual({
    anonymous: [3, 3],
    signed: [4],
  });
});

test("after 10,000 overwrites by three edges the document is their values and little more", () => {
  const edges = ["fra", "nyc", "syd"].map((name, client) => {
    const doc = new Y.Doc();
    doc.clientID = client + 1;
    return { name, tallies: new Tallies(doc) };
  });
  const exchange = () => {
    for (const from of edges)
      for (const to of edges) Y.applyUpdate(to.tallies.doc, Y.encodeStateAsUpdate(from.tallies.doc));
  };
  const value = register({ 0: section({ [fra]: 9999, [nyc]: 9999 }, 1_000_000) });
  for (let i = 1; i <= 10_000; i++) {
    for (const { name, tallies } of edges) tallies.set(name, value);
    if (i % 100 === 0) exchange();
  }
  for (const { tallies } of edges) {
    expect([...tallies.registers().keys()].toSorted()).toEqual(["fra", "nyc", "syd"]);
    for (const structs of tallies.doc.store.clients.values()) expect(structs.length).toBeLessThanOrEqual(2);
    const least = 3 * JSON.stringify(value).length;
    expect(Y.encodeStateAsUpdate(tallies.doc).length).toBeLessThan(least + 3 * 84);
  }
});
