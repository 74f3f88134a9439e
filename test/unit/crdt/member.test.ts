import { beforeEach, describe, expect, test } from "vitest";
import type { Chain } from "../../../crdt/batch.ts";
import { Member } from "../../../crdt/member.ts";
import { newIdentity, type Identity } from "../../../crdt/replicate/introduction.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { MemoryDisk, MemoryStore } from "../../../crdt/store/memory.ts";
import { aBallot, aPoll, ChainOfBatches, START } from "../../support/ballots.ts";
import { NotedStore } from "../../support/noted-store.ts";
import { socketPair, type SocketPair } from "../../support/socket-pair.ts";
import { SeededRandom, VirtualTime, VirtualWorld } from "../../support/virtual-world.ts";
import { settle } from "../../support/world.ts";

const SHOW = "final";

interface Program {
  readonly member: Member;
  readonly store: NotedStore;
  readonly world: VirtualWorld;
  readonly ended: Error[];
}

let time: VirtualTime;
let identities: Identity[];
let programs: Map<string, Program>;
/** No two members reach each other: what is under way is lost, and nobody is told. */
let cut: boolean;
let pairs: SocketPair[];

beforeEach(() => {
  time = new VirtualTime(START);
  const random = new SeededRandom(1);
  identities = ["fra", "nyc"].map((name) => newIdentity(name, "edge", random));
  programs = new Map();
  cut = false;
  pairs = [];
});

async function open(name: string, disk = new MemoryDisk(), seed = name.charCodeAt(0)): Promise<Program> {
  const store = new NotedStore(disk);
  const world = new VirtualWorld(time, seed);
  const ended: Error[] = [];
  const member = await Member.open({
    identity: identities.find(({ member: of }) => of === name)!,
    listens: true,
    peers: identities
      .filter(({ member: of }) => of !== name)
      .map(({ member: of, role, publicKey }) => ({ name: of, role, publicKey, address: of })),
    store,
    world,
    dial: (address) => {
      const to = programs.get(address);
      if (!to) return Promise.reject(new Error(`nobody listens at "${address}"`));
      if (cut) return Promise.reject(new Error("the network is cut"));
      const pair = socketPair(time);
      pairs.push(pair);
      to.member.backbone.accept(pair.b);
      return Promise.resolve(pair.a);
    },
    subscribe: () => [0],
    onlost: (error) => ended.push(error),
  });
  const program = { member, store, world, ended };
  programs.set(name, program);
  return program;
}

/** Time as an edge spends it: it looks at its clock often. */
async function watchClocks(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    await pass(100);
    for (const { member } of programs.values()) member.clockTrust();
  }
}

async function pass(ms: number): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= 10) {
    time.advance(10);
    await settle();
  }
}

async function create({ member }: Pick<Program, "member">): Promise<Replica> {
  const replica = member.adopt(SHOW)!;
  const show = { id: SHOW, title: "", shards: 1, created: START, wrappedKey: "" };
  await replica.change((board) => board.create(show, [aPoll()]));
  return replica;
}

describe("a boot that wrote the board and told nobody", () => {
  const introduced = async (disk: MemoryDisk) => (await new MemoryStore(disk).load()).introductions.length;

  test("is introduced by the next one, so that its board is taken", async () => {
    const disk = new MemoryDisk();
    await create(await open("fra", disk));
    const again = await open("fra", disk, 77);
    const nyc = await open("nyc");
    for (const { member } of [again, nyc]) member.start();
    await pass(2500);
    expect(nyc.member.replica(SHOW)?.board.show?.id).toBe(SHOW);
  });

  test("is not logged before its introduction, where there was no room for that", async () => {
    const disk = new MemoryDisk();
    const fra = await open("fra", disk);
    fra.store.fault = "full";
    await expect(create(fra)).rejects.toThrow();
    expect(await introduced(disk)).toBe(0);
    fra.store.fault = undefined;
    await fra.member.replica(SHOW)!.change((board) => board.addTransition("best", "armed", { at: 1, by: "ann" }));
    expect(await introduced(disk)).toBe(1);
  });

  test("leaves no introduction where it wrote nothing", async () => {
    const disk = new MemoryDisk();
    (await open("fra", disk)).member.adopt(SHOW);
    expect(await introduced(disk)).toBe(0);
  });
});

