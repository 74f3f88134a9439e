// What every store owes its replica. `store.test.ts` runs it on each.
import { describe, expect, test } from "vitest";
import { BatchError, MAX_BATCH_BALLOTS, type Chain } from "../../crdt/batch.ts";
import { MAX_ROWS_PER_STATEMENT, MAX_ROWS_PREPARED } from "../../crdt/store/libsql-insert.ts";
import { PAGE_BATCHES } from "../../crdt/store/libsql.ts";
import { MAX_RECORD_BYTES } from "../../crdt/store/record.ts";
import type { BatchRange, StoreRecord } from "../../crdt/store/store.ts";
import { fra, nyc, sampleBatch } from "../support/database.ts";
import { compactionContract } from "./store-compaction.ts";
import { fullDiskContract } from "./store-full-disk.ts";
import {
  batch,
  batches,
  boardUpdate,
  bytes,
  compactionTo,
  identitiesOf,
  identity,
  StoreFixture,
  type Place,
} from "./store-fixture.ts";

export function storeContract(makePlace: () => Promise<Place>, { fills = true } = {}): void {
  const at = new StoreFixture(makePlace);
  compactionContract(at);
  if (fills) describe("a full disk", () => fullDiskContract(at));

  describe("what is appended", () => {
    test("is nothing at first", async () => {
      expect(await at.store.load()).toEqual({ boots: [], introductions: [], shows: [] });
      expect(await at.identities()).toEqual([]);
    });

    test("is there, byte for byte, when the store is opened again", async () => {
      const largest = sampleBatch(fra, 1, MAX_BATCH_BALLOTS);
      await at.store.append([{ kind: "boot", boot: "b1", startedAt: 9 }]);
      await at.store.append([
        { kind: "batch", show: "final", bytes: largest },
        boardUpdate("final", bytes(0, 255)),
        { kind: "introduction", member: "fra", boot: "b1", bytes: bytes(7) },
        { kind: "introduction", member: "fra", boot: "b1", bytes: bytes(8) },
        boardUpdate("quiz", bytes(3)),
      ]);
      await at.store.append([{ kind: "boot", boot: "a2", startedAt: 8 }]);
      await at.reopen();
      expect(await at.store.load()).toEqual({
        boots: ["b1", "a2"],
        introductions: [bytes(7), bytes(8)],
        shows: [
          { id: "final", board: [bytes(0, 255)] },
          { id: "quiz", board: [bytes(3)] },
        ],
      });
      for await (const each of at.store.batches("final")) expect(each).toEqual(largest);
    });

    test("names a show of which there is nothing but batches", async () => {
      await at.store.append([batch(fra, 1)]);
      expect((await at.store.load()).shows).toEqual([{ id: "final", board: [] }]);
    });

    test("may be nothing", async () => {
      await at.store.append([]);
      expect(await at.identities()).toEqual([]);
    });

    test("is a copy, of a part of a larger array too", async () => {
      const larger = bytes(1, 2, 3, 4);
      await at.store.append([boardUpdate("final", larger.subarray(1, 3))]);
      larger.fill(0);
      expect((await at.show())?.board).toEqual([bytes(2, 3)]);
    });

    test("changes nothing the second time", async () => {
      const records: StoreRecord[] = [
        { kind: "boot", boot: "b1", startedAt: 9 },
        { kind: "introduction", member: "fra", boot: "b1", bytes: bytes(7) },
        boardUpdate("final", bytes(1)),
        batch(fra, 1),
      ];
      await at.store.append(records);
      const before = await at.store.load();
      await at.store.append([...records, ...records, batch(fra, 2)]);
      expect(await at.store.load()).toEqual(before);
      expect(await at.identities()).toEqual(["fra 1", "fra 2"]);
    });

    test("may be an introduction in place of another boot's, which may come again", async () => {
      const introduction = (boot: string, byte: number, inPlaceOf?: string): StoreRecord => ({
        kind: "introduction",
        member: "fra",
        boot,
        bytes: bytes(byte),
        ...(inPlaceOf === undefined ? {} : { inPlaceOf }),
      });
      await at.store.append([introduction("b1", 1), introduction("b1", 2), introduction("b2", 3)]);
      await at.store.append([introduction("b3", 4, "b1")]);
      expect((await at.store.load()).introductions).toEqual([bytes(3), bytes(4)]);
      await at.store.append([introduction("b4", 5), introduction("b1", 1, "b4"), introduction("b4", 5, "b2")]);
      await at.reopen();
      expect((await at.store.load()).introductions).toEqual([bytes(4), bytes(1), bytes(5)]);
    });

    test("keeps the bytes that an identity had first", async () => {
      await at.store.append([batch(fra, 1, 1)]);
      await at.store.append([batch(fra, 1, 2)]);
      for await (const each of at.store.batches("final")) expect(each).toEqual(sampleBatch(fra, 1, 1));
    });

    test("is all or nothing: one record that is no batch, and none is written", async () => {
      const broken: StoreRecord = { kind: "batch", show: "final", bytes: bytes(1, 2, 3) };
      await expect(at.store.append([boardUpdate("final", bytes(1)), broken])).rejects.toThrow(BatchError);
      expect((await at.store.load()).shows).toEqual([]);
    });

    const most = [MAX_ROWS_PREPARED, MAX_ROWS_PER_STATEMENT];
    test.each(most.flatMap((count) => [count, count + 1]))("takes %i batches at once", async (count) => {
      await at.store.append([boardUpdate("final", bytes(1)), ...batches(fra, 1, count)]);
      expect(await at.identities()).toEqual(identitiesOf("fra", 1, count));
    });

    test("has a largest record", async () => {
      const largest = new Uint8Array(MAX_RECORD_BYTES).fill(5);
      await at.store.append([boardUpdate("final", largest), boardUpdate("final", bytes(1))]);
      const larger = new Uint8Array(MAX_RECORD_BYTES + 1);
      await expect(at.store.append([boardUpdate("final", larger)])).rejects.toThrow(RangeError);
      const compaction = { snapshot: bytes(1), upTo: {}, board: [larger] };
      await expect(at.store.compact("final", compaction)).rejects.toThrow(RangeError);
      const board = (await at.show())?.board ?? [];
      expect(board.map((update) => update.length)).toEqual([MAX_RECORD_BYTES, 1]);
      expect(board[0]?.every((byte) => byte === 5)).toBe(true);
    });
  });

  describe("batches", () => {
    test("come in the order of appending, over the chains of a show", async () => {
      await at.store.append([batch(nyc, 2), batch(fra, 1)]);
      await at.store.append([batch(nyc, 1), batch(fra, 2)]);
      expect(await at.identities()).toEqual(["nyc 2", "fra 1", "nyc 1", "fra 2"]);
    });

    test("come in the order of calls that did not wait for each other", async () => {
      const calls = Array.from({ length: 20 }, (_, i) =>
        at.store.append(i % 3 === 0 ? [batch(fra, i + 1), boardUpdate("final", bytes(i))] : [batch(fra, i + 1)]),
      );
      await Promise.all(calls);
      expect(await at.identities()).toEqual(identitiesOf("fra", 1, 20));
    });

    test.each([PAGE_BATCHES, PAGE_BATCHES + 1])("are read in pages: %i", async (count) => {
      await at.store.append(batches(fra, 1, count));
      expect(await at.identities()).toEqual(identitiesOf("fra", 1, count));
      expect(await at.identities("final", range(fra, 0, count))).toEqual(identitiesOf("fra", 1, count));
    });

    test("belong to their show", async () => {
      const elsewhere: StoreRecord = { kind: "batch", show: "quiz", bytes: sampleBatch(fra, 1) };
      await at.store.append([batch(fra, 1), elsewhere, batch(fra, 2)]);
      expect(await at.identities()).toEqual(["fra 1", "fra 2"]);
      expect(await at.identities("quiz")).toEqual(["fra 1"]);
      expect(await at.identities("quiz", range(fra, 0, 9))).toEqual(["fra 1"]);
      expect(await at.identities("none")).toEqual([]);
    });

    test("of one chain come in the order of their sequence, after one and up to another", async () => {
      await at.store.append([batch(fra, 4), batch(fra, 3), batch(nyc, 2), batch(fra, 1), batch(fra, 2)]);
      await at.store.append([batch({ ...fra, shard: 1 }, 2), batch({ ...fra, boot: nyc.boot }, 2)]);
      expect(await at.identities("final", range(fra, 1, 3))).toEqual(["fra 2", "fra 3"]);
      expect(await at.identities("final", range(fra, 0, 0xffffffff))).toEqual(identitiesOf("fra", 1, 4));
      expect(await at.identities("final", range(fra, 4, 9))).toEqual([]);
      expect(await at.identities("final", range(nyc, 1, 2))).toEqual(["nyc 2"]);
    });

    test("can be read while others are appended and removed", async () => {
      const count = 2 * PAGE_BATCHES;
      await at.store.append(batches(fra, 1, count));
      const found = new Set<string>();
      for await (const each of at.store.batches("final")) {
        if (found.size === 0) await at.store.compact("final", compactionTo(count - 10));
        if (found.size === 1) await at.store.append([batch(nyc, 1)]);
        expect(found.has(identity(each))).toBe(false);
        found.add(identity(each));
      }
      expect([...found]).toEqual(expect.arrayContaining(["fra 1", ...identitiesOf("fra", count - 9, count)]));
    });
  });
}

function range(chain: Chain, after: number, upTo: number): BatchRange {
  return { chain, after, upTo };
}
