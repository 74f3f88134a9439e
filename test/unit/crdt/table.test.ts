import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ReceiverTable, type Slot } from "../../../crdt/table.ts";
import { anU32 } from "../../support/ballots.ts";

const slot = (given: Partial<Slot> = {}): Slot => ({
  hi: 1,
  lo: 2,
  k: 1,
  press: 1,
  option: 0,
  signed: false,
  edge: 0,
  time: 0,
  ...given,
});
const always = () => true;
const never = () => false;

const anySlot: fc.Arbitrary<Slot> = fc.record({
  hi: anU32,
  lo: anU32,
  k: fc.integer({ min: 1, max: 15 }),
  press: fc.integer({ min: 0, max: 0xffff }),
  option: fc.integer({ min: 0, max: 255 }),
  signed: fc.boolean(),
  edge: fc.integer({ min: 0, max: 255 }),
  time: anU32,
});

test("a choice is kept in every part, bit by bit", () => {
  fc.assert(
    fc.property(anySlot, (given) => {
      const table = new ReceiverTable();
      expect(table.put(given, never)).toBe("new");
      expect(table.get(given.hi, given.lo, given.k)).toEqual(given);
      expect([...table]).toEqual([given]);
    }),
  );
});

test("whoever beats the choice in force replaces it, and is told which", () => {
  const table = new ReceiverTable();
  table.put(slot({ option: 1 }), always);
  expect(table.put(slot({ option: 2 }), never)).toBeUndefined();
  expect(table.get(1, 2, 1)?.option).toBe(1);
  expect(table.put(slot({ option: 3 }), always)).toEqual(slot({ option: 1 }));
  expect(table.get(1, 2, 1)?.option).toBe(3);
  expect(table.size).toBe(1);
});

describe("identities that differ", () => {
  const bits = Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0);

  test.each([
    ["in one bit of the upper half", bits.map((hi) => slot({ hi, lo: 0 }))],
    ["in one bit of the lower half", bits.map((lo) => slot({ hi: 0, lo }))],
    ["in k", Array.from({ length: 15 }, (_, k) => slot({ k: k + 1 }))],
  ])("%s are different receivers", (_, slots) => {
    const table = new ReceiverTable();
    for (const each of slots) expect(table.put(each, always)).toBe("new");
    for (const each of slots) expect(table.get(each.hi, each.lo, each.k)).toEqual(each);
    expect(table.size).toBe(slots.length);
  });
});

test("growing keeps everything, also where all identities share a part and their homes", () => {
  const table = new ReceiverTable();
  const count = 5000;
  for (let i = 0; i < count; i++) table.put(slot({ hi: 0x07000000, lo: i, press: i }), always);
  for (let i = 0; i < count; i++) expect(table.get(0x07000000, i, 1)?.press).toBe(i);
  expect(table.get(0x07000000, count, 1)).toBeUndefined();
  expect([...table]).toHaveLength(count);
});

test("does as a Map does", () => {
  const few = fc.record({
    hi: fc.constantFrom(0, 1, 0xffffffff),
    lo: fc.nat({ max: 3 }),
    k: fc.integer({ min: 1, max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(few, fc.nat({ max: 9 })), { maxLength: 60 }), (puts) => {
      const table = new ReceiverTable();
      const map = new Map<string, number>();
      for (const [id, press] of puts) {
        const key = JSON.stringify(id);
        table.put(slot({ ...id, press }), (next, current) => next.press > current.press);
        map.set(key, Math.max(press, map.get(key) ?? 0));
      }
      const held = [...table].map(({ hi, lo, k, press }): [string, number] => [JSON.stringify({ hi, lo, k }), press]);
      expect(new Map(held)).toEqual(map);
      expect(table.size).toBe(map.size);
    }),
  );
});