describe("two members", () => {
  let fra: Program;
  let nyc: Program;
  let replica: Replica;

  beforeEach(async () => {
    [fra, nyc] = [await open("fra"), await open("nyc")];
    replica = await create(fra);
  });

  async function link(): Promise<void> {
    for (const { member } of [fra, nyc]) member.start();
    await pass(2500);
  }

  test("are ready once they have synced, and then know each other's ballots and clocks", async () => {
    expect([fra.member.isReady(replica), fra.member.clockTrust()]).toMatchObject([
      false,
      { trusted: false, reason: "unmeasured" },
    ]);
    await link();
    const other = nyc.member.replica(SHOW)!;
    expect([fra.member.isReady(replica), nyc.member.isReady(other)]).toEqual([true, true]);
    // Nobody has looked at the clock for a while, so it is measured anew.
    expect(fra.member.clockTrust().trusted).toBe(false);
    await pass(500);
    expect(fra.member.clockTrust().trusted).toBe(true);
    void replica.shard(0).writer.write("ballots", aBallot());
    await pass(100);
    expect(other.counts(0).anonymous).toEqual([1, 0, 0]);
    expect(fra.member.written()).toEqual({ ballots: 1, flushes: 1 });
  });

  test("say so when they have stored each other's batches, and not before", async () => {
    await link();
    const { writer } = replica.shard(0);
    nyc.store.fault = "full";
    const sequence = writer.write("ballots", aBallot());
    await pass(100);
    let stored: boolean | undefined;
    void fra.member.storedByPeer(replica, writer.chain, await sequence, 60_000).then((is) => (stored = is));
    await pass(3000);
    expect(stored).toBeUndefined();
    expect(fra.member.lag(replica).nyc).toBeGreaterThan(1000);
    nyc.store.fault = undefined;
    await pass(2000);
    expect([stored, fra.member.lag(replica).nyc]).toEqual([true, 0]);
    expect(await fra.member.storedByPeer(replica, writer.chain, 1, 1)).toBe(true);
  });

  test("go on trusting their clocks when they are cut off, and not once one was set", async () => {
    await link();
    await watchClocks(1000);
    expect(fra.member.clockTrust().trusted).toBe(true);
    cut = true;
    for (const pair of pairs) pair.carry("frozen");
    await watchClocks(30_000);
    expect(fra.member.links()).toMatchObject([{ open: false }]);
    expect(fra.member.clockTrust().trusted).toBe(true);
    fra.world.skewMs += 3_600_000;
    await watchClocks(100);
    expect(fra.member.clockTrust()).toMatchObject({ trusted: false, reason: "unmeasured" });
  });

  test("give up waiting for a peer after a while", async () => {
    await link();
    const stored = fra.member.storedByPeer(replica, replica.shard(0).writer.chain, 1, 2000);
    await pass(2000);
    expect(await stored).toBe(false);
  });

  test("do not call a batch stored that a later one of its chain has overtaken", async () => {
    await link();
    const chain: Chain = { shard: 0, edge: "fra", boot: fra.member.boot };
    const batches = new ChainOfBatches(chain);
    const [first, second] = [batches.ballots([aBallot()]), batches.ballots([aBallot({ press: 2 })])];
    let stored: boolean | undefined;
    void fra.member.storedByPeer(replica, chain, 1, 60_000).then((is) => (stored = is));
    await nyc.member.replica(SHOW)!.take([second], "fra");
    await pass(100);
    expect(stored).toBeUndefined();
    await nyc.member.replica(SHOW)!.take([first], "fra");
    await pass(100);
    expect(stored).toBe(true);
  });
});

test("each start is a new boot under a new Yjs client, and knows the boots before it", async () => {
  const disk = new MemoryDisk();
  const first = await open("fra", disk, 1);
  const replica = await create(first);
  const second = await open("fra", disk, 2);
  expect(second.member.boot).not.toBe(first.member.boot);
  expect(second.member.earlierBoots).toEqual([first.member.boot]);
  const clients = [replica, second.member.replica(SHOW)!].map(({ board }) => board.doc.clientID);
  expect(new Set(clients).size).toBe(2);
  expect(second.member.replica(SHOW)!.board.show?.id).toBe(SHOW);
});

test("a boot that writes nothing leaves no trace, neither on its disk nor at its peers", async () => {
  const disk = new MemoryDisk();
  const [fra, nyc] = [await open("fra"), await open("nyc", disk)];
  const replica = await create(fra);
  for (const { member } of [fra, nyc]) member.start();
  await pass(2500);
  expect(nyc.member.isReady(nyc.member.replica(SHOW)!)).toBe(true);
  expect(fra.member.backbone.introductions.boots).toBe(1);
  expect((await open("nyc", new MemoryDisk())).member.earlierBoots).toEqual([]);
  void nyc.member.replica(SHOW)!.shard(0).writer.write("ballots", aBallot());
  await pass(100);
  expect(fra.member.backbone.introductions.boots).toBe(2);
  expect(replica.counts(0).anonymous).toEqual([1, 0, 0]);
  expect((await open("nyc", disk)).member.earlierBoots).toEqual([nyc.member.boot]);
});

test("a boot whose Yjs client somebody else introduces before its first write ends, and writes nothing under it", async () => {
  const { member, ended } = await open("fra");
  const replica = member.adopt(SHOW)!;
  const client = replica.board.doc.clientID;
  member.backbone.introductions.add(
    { member: "nyc", role: "edge", boot: "00000000000000b2", clients: [client] },
    new Uint8Array(),
  );
  await create({ member });
  expect(ended.map(({ message }) => message)).toEqual([expect.stringContaining("is another's")]);
});

test("lag is that of peers which keep the shard", async () => {
  const [fra, nyc] = [await open("fra"), await open("nyc")];
  const replica = await create(fra);
  for (const { member } of [fra, nyc]) member.start();
  await pass(2500);
  const entry = { edge: "nyc", boot: nyc.member.boot, state: "live", region: "", address: "", since: START } as const;
  await replica.change((board) => board.setRosterEntry({ ...entry, shards: [1] }));
  nyc.store.fault = "full";
  void replica.shard(0).writer.write("ballots", aBallot());
  await pass(3000);
  expect(fra.member.lag(replica).nyc).toBe(0);
});

test("a boot that has to end says so once", async () => {
  const { member, ended } = await open("fra");
  for (let i = 0; i < 2; i++) member.end("it was named lost");
  expect(ended.map(({ message }) => message)).toEqual(["it was named lost"]);
});

test("a show's name is checked before anything is made for it", async () => {
  const { member } = await open("fra");
  for (const name of ["", "Final", "a/b", "a".repeat(41)]) expect(member.adopt(name)).toBeUndefined();
  expect(member.adopt("a".repeat(40))).toBeDefined();
});
