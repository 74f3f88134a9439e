import * as Y from "yjs";
import { describe, expect, test } from "vitest";
import { EVERY_POLL } from "../../../crdt/ballot.ts";
import { chainId, decodeHeader, MAX_SEALED_CHAINS, type Chain } from "../../../crdt/batch.ts";
import { Journal } from "../../../crdt/journal.ts";
import { Shard } from "../../../crdt/shard.ts";
import { aBallot, ChainOfBatches, START } from "../../support/ballots.ts";
import { NotedStore } from "../../support/noted-store.ts";
import { ManualWorld } from "../../support/world.ts";

const bootOf = (n: number) => n.toString(16).padStart(16, "0");
const chainOf = (n: number, edge = "fra"): Chain => ({ shard: 0, edge, boot: bootOf(n) });

/** Boot 9 of edge "fra", after `earlier` boots. */
function aShard(earlier: readonly number[] = []) {
  const store = new NotedStore();
  const shard = new Shard({
    show: "show",
    chain: chainOf(9),
    earlierBoots: earlier.map(bootOf),
    doc: new Y.Doc(),
    created: START,
    rulesOf: () => ({ mode: "last", votes: 1, options: 3 }),
    journal: new Journal(store, () => {}),
    timers: new ManualWorld().timers,
    onvisible: () => {},
    onwritten: () => {},
  });
  return { store, shard };
}

function batchesOf(chain: Chain, count: number): Uint8Array[] {
  const batches = new ChainOfBatches(chain);
  for (let press = 1; press <= count; press++) batches.ballots([aBallot({ press })]);
  return batches.batches;
}

const sequences = (batches: Iterable<Uint8Array>) => [...batches].map((bytes) => decodeHeader(bytes).sequence);

describe("a seal", () => {
  test("names the earlier boots of the same disk as far as they are folded, and no one else's", async () => {
    const { shard } = aShard([1, 2]);
    const [own, other] = [batchesOf(chainOf(1), 3), batchesOf(chainOf(1, "nyc"), 2)];
    for (const bytes of [...own, ...other]) shard.fold.take(bytes);
    await shard.seal(0, START);
    expect(shard.fold.seals).toMatchObject([
      {
        edge: "fra",
        boot: bootOf(9),
        poll: 0,
        chains: [
          { boot: bootOf(1), sequence: 3, hash: shard.fold.head(chainId(chainOf(1))) },
          { boot: bootOf(9), sequence: 0 },
        ],
      },
    ]);
  });

  test("of a boot after too many others names the latest of them", async () => {
    const earlier = Array.from({ length: MAX_SEALED_CHAINS }, (_, i) => 100 + i);
    const { shard } = aShard(earlier);
    for (const boot of earlier) for (const bytes of batchesOf(chainOf(boot), 1)) shard.fold.take(bytes);
    await shard.seal(0, START);
    const named = shard.fold.seals[0]!.chains.map(({ boot }) => boot);
    expect(named).toEqual([...earlier.slice(1).map(bootOf), bootOf(9)]);
  });

  test("counts as given once it is in the log", async () => {
    const { shard, store } = aShard();
    store.fault = "full";
    await shard.seal(0, START);
    expect(shard.hasSealed(0)).toBe(false);
    store.fault = undefined;
    await shard.seal(0, START);
    expect([shard.hasSealed(0), shard.hasSealed(1)]).toEqual([true, false]);
  });
});

test("the end of a boot's chain names the earlier boots of its disk, and leaves a later one free to admit", async () => {
  const { shard } = aShard([1]);
  for (const bytes of batchesOf(chainOf(1), 3)) shard.fold.take(bytes);
  await shard.end(START);
  expect(shard.fold.seals).toMatchObject([
    {
      poll: EVERY_POLL,
      chains: [
        { boot: bootOf(1), sequence: 3 },
        { boot: bootOf(9), sequence: 0 },
      ],
    },
  ]);
  expect([shard.hasSealed(EVERY_POLL), shard.isOver(0)]).toEqual([true, false]);
});

describe("a poll is over for this edge", () => {
  test("from the moment its seal is on the way", async () => {
    const { shard } = aShard();
    expect(shard.isOver(0)).toBe(false);
    const sealed = shard.seal(0, START);
    expect([shard.isOver(0), shard.hasSealed(0)]).toEqual([true, false]);
    await sealed;
    expect([shard.isOver(0), shard.hasSealed(0), shard.isOver(1)]).toEqual([true, true, false]);
  });

  test("unless the log refused the seal", async () => {
    const { shard, store } = aShard();
    store.fault = "full";
    await shard.seal(0, START);
    expect(shard.isOver(0)).toBe(false);
  });

  test("when an earlier boot of it has sealed, and not when another edge has", () => {
    const { shard } = aShard([1]);
    shard.fold.take(new ChainOfBatches(chainOf(1)).seal(0));
    shard.fold.take(new ChainOfBatches(chainOf(2, "nyc")).seal(1));
    expect([shard.isOver(0), shard.hasSealed(0), shard.isOver(1)]).toEqual([true, false, false]);
  });
});

describe("what earlier boots wrote", () => {
  async function* ofLog(batches: readonly Uint8Array[], after: number, upTo: number) {
    for (const bytes of batches) {
      const { sequence } = decodeHeader(bytes);
      if (sequence > after && sequence <= upTo) yield bytes;
    }
  }

  test("is appended again, unchanged, where the ledger lacks it and it is above what was pruned", async () => {
    const { shard } = aShard([1]);
    const batches = batchesOf(chainOf(1), 5);
    for (const bytes of batches) shard.fold.take(bytes);
    shard.ledger.append("fra", bootOf(1), [batches[3]!]);
    const pruned = { [chainId(chainOf(1))]: 2 };
    const appended = await shard.reappend(
      () => pruned,
      ({ after, upTo }) => ofLog(batches, after, upTo),
    );
    expect(appended).toBe(2);
    const own = shard.ledger.doc.getArray<Uint8Array>(`fra/${bootOf(9)}`).toArray();
    expect(own).toEqual([batches[2], batches[4]]);
    expect(
      await shard.reappend(
        () => pruned,
        ({ after, upTo }) => ofLog(batches, after, upTo),
      ),
    ).toBe(0);
  });

  test("comes in updates that fit a link's frame", async () => {
    const { shard } = aShard([1]);
    const batches = batchesOf(chainOf(1), 40);
    for (const bytes of batches) shard.fold.take(bytes);
    let updates = 0;
    shard.ledger.doc.on("update", () => (updates += 1));
    await shard.reappend(
      () => ({}),
      ({ after, upTo }) => ofLog(batches, after, upTo),
    );
    expect(sequences(shard.ledger.batches())).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(updates).toBe(3);
  });

  test("is not stopped by a batch in the ledger that nobody can read", async () => {
    const { shard } = aShard([1]);
    const batches = batchesOf(chainOf(1), 1);
    for (const bytes of batches) shard.fold.take(bytes);
    shard.ledger.append("nyc", bootOf(2), [Uint8Array.of(1)]);
    expect(
      await shard.reappend(
        () => ({}),
        ({ after, upTo }) => ofLog(batches, after, upTo),
      ),
    ).toBe(1);
  });
});
