// Batches that no document brings: asked for over a link, answered, and taken, whatever goes wrong on the way.
import { beforeEach, describe, expect, test } from "vitest";
import { chainId } from "../../../crdt/batch.ts";
import type { Watermark } from "../../../crdt/coverage.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { MemoryDisk } from "../../../crdt/store/memory.ts";
import { MAX_EDGES } from "../../../crdt/tally.ts";
import { aBallot, ChainOfBatches, START } from "../../support/ballots.ts";
import { NotedStore } from "../../support/noted-store.ts";
import { create, Members, SHOW, type Program, type Spoken } from "./members.ts";

const BOOT = "00000000000000e1";

let members: Members;
let fra: Program;

beforeEach(async () => {
  members = new Members();
});

/** A chain of an edge that is away, of so many batches with one ballot each. */
function chainOf(count: number, edge = "syd", boot = BOOT): ChainOfBatches {
  const chain = new ChainOfBatches({ shard: 0, edge, boot });
  for (let lo = 1; lo <= count; lo++) chain.ballots([aBallot({ lo })]);
  return chain;
}

/** A store that fails to read batches while `broken` is true, as one on a server may. */
class BrokenReads extends NotedStore {
  broken = false;

  override async *batches(...of: Parameters<NotedStore["batches"]>): AsyncGenerator<Uint8Array> {
    if (this.broken) throw new Error("the server closed the connection");
    yield* super.batches(...of);
  }
}

describe("what a member has and no document brings", () => {
  const chain = chainOf(20);
  let nyc: Program;
  let store: BrokenReads;
  let there: Replica;

  beforeEach(async () => {
    store = new BrokenReads(new MemoryDisk());
    [fra, nyc] = [await members.open("fra", new MemoryDisk(), store), await members.open("nyc")];
    const replica = await create(fra);
    for (const { member } of [fra, nyc]) member.start();
    await members.pass(2500);
    there = nyc.member.replica(SHOW)!;
    // Handed in, and in no ledger.
    await replica.take(chain.batches, "syd");
  });

  const fetched = () => there.coverage().of(chain.chain);
  const asked = () => nyc.sent.filter(({ type }) => type === "fetch").length;

  test("is fetched by a peer that lacks it", async () => {
    await members.pass(2500);
    expect([fetched(), asked()]).toEqual([20, 1]);
  });

  test("is asked for again where the link was too full to ask", async () => {
    nyc.isFull = () => true;
    await members.pass(2500);
    nyc.isFull = () => false;
    await members.pass(2500);
    expect(fetched()).toBe(20);
  });

  test("is asked for again where the link was too full for a part of the answer", async () => {
    const groups = () => fra.sent.filter(({ type }) => type === "batches").length;
    fra.isFull = () => groups() === 1;
    await members.pass(3000);
    expect([fetched(), groups()]).toEqual([16, 1]);
    fra.isFull = () => false;
    await members.pass(10_000);
    expect(fetched()).toBe(20);
  });

  test("is asked for again where the log could not be read, and that ends nobody", async () => {
    store.broken = true;
    await members.pass(2500);
    expect([asked() > 0, fetched()]).toEqual([true, 0]);
    store.broken = false;
    await members.pass(2500);
    expect(fetched()).toBe(20);
    expect(fra.world.lines.map(({ message }) => message)).toContain("a fetch could not be answered");
  });

  test("is asked for again where it could not be taken, and that ends nobody", async () => {
    const stop = there.watch({
      onfolded: () => {
        throw new Error("an onlooker's mistake");
      },
    });
    await members.pass(2500);
    stop();
    await members.pass(10_000);
    expect(fetched()).toBe(20);
    expect(nyc.world.lines.map(({ message }) => message)).toContain("fetched batches could not be taken");
  });

  test("is read no further once the member stops", async () => {
    let read = 0;
    const batches = store.batches.bind(store);
    store.batches = async function* (...of) {
      for await (const bytes of batches(...of)) {
        read += 1;
        fra.member.stop();
        yield bytes;
      }
    };
    await members.pass(2500);
    expect(read).toBe(16);
  });
});

