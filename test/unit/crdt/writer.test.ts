import { describe, expect, test } from "vitest";
import { EVERY_POLL, MAX_DELAY_MS, type Ballot } from "../../../crdt/ballot.ts";
import {
  ballotsOf,
  decodeBatch,
  MAX_BATCH_BALLOTS,
  MAX_BATCH_ORDERS,
  NO_HASH,
  type Batch,
  type Chain,
} from "../../../crdt/batch.ts";
import { batchHash } from "../../../crdt/batch-hash.ts";
import { Journal } from "../../../crdt/journal.ts";
import { StoreFull } from "../../../crdt/store/store.ts";
import { ChainEnded, FLUSH_INTERVAL_MS, RUSH_INTERVAL_MS, RUSH_PER_MS, Writer } from "../../../crdt/writer.ts";
import { aBallot, START } from "../../support/ballots.ts";
import { anOrder, anOutcome } from "../../support/orders.ts";
import { NotedStore } from "../../support/noted-store.ts";
import { ManualWorld, settle } from "../../support/world.ts";

const chain: Chain = { shard: 0, edge: "fra", boot: "00000000000000f1" };

function aWriter() {
  const world = new ManualWorld();
  const store = new NotedStore();
  /** Flushes as they were handed on. */
  const flushes: Batch[][] = [];
  const bytes: Uint8Array[] = [];
  const writer = new Writer("show", chain, new Journal(store, () => {}), world.timers, (batches) => {
    flushes.push(batches.map(decodeBatch));
    bytes.push(...batches);
  });
  const write = (given: Partial<Ballot> = {}) => writer.write("ballots", aBallot(given));
  return { world, store, flushes, bytes, writer, write };
}

const sizes = (flushes: readonly Batch[][]) =>
  flushes.map((batches) => batches.map((batch) => ("records" in batch ? [...ballotsOf(batch)].length : batch.kind)));

test("ballots gather for a few milliseconds and share a batch and a sequence", async () => {
  const { world, writer, write, flushes, store } = aWriter();
  const written = [write({ lo: 1 }), write({ lo: 2 }), write({ lo: 3 })];
  world.advance(FLUSH_INTERVAL_MS - 1);
  await settle();
  expect([store.appends.length, writer.waiting]).toEqual([0, 3]);
  world.advance(1);
  expect(await Promise.all(written)).toEqual([1, 1, 1]);
  expect(sizes(flushes)).toEqual([[3]]);
  expect([writer.sequence, writer.written, writer.waiting, world.pending]).toEqual([1, 3, 0, 0]);
});

test.each([
  ["a rush gathers longer", RUSH_PER_MS * FLUSH_INTERVAL_MS, RUSH_INTERVAL_MS],
  ["and fewer than that do not", RUSH_PER_MS * FLUSH_INTERVAL_MS - 1, FLUSH_INTERVAL_MS],
])("%s, until it is over", async (_, ballots, interval) => {
  const { world, write, store } = aWriter();
  const flushAfter = async (count: number, ms: number) => {
    const before = store.appends.length;
    const written = Array.from({ length: count }, (_each, lo) => write({ lo }));
    world.advance(ms - 1);
    await settle();
    expect(store.appends.length).toBe(before);
    world.advance(1);
    await Promise.all(written);
  };
  await flushAfter(ballots, FLUSH_INTERVAL_MS);
  await flushAfter(1, interval);
  await flushAfter(1, FLUSH_INTERVAL_MS);
});

