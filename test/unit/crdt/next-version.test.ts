// A deploy in the middle of a poll: members of this version and the next in one network, and going back again.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FORMAT_VERSION } from "../../../crdt/batch.ts";
import { ledgerName } from "../../../crdt/documents.ts";
import { Member } from "../../../crdt/member.ts";
import { newIdentity, type Identity } from "../../../crdt/replicate/introduction.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { MemoryDisk, MemoryStore } from "../../../crdt/store/memory.ts";
import { aBallot, aPoll, START } from "../../support/ballots.ts";
import { nextVersion, type Version } from "../../support/next-version.ts";
import { socketPair } from "../../support/socket-pair.ts";
import { SeededRandom, VirtualTime, VirtualWorld } from "../../support/virtual-world.ts";
import { settle } from "../../support/world.ts";

const SHOW = "final";
const NEXT_FORMAT = FORMAT_VERSION + 1;

interface Program {
  readonly member: Member;
  readonly disk: MemoryDisk;
  readonly world: VirtualWorld;
}

const THIS: Version = { Member, MemoryStore };
let NEXT: Version;
let time: VirtualTime;
let identities: Identity[];
let programs: Map<string, Program>;
let seed: number;

beforeAll(async () => {
  NEXT = await nextVersion();
});

beforeEach(() => {
  time = new VirtualTime(START);
  const random = new SeededRandom(1);
  identities = ["fra", "nyc"].map((name) => newIdentity(name, "edge", random));
  programs = new Map();
  seed = 1;
});

/** Starts a program of a version on a disk, in place of the one of that name. */
async function start(version: Version, name: string, disk = new MemoryDisk()): Promise<Program> {
  programs.get(name)?.member.stop();
  programs.delete(name);
  const world = new VirtualWorld(time, seed++);
  const member = await version.Member.open({
    identity: identities.find(({ member: of }) => of === name)!,
    listens: true,
    peers: identities
      .filter(({ member: of }) => of !== name)
      .map(({ member: of, role, publicKey }) => ({ name: of, role, publicKey, address: of })),
    store: new version.MemoryStore(disk),
    world,
    dial: async (address) => {
      const { a, b } = socketPair(time);
      programs.get(address)!.member.backbone.accept(b);
      return a;
    },
    subscribe: () => [0],
  });
  const program = { member, disk, world };
  programs.set(name, program);
  return program;
}

async function pass(ms: number): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= 10) {
    time.advance(10);
    await settle();
  }
}

async function create({ member }: Program): Promise<void> {
  const show = { id: SHOW, title: "", shards: 1, created: START, wrappedKey: "" };
  await member.adopt(SHOW)!.change((board) => board.create(show, [aPoll()]));
}

function replicaOf({ member }: Program): Replica {
  return member.replica(SHOW)!;
}

/** Has a member take a receiver's ballot, and log it. */
async function vote(program: Program, receiver: number, option: number): Promise<void> {
  const written = replicaOf(program)
    .shard(0)
    .writer.write("ballots", aBallot({ lo: receiver, option }));
  await pass(50);
  await written;
}

function counts(program: Program): readonly number[] {
  return replicaOf(program).counts(0).anonymous;
}

function formatsOn({ disk }: Program): number[] {
  return [...disk.shows.get(SHOW)!.batches.values()].map(({ bytes }) => bytes[0]!);
}