describe("a peer that is faulty, or in other hands", () => {
  let replica: Replica;
  let nyc: Spoken;

  beforeEach(async () => {
    fra = await members.open("fra");
    replica = await create(fra);
    fra.member.start();
    nyc = await members.speak("nyc", fra);
  });

  /** Says what it covers, as at two rounds. */
  async function cover(watermark: Watermark): Promise<void> {
    for (let round = 0; round < 2; round++) {
      nyc.link.send({ type: "covers", show: SHOW, watermark });
      await members.pass(100);
    }
  }

  async function send(...batches: Uint8Array[]): Promise<void> {
    nyc.link.send({ type: "batches", show: SHOW, batches });
    await members.pass(100);
  }

  const fetches = () => nyc.heard.filter(({ type }) => type === "fetch");
  const logged = () => fra.store.logged(SHOW);

  test("is believed what it was asked for", async () => {
    const { chain, batches } = chainOf(3);
    await cover({ [chainId(chain)]: 3 });
    expect(fetches()).toEqual([{ type: "fetch", show: SHOW, chain: chainId(chain), after: 0, upTo: 3 }]);
    await send(...batches);
    await send();
    expect([replica.coverage().of(chain), await logged()]).toEqual([3, 3]);
  });

  test("is not believed what nobody asked for", async () => {
    await send(...chainOf(3).batches);
    expect(await logged()).toBe(0);
  });

  test("is not believed another chain than the one asked for, nor more of it", async () => {
    const { chain, batches } = chainOf(4);
    await cover({ [chainId(chain)]: 2 });
    await send(...chainOf(1, "syd", "00000000000000e2").batches, ...chainOf(1, "fra").batches, ...batches);
    expect([replica.coverage().toJSON(), await logged()]).toEqual([{ [chainId(chain)]: 2 }, 2]);
  });

  test("is not asked for chains of edges that neither the network nor the show knows", async () => {
    const { chain } = chainOf(1, "mallory");
    await cover({ [chainId(chain)]: 1 });
    expect(fetches()).toEqual([]);
    const entry = { edge: "mallory", boot: BOOT, state: "live", region: "", address: "", since: START } as const;
    await replica.change((board) => board.setRosterEntry({ ...entry, shards: [0] }));
    await cover({ [chainId(chain)]: 1 });
    expect(fetches()).toHaveLength(1);
  });

  test("is asked for chains of edges that have left the network, where they are recorded", async () => {
    const { chain } = chainOf(1, "gru");
    const recorded = { [chainId(chain)]: 1 };
    await replica.change((board) => board.setWatermarks({ recorded, pruned: {}, deletable: {} }));
    await cover(recorded);
    expect(fetches()).toHaveLength(1);
  });
});

describe("batches of more edges than a show has", () => {
  /** One batch each of so many edges. */
  const crowd = (count: number) => Array.from({ length: count }, (_, i) => chainOf(1, `e${i}`).batches[0]!);

  test("are in no log beyond the limit, and that is told", async () => {
    fra = await members.open("fra");
    const replica = await create(fra);
    // The member's own name is one of them.
    await replica.take(crowd(MAX_EDGES - 1), "nyc");
    expect([replica.damaged, await fra.store.logged(SHOW)]).toEqual([0, MAX_EDGES - 1]);
    await replica.take(crowd(MAX_EDGES), "nyc");
    expect([replica.damaged, await fra.store.logged(SHOW)]).toEqual([1, MAX_EDGES - 1]);
    expect(fra.world.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields.error)).toEqual([
      expect.stringContaining(`edge "e${MAX_EDGES - 1}": a show has at most ${MAX_EDGES}`),
    ]);
  });

  test("keep nobody from starting where an earlier version logged them, nor from admitting", async () => {
    fra = await members.open("fra");
    await create(fra);
    const records = crowd(MAX_EDGES + 9).map((bytes) => ({ kind: "batch" as const, show: SHOW, bytes }));
    await fra.store.append(records);
    const again = await members.open("fra", fra.disk);
    const replica = again.member.replica(SHOW)!;
    expect([replica.coverage().sum, replica.damaged]).toEqual([MAX_EDGES - 1, 10]);
    void replica.shard(0).writer.write("ballots", aBallot({ lo: 99, option: 1 }));
    await members.pass(100);
    expect(replica.counts(0).anonymous).toEqual([1, 1, 0]);
  });
});