test("a batch continues its chain: numbers from 1, each with the hash of the one before", async () => {
  const { writer, write, flushes, bytes } = aWriter();
  for (const lo of [1, 2, 3]) {
    void write({ lo });
    await writer.flush();
  }
  expect(flushes.flat().map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(flushes.flat().map(({ previous }) => previous)).toEqual([NO_HASH, batchHash(bytes[0]!), batchHash(bytes[1]!)]);
  expect(flushes.flat().every(({ edge, boot, shard }) => edge === "fra" && boot === chain.boot && shard === 0)).toBe(
    true,
  );
});

test("a ballot is in the log and handed on before its writer is told", async () => {
  const { writer, write, flushes, store } = aWriter();
  const seen = write().then(async () => [flushes.length, await store.logged("show")]);
  await writer.flush();
  expect(await seen).toEqual([1, 1]);
});

test("what comes while a flush is under way goes into the next, without waiting for the timer", async () => {
  const { writer, write, flushes } = aWriter();
  const first = write({ lo: 1 });
  const flushed = writer.flush();
  const rest = [write({ lo: 2 }), write({ lo: 3 })];
  expect(await Promise.all([first, ...rest])).toEqual([1, 2, 2]);
  await flushed;
  expect(sizes(flushes)).toEqual([[1], [2]]);
});

test("a ballot written in answer to a receipt does not wait for another one to come", async () => {
  const { world, writer, write } = aWriter();
  let second: Promise<number> | undefined;
  const first = write({ lo: 1 }).then(() => (second = write({ lo: 2 })));
  await writer.flush();
  void first;
  await settle();
  world.advance(FLUSH_INTERVAL_MS);
  await settle();
  expect(writer.waiting).toBe(0);
  expect(await second).toBe(2);
});

test("a thousand ballots are written at once; one more is another batch", async () => {
  const { world, write, flushes, writer } = aWriter();
  const written = Array.from({ length: MAX_BATCH_BALLOTS }, (_, lo) => write({ lo }));
  expect(world.pending).toBe(0);
  written.push(write({ lo: MAX_BATCH_BALLOTS }));
  const sequences = await Promise.all(written);
  await writer.flush();
  expect(sizes(flushes)).toEqual([[MAX_BATCH_BALLOTS], [1]]);
  expect(new Set(sequences)).toEqual(new Set([1, 2]));
});

test("what one batch cannot span in time is split", async () => {
  const { writer, write, flushes } = aWriter();
  const times = [START, START + MAX_DELAY_MS, START + MAX_DELAY_MS + 1, START];
  const written = times.map((time, lo) => write({ lo, time }));
  await writer.flush();
  expect(await Promise.all(written)).toEqual([1, 1, 2, 3]);
  expect(flushes.flat().map(({ time }) => time)).toEqual([START, START + MAX_DELAY_MS + 1, START]);
});

test("presence has batches of its own", async () => {
  const { writer, write, flushes } = aWriter();
  const written = [writer.write("presence", aBallot({ poll: 0xffff })), write({ lo: 2 })];
  await writer.flush();
  expect(await Promise.all(written)).toEqual([2, 1]);
  expect(flushes.flat().map(({ kind }) => kind)).toEqual(["ballots", "presence"]);
  expect(writer.written).toBe(1);
});

describe("a seal", () => {
  test("comes after every ballot handed in before it, and names the chain up to itself", async () => {
    const { writer, write, flushes, bytes } = aWriter();
    const count = MAX_BATCH_BALLOTS * 2 + 1;
    const written = Array.from({ length: count }, (_, lo) => write({ lo }));
    const other = { boot: "00000000000000e0", sequence: 9, hash: NO_HASH };
    const sealed = Promise.all([writer.seal(4, START + 9, [other]), writer.seal(5, START + 9, [])]);
    await Promise.all([sealed, ...written]);
    expect(sizes(flushes).flat()).toEqual([MAX_BATCH_BALLOTS, MAX_BATCH_BALLOTS, 1, "seal", "seal"]);
    const own = (sequence: number) => ({ boot: chain.boot, sequence, hash: batchHash(bytes[sequence - 1]!) });
    expect(flushes.flat().slice(3)).toMatchObject([
      { kind: "seal", poll: 4, time: START + 9, chains: [other, own(3)] },
      { kind: "seal", poll: 5, chains: [own(4)] },
    ]);
  });

  test("does not wait for what is handed in after it, however much keeps coming", async () => {
    const { writer, write, flushes, store } = aWriter();
    const arrive = () => Array.from({ length: MAX_BATCH_BALLOTS + 1 }, (_, lo) => void write({ lo }));
    const append = store.append.bind(store);
    // A disk so slow that more than a batch arrives during each write.
    store.append = async (records) => {
      await settle();
      if (flushes.length < 5) arrive();
      await append(records);
    };
    arrive();
    await writer.seal(4, START + 9, []);
    expect(sizes(flushes)).toEqual([[MAX_BATCH_BALLOTS], [MAX_BATCH_BALLOTS, "seal"]]);
    await writer.flush();
  });

  test("of a boot that wrote nothing names its chain at 0", async () => {
    const { writer, flushes } = aWriter();
    await writer.seal(0, START, []);
    expect(flushes.flat()).toMatchObject([{ sequence: 1, chains: [{ boot: chain.boot, sequence: 0, hash: NO_HASH }] }]);
  });

  test("that the log refuses is dropped, and can be handed in again", async () => {
    const { writer, store, flushes } = aWriter();
    store.fault = "full";
    await writer.seal(0, START, []);
    expect(flushes).toEqual([]);
    store.fault = undefined;
    await writer.seal(0, START, []);
    expect(sizes(flushes)).toEqual([["seal"]]);
  });
});

describe("the end of a chain", () => {
  test("is a seal of every poll, after all that was handed in, and nothing comes after it", async () => {
    const { writer, write, flushes } = aWriter();
    const written = [write({ lo: 1 }), write({ lo: 2 })];
    const sealed = writer.seal(4, START, []);
    const ended = writer.end(START + 9, []);
    await expect(write({ lo: 3 })).rejects.toThrow(ChainEnded);
    await Promise.all([...written, sealed, ended, writer.seal(5, START, [])]);
    await expect(write({ lo: 4 })).rejects.toThrow(ChainEnded);
    await writer.flush();
    expect(flushes.flat()).toMatchObject([
      { kind: "ballots" },
      { kind: "seal", poll: 4 },
      { kind: "seal", poll: EVERY_POLL, time: START + 9, chains: [{ boot: chain.boot, sequence: 2 }] },
    ]);
  });

  test("that the log refuses is still to be written, and nothing else is", async () => {
    const { writer, write, store, flushes } = aWriter();
    store.fault = "full";
    await writer.end(START, []);
    store.fault = undefined;
    await expect(write({ lo: 1 })).rejects.toThrow(ChainEnded);
    expect(flushes).toEqual([]);
    await writer.end(START, []);
    expect(sizes(flushes)).toEqual([["seal"]]);
  });
});

describe("a full log", () => {
  test("refuses the ballots, consumes no sequence, and the next ballot works", async () => {
    const { writer, write, store, flushes } = aWriter();
    store.fault = "full";
    const refused = write({ lo: 1 });
    const told = expect(refused).rejects.toThrow(StoreFull);
    await writer.flush();
    await told;
    expect([writer.sequence, flushes.length]).toEqual([0, 0]);
    store.fault = undefined;
    const written = write({ lo: 2 });
    await writer.flush();
    expect(await written).toBe(1);
    expect(flushes.flat()[0]?.previous).toEqual(NO_HASH);
  });

  test("refuses what is in the flush, and not what came after it", async () => {
    const { writer, write, store } = aWriter();
    store.fault = "full";
    const first = write({ lo: 1 }).catch((error: unknown) => {
      store.fault = undefined;
      return error;
    });
    const flushed = writer.flush();
    const second = write({ lo: 2 });
    await flushed;
    expect(await first).toBeInstanceOf(StoreFull);
    expect(await second).toBe(1);
  });
});

test("after a write whose outcome is unknown nothing is written any more", async () => {
  const { writer, write, store, flushes } = aWriter();
  store.fault = "written";
  const first = expect(write({ lo: 1 })).rejects.toThrow("the disk failed");
  await writer.flush();
  await first;
  store.fault = undefined;
  const second = expect(write({ lo: 2 })).rejects.toThrow("the disk failed");
  await writer.flush();
  await second;
  expect([store.appends.length, flushes.length]).toEqual([1, 0]);
});

describe("what is durable, and could not be folded or passed on,", () => {
  function aBrokenWriter() {
    const store = new NotedStore();
    const lost: string[] = [];
    const journal = new Journal(store, (error) => lost.push(error.message));
    const writer = new Writer("show", chain, journal, new ManualWorld().timers, () => {
      throw new Error("the onlooker is at fault");
    });
    return { store, lost, writer };
  }

  test("is acknowledged, and ends the boot", async () => {
    const { writer, store, lost } = aBrokenWriter();
    const written = writer.write("ballots", aBallot());
    await writer.flush();
    expect([await written, await store.logged("show")]).toEqual([1, 1]);
    expect(lost).toEqual(["folding or passing on what was just logged: Error: the onlooker is at fault"]);
  });

  test("leaves nobody waiting: what comes later is refused at once", async () => {
    const { writer, store } = aBrokenWriter();
    const written = writer.write("ballots", aBallot({ lo: 1 }));
    const later = writer.flush().then(() => writer.write("ballots", aBallot({ lo: 2 })));
    const told = expect(later).rejects.toThrow("the onlooker is at fault");
    await written;
    await settle();
    await writer.flush();
    await told;
    expect(store.appends).toHaveLength(1);
  });
});

test("orders, outcomes and ballots of one flush are batches of their own, and a seal comes after all of them", async () => {
  const { writer, write, flushes } = aWriter();
  const written = [
    writer.writeOutcome(anOutcome()),
    writer.writeOrder(anOrder()),
    writer.writeOrder(anOrder({ id: "0e".repeat(16) })),
    write(),
  ];
  await writer.seal(0, START, []);
  expect(await Promise.all(written)).toEqual([3, 2, 2, 1]);
  expect(flushes.flat().map(({ kind }) => kind)).toEqual(["ballots", "orders", "outcomes", "seal"]);
  expect(writer.written).toBe(1);
});

test("more orders than a batch holds go into the next, none left out", async () => {
  const { writer, flushes } = aWriter();
  const ids = Array.from({ length: MAX_BATCH_ORDERS + 1 }, (_, i) => i.toString(16).padStart(32, "0"));
  await Promise.all(ids.map((id) => writer.writeOrder(anOrder({ id }))));
  const batches = flushes.flat().map((batch) => (batch.kind === "orders" ? batch.orders.map(({ id }) => id) : []));
  expect(batches.map(({ length }) => length)).toEqual([MAX_BATCH_ORDERS, 1]);
  expect(batches.flat()).toEqual(ids);
});