describe("a member of the next version beside one of this", () => {
  let fra: Program;
  let nyc: Program;

  beforeEach(async () => {
    fra = await start(NEXT, "fra");
    nyc = await start(THIS, "nyc");
    await create(fra);
    for (const { member } of [fra, nyc]) member.start();
    await pass(2500);
  });

  test("is linked with it, and reads what it writes", async () => {
    expect(fra.member.links()).toMatchObject([{ peer: "nyc", open: true }]);
    expect(replicaOf(nyc).board.show?.id).toBe(SHOW);
    await vote(nyc, 1, 0);
    expect(counts(fra)).toEqual([1, 0, 0]);
    expect(formatsOn(fra)).toEqual([FORMAT_VERSION]);
  });

  test("writes what this version leaves out: not logged, not covered, the link kept, its own ballots acknowledged", async () => {
    for (const receiver of [1, 2, 3]) await vote(fra, receiver, 1);
    await vote(nyc, 4, 0);
    await pass(30_000);
    expect(counts(fra)).toEqual([1, 3, 0]);
    expect(counts(nyc)).toEqual([1, 0, 0]);
    expect(formatsOn(nyc)).toEqual([FORMAT_VERSION]);
    expect(Object.keys(replicaOf(nyc).coverage().toJSON()).filter((chain) => chain.includes("/fra/"))).toEqual([]);
    expect(nyc.member.links()).toMatchObject([{ peer: "fra", open: true }]);
    expect(replicaOf(nyc).damaged).toBeGreaterThan(0);
  });

  test("is told of once by this version, however often it sends what cannot be read", async () => {
    for (const receiver of [1, 2, 3]) await vote(fra, receiver, 1);
    await pass(30_000);
    expect(nyc.world.lines.filter(({ message }) => message === "a batch cannot be read")).toHaveLength(1);
  });

  test("keeps nothing from this version that it can read, whatever stands before it that it cannot", async () => {
    await vote(fra, 1, 1);
    await vote(nyc, 2, 0);
    // As the recorder prunes: from then on only fra's log has it.
    const pruned = replicaOf(nyc).coverage().toJSON();
    const { ledger } = replicaOf(fra).shard(0);
    const deletable = { [ledgerName(SHOW, 0)]: ledger.deletable(pruned) };
    await replicaOf(fra).change((board) => board.setWatermarks({ recorded: pruned, pruned, deletable }));
    ledger.prune(pruned);
    const anew = await start(THIS, "nyc");
    anew.member.start();
    await pass(10_000);
    expect(counts(anew)).toEqual([1, 0, 0]);
    expect(anew.member.isReady(replicaOf(anew))).toBe(true);
  });

  test("has nothing lost once the other is updated on its own log", async () => {
    await vote(nyc, 4, 0);
    for (const receiver of [1, 2, 3]) await vote(fra, receiver, 1);
    await vote(nyc, 5, 2);
    const updated = await start(NEXT, "nyc", nyc.disk);
    updated.member.start();
    await pass(10_000);
    await vote(updated, 6, 2);
    expect(counts(updated)).toEqual([1, 3, 2]);
    expect(counts(fra)).toEqual([1, 3, 2]);
    expect(replicaOf(updated).damaged).toBe(0);
    const before = formatsOn(updated).filter((format) => format === FORMAT_VERSION);
    expect([before.length, formatsOn(updated).length]).toEqual([2, 6]);
  });
});

describe("this version on the log of the next", () => {
  let fra: Program;

  beforeEach(async () => {
    fra = await start(NEXT, "fra");
    await create(fra);
    await vote(fra, 1, 1);
  });

  async function refusal(): Promise<string> {
    const before = structuredClone(fra.disk);
    const message = await start(THIS, "fra", fra.disk).then(() => "", String);
    expect(fra.disk, "its log").toEqual(before);
    return message;
  }

  async function expectWhole(): Promise<void> {
    expect(counts(await start(NEXT, "fra", fra.disk))).toEqual([0, 1, 0]);
  }

  test("does not start, says why, and leaves it as it is: with batches of the next version", async () => {
    expect(await refusal()).toContain(`got format ${NEXT_FORMAT}, wanted ${FORMAT_VERSION}`);
    await expectWhole();
  });

  test("does not start, says why, and leaves it as it is: with a snapshot of the next version", async () => {
    const chain = Object.keys(replicaOf(fra).coverage().toJSON())[0]!;
    const watermarks = { recorded: { [chain]: 1 }, pruned: { [chain]: 1 }, deletable: {} };
    await replicaOf(fra).change((board) => board.setWatermarks(watermarks));
    await replicaOf(fra).compact();
    expect(formatsOn(fra)).toEqual([]);
    expect(await refusal()).toContain("reading a snapshot: got version 3, wanted 1 or 2");
    await expectWhole();
  });
});
