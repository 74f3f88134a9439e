import { expect, test } from "vitest";
import { BatchError } from "../../../crdt/batch.ts";
import { Coverage, leastOf } from "../../../crdt/coverage.ts";

const fra = "0/fra/00000000000000f1";
const nyc = "0/nyc/00000000000000a2";

test("grows only", () => {
  const coverage = Coverage.from({ [fra]: 3 });
  coverage.raise(fra, 2);
  expect(coverage.of(fra)).toBe(3);
  coverage.raise({ shard: 0, edge: "fra", boot: "00000000000000f1" }, 4);
  expect(coverage.of({ shard: 0, edge: "fra", boot: "00000000000000f1" })).toBe(4);
  expect([coverage.of(nyc), coverage.sum]).toEqual([0, 4]);
});

test("covers what reaches no further than itself", () => {
  const coverage = Coverage.from({ [fra]: 3 });
  expect([{}, { [fra]: 3 }, { [nyc]: 0 }].map((other) => coverage.covers(other))).toEqual([true, true, true]);
  expect([{ [fra]: 4 }, { [fra]: 3, [nyc]: 1 }].map((other) => coverage.covers(other))).toEqual([false, false]);
});

test("names the ranges it misses, after exclusive and up to inclusive", () => {
  const missing = Coverage.from({ [fra]: 3 }).missing({ [fra]: 5, [nyc]: 1 });
  expect(missing).toEqual([
    { chain: { shard: 0, edge: "fra", boot: "00000000000000f1" }, after: 3, upTo: 5 },
    { chain: { shard: 0, edge: "nyc", boot: "00000000000000a2" }, after: 0, upTo: 1 },
  ]);
  expect(() => Coverage.from({}).missing({ "no chain": 1 })).toThrow(BatchError);
});

test("as JSON and back it is the same", () => {
  const watermark = { [fra]: 3, [nyc]: 9 };
  expect(Coverage.from(watermark).toJSON()).toEqual(watermark);
  expect([...Coverage.from(watermark).entries()]).toEqual(Object.entries(watermark));
});

test("the least of several watermarks is what each of them covers", () => {
  expect(leastOf([])).toEqual({});
  expect(leastOf([{ [fra]: 3, [nyc]: 2 }])).toEqual({ [fra]: 3, [nyc]: 2 });
  expect(
    leastOf([
      { [fra]: 3, [nyc]: 2 },
      { [fra]: 5, "0/syd/00000000000000b1": 1 },
    ]),
  ).toEqual({ [fra]: 3 });
});
