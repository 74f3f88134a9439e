// The faults that a simulation gives a store in memory.
import { expect, test } from "vitest";
import { MemoryDisk, MemoryStore, type Fault } from "../../crdt/store/memory.ts";
import { StoreFull } from "../../crdt/store/store.ts";
import { fra } from "../support/database.ts";
import { batch } from "./store-fixture.ts";

async function countAfter(fault: Fault): Promise<{ failure: unknown; batches: number }> {
  const disk = new MemoryDisk();
  const failure = await new MemoryStore(disk, () => fault).append([batch(fra, 1)]).catch((error: unknown) => error);
  const batches: Uint8Array[] = [];
  for await (const each of new MemoryStore(disk).batches("final")) batches.push(each);
  return { failure, batches: batches.length };
}

test.each([
  ["full", StoreFull, 0],
  ["lost", Error, 0],
  ["written", Error, 1],
] as const)("%s", async (fault, kind, batches) => {
  const result = await countAfter(fault);
  expect(result).toEqual({ failure: expect.any(kind), batches });
  expect(result.failure instanceof StoreFull).toBe(fault === "full");
});
