// Writes of an object's storage are few: what comes while one is due shares it.
import { expect, test } from "vitest";
import { MemoryStore } from "../../../crdt/store/memory.ts";
import type { StoreRecord } from "../../../crdt/store/store.ts";
import { PACE_MS, PacedStore } from "../../../edge/runtime/workers/paced-store.ts";
import { fra } from "../../support/database.ts";
import { ManualWorld, settle } from "../../support/world.ts";
import { batch } from "../../contract/store-fixture.ts";

test("one that comes alone is written at once, and the next not before its time, in order", async () => {
  const world = new ManualWorld();
  const written: number[] = [];
  class Noted extends MemoryStore {
    override async append(records: readonly StoreRecord[]): Promise<void> {
      written.push(records.length);
      await super.append(records);
    }
  }
  const store = new PacedStore(new Noted(), world);
  await store.append([batch(fra, 1)]);
  const later = [store.append([batch(fra, 2), batch(fra, 3)]), store.append([batch(fra, 4)])];
  await settle();
  expect(written).toEqual([1]);
  world.advance(PACE_MS);
  await settle();
  expect(written).toEqual([1, 2]);
  // A clock that was set back an hour does not hold the next one up for an hour.
  world.time -= 3_600_000;
  world.advance(PACE_MS);
  await Promise.all(later);
  expect(written).toEqual([1, 2, 1]);
});
