// The part of the store's contract that only a disk which can be filled shows.
import { expect, test } from "vitest";
import { PIECE_BYTES } from "../../crdt/store/libsql.ts";
import { MAX_RECORD_BYTES } from "../../crdt/store/record.ts";
import { StoreFull } from "../../crdt/store/store.ts";
import { fra, nyc } from "../support/database.ts";
import { batch, batches, boardUpdate, bytes, compactionTo, identitiesOf, type StoreFixture } from "./store-fixture.ts";

/** What a store owes whose disk fills up. */
export function fullDiskContract(at: StoreFixture): void {
  test("refuses an append, keeps all that was acknowledged, and works again once there is room", async () => {
    const { disk } = at;
    await at.store.append(batches(fra, 1, 3));
    await disk.fill();
    let acknowledged = 3;
    const fill = async () => {
      for (; acknowledged < 5_000; acknowledged += 1) await at.store.append([batch(fra, acknowledged + 1, 1000)]);
    };
    await expect(fill()).rejects.toThrow(StoreFull);
    const several = [batch(nyc, 1, 1000), batch(nyc, 2, 1000), boardUpdate("final", new Uint8Array(MAX_RECORD_BYTES))];
    await expect(at.store.append(several)).rejects.toThrow(StoreFull);
    expect(await at.identities()).toEqual(identitiesOf("fra", 1, acknowledged));
    await disk.free();
    await at.store.append([batch(fra, acknowledged + 1), boardUpdate("final", bytes(1))]);
    await at.reopen();
    expect(await at.identities()).toEqual(identitiesOf("fra", 1, acknowledged + 1));
    expect(await at.show()).toEqual({ id: "final", board: [bytes(1)] });
  });

  test("refuses a compaction, which changes nothing", async () => {
    const { disk } = at;
    await at.store.append([...batches(fra, 1, 3), boardUpdate("final", bytes(1))]);
    await at.store.compact("final", { snapshot: bytes(1), upTo: {}, board: [bytes(1)] });
    await disk.fill();
    const tooMuch = compactionTo(3, new Uint8Array(64 * PIECE_BYTES));
    await expect(at.store.compact("final", tooMuch)).rejects.toThrow(StoreFull);
    expect(await at.show()).toEqual({ id: "final", board: [bytes(1)], snapshot: bytes(1) });
    expect(await at.identities()).toEqual(identitiesOf("fra", 1, 3));
    await disk.free();
    await at.store.compact("final", compactionTo(3));
    expect(await at.show()).toEqual({ id: "final", board: [bytes(4, 4)], snapshot: bytes(9) });
  });

  test("does not keep a store from closing", async () => {
    const { disk } = at;
    await at.store.append([batch(fra, 1)]);
    await disk.fill();
    await at.store.close();
    await expect(at.store.append([batch(fra, 2)])).rejects.toThrow("closed");
  });
}
