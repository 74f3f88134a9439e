// The part of the store's contract that makes room.
import { describe, expect, test } from "vitest";
import { chainId } from "../../crdt/batch.ts";
import { PIECE_BYTES } from "../../crdt/store/libsql.ts";
import { MAX_RECORD_BYTES } from "../../crdt/store/record.ts";
import type { StoreRecord } from "../../crdt/store/store.ts";
import { fra, nyc, sampleBatch } from "../support/database.ts";
import { batch, batches, boardUpdate, bytes, compactionTo, type StoreFixture } from "./store-fixture.ts";

export function compactionContract(at: StoreFixture): void {
  describe("compaction", () => {
    test("removes batches up to where it says, and no others", async () => {
      const elsewhere: StoreRecord = { kind: "batch", show: "quiz", bytes: sampleBatch(fra, 1) };
      const others = [batch(nyc, 1), batch({ ...fra, shard: 1 }, 1), batch({ ...fra, boot: nyc.boot }, 1), elsewhere];
      await at.store.append([...batches(fra, 1, 4), ...others]);
      await at.store.compact("final", compactionTo(3));
      await at.reopen();
      expect(await at.identities()).toEqual(["fra 4", "nyc 1", "fra 1", "fra 1"]);
      expect(await at.identities("quiz")).toEqual(["fra 1"]);
      await at.store.compact("final", { ...compactionTo(9), upTo: { [chainId(fra)]: 9, [chainId(nyc)]: 1 } });
      expect(await at.identities()).toEqual(["fra 1", "fra 1"]);
    });

    test("replaces the board's updates and the snapshot, of this show", async () => {
      await at.store.append([1, 2, 3].map((value) => boardUpdate("final", bytes(value))));
      await at.store.append([boardUpdate("quiz", bytes(1))]);
      await at.store.compact("final", compactionTo(1));
      await at.store.append([boardUpdate("final", bytes(5))]);
      await at.reopen();
      expect(await at.show()).toEqual({ id: "final", board: [bytes(4, 4), bytes(5)], snapshot: bytes(9) });
      expect(await at.show("quiz")).toEqual({ id: "quiz", board: [bytes(1)] });
      await at.store.compact("final", { snapshot: bytes(8), upTo: {}, board: [bytes(6)] });
      expect(await at.show()).toEqual({ id: "final", board: [bytes(6)], snapshot: bytes(8) });
    });

    test("takes a board in several updates, each as large as a record may be, and keeps the snapshot it is given none for", async () => {
      const large = [5, 6].map((value) => new Uint8Array(MAX_RECORD_BYTES).fill(value));
      await at.store.append([bytes(1), large[1]!].map((update) => boardUpdate("final", update)));
      await at.store.compact("final", { snapshot: bytes(8), upTo: {}, board: [bytes(2)] });
      // One of them stands there already.
      await at.store.append([boardUpdate("final", large[1]!)]);
      const compacted = at.store.compact("final", { upTo: {}, board: large });
      await at.store.append([boardUpdate("final", bytes(3))]);
      await compacted;
      await at.reopen();
      const { board = [], snapshot } = (await at.show()) ?? {};
      expect(snapshot).toEqual(bytes(8));
      expect(board.map((update) => [update.length, update[0]]).sort(([, a], [, b]) => a! - b!)).toEqual([
        [1, 3],
        [MAX_RECORD_BYTES, 5],
        [MAX_RECORD_BYTES, 6],
      ]);
    });

    test("refuses a board without any update", async () => {
      await at.store.append([boardUpdate("final", bytes(1))]);
      await expect(at.store.compact("final", { upTo: {}, board: [] })).rejects.toThrow(RangeError);
      expect((await at.show())?.board).toEqual([bytes(1)]);
    });

    test("keeps what is appended while it runs", async () => {
      await at.store.append([batch(fra, 1), boardUpdate("final", bytes(1))]);
      const compacted = at.store.compact("final", compactionTo(1, new Uint8Array(PIECE_BYTES + 1)));
      await at.store.append([batch(fra, 2), boardUpdate("final", bytes(2))]);
      await compacted;
      expect((await at.show())?.board).toEqual([bytes(4, 4), bytes(2)]);
      expect(await at.identities()).toEqual(["fra 2"]);
    });

    test("takes calls that did not wait for each other in turn", async () => {
      const empty = { snapshot: bytes(7), upTo: {}, board: [bytes(7)] };
      await Promise.all([at.store.compact("final", empty), at.store.compact("quiz", empty)]);
      await Promise.all([at.store.compact("final", compactionTo(1)), at.store.compact("final", empty)]);
      expect((await at.store.load()).shows).toEqual(
        ["final", "quiz"].map((id) => ({ id, board: [bytes(7)], snapshot: bytes(7) })),
      );
    });

    test.each([0, PIECE_BYTES, PIECE_BYTES + 1, 6 * PIECE_BYTES])("takes a snapshot of %i bytes", async (size) => {
      const snapshot = new Uint8Array(size).map((_, i) => i % 251);
      await at.store.compact("final", { snapshot: new Uint8Array(PIECE_BYTES * 2), upTo: {}, board: [bytes(1)] });
      await at.store.compact("final", { snapshot, upTo: {}, board: [bytes(1)] });
      const stored = (await at.show())?.snapshot;
      expect(stored?.length).toBe(size);
      expect(stored && Buffer.compare(stored, snapshot)).toBe(0);
    });
  });
}
