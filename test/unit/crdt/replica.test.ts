import * as Y from "yjs";
import { beforeEach, describe, expect, test } from "vitest";
import { PRESENCE } from "../../../crdt/ballot.ts";
import { chainId, decodeHeader, type Chain } from "../../../crdt/batch.ts";
import { HybridClock } from "../../../crdt/clock.ts";
import { boardName, ledgerName } from "../../../crdt/documents.ts";
import { Fold, MAX_WAITING_BATCHES } from "../../../crdt/fold.ts";
import { Journal } from "../../../crdt/journal.ts";
import { MAX_BOARD_LOG_BYTES, MAX_BOARD_UPDATES, MAX_PRUNED_WHILE_RUNNING } from "../../../crdt/log-keeper.ts";
import { Replica, type ReplicaOptions } from "../../../crdt/replica.ts";
import type { Final, Show } from "../../../crdt/show.ts";
import { encodeSnapshots } from "../../../crdt/snapshot.ts";
import { MemoryDisk, type Fault } from "../../../crdt/store/memory.ts";
import { MAX_RECORD_BYTES } from "../../../crdt/store/record.ts";
import { StoreFull } from "../../../crdt/store/store.ts";
import { aBallot, aPoll, ChainOfBatches, START } from "../../support/ballots.ts";
import { setPoll } from "../../support/documents.ts";
import { NotedStore } from "../../support/noted-store.ts";
import { ManualWorld, settle } from "../../support/world.ts";

const show: Show = { id: "final", title: "The final", shards: 1, created: START, wrappedKey: "00" };
const by = "producer";
const boots = ["00000000000000f1", "00000000000000f2", "00000000000000f3"] as const;

/** One life of a member, by hand: its replica and what that stands on. */
interface Life {
  readonly replica: Replica;
  readonly store: NotedStore;
  readonly world: ManualWorld;
  readonly clock: HybridClock;
  readonly boot: string;
}

let clients = 0;
let world: ManualWorld;

beforeEach(() => {
  world = new ManualWorld(START);
});

/** Starts a member's `n`th boot on its disk. */
async function start(
  member: string,
  disk = new MemoryDisk(),
  n = 0,
  permanent = false,
  fault?: Fault,
  contents: Pick<ReplicaOptions, "tables" | "keepsVoters"> = {},
): Promise<Life> {
  const store = new NotedStore(disk);
  store.fault = fault;
  const clock = new HybridClock(world.clock);
  const boot = boots[n]!;
  const replica = new Replica({
    show: show.id,
    member,
    boot,
    earlierBoots: boots.slice(0, n),
    client: (clients += 1),
    permanent,
    ...contents,
    subscribe: (shards) => Array.from({ length: shards }, (_, shard) => shard),
    store,
    journal: new Journal(store, () => {}),
    clock,
    world,
  });
  const stored = (await store.load()).shows.find(({ id }) => id === show.id);
  if (stored) await replica.load(stored);
  return { replica, store, world, clock, boot };
}

/** Every update of one reaches the other at once, as over a link that loses nothing. */
function wire(...lives: Life[]): void {
  for (const from of lives)
    from.replica.events.onupdate = (document, update, origin) => {
      if (origin.from !== "here") return;
      for (const to of lives) if (to !== from) to.replica.apply(document, update, nameOf(from));
    };
}

/** What a first comparison of two members brings: the board first. */
function meet(...lives: Life[]): void {
  for (const from of lives)
    for (const to of lives)
      for (const name of from.replica.documents()) {
        const [theirs, ours] = [from.replica.document(name)!, to.replica.document(name)];
        if (from !== to && ours) to.replica.apply(name, Y.encodeStateAsUpdate(theirs), nameOf(from));
      }
}

const nameOf = ({ boot }: Life) => boot;
const create = (life: Life, polls = [aPoll(), aPoll({ id: "other", index: 1 })]) =>
  life.replica.change((board) => board.create(show, polls));

async function vote(life: Life, ...ballots: Partial<Parameters<typeof aBallot>[0]>[]): Promise<void> {
  const { writer } = life.replica.shard(0);
  const written = ballots.map((given) => writer.write("ballots", aBallot(given)));
  await writer.flush();
  await Promise.all(written);
}

const counts = ({ replica }: Life, poll = 0) => replica.counts(poll).anonymous;
const chainOf = ({ boot }: Life, edge: string): Chain => ({ shard: 0, edge, boot });
const finalOf = (cut: Record<string, number>): Final => ({
  poll: "best",
  counts: { anonymous: [0, 0, 0], signed: [0, 0, 0] },
  cut,
  lost: [],
  at: START,
});

describe("two replicas", () => {
  test("soon know each other's ballots, and count each receiver once", async () => {
    const [fra, nyc] = [await start("fra"), await start("nyc")];
    wire(fra, nyc);
    await create(fra);
    await vote(fra, { lo: 1 }, { lo: 2 });
    await vote(nyc, { lo: 2, option: 1, press: 2 }, { lo: 3, option: 2 });
    await settle();
    expect([counts(fra), counts(nyc)]).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(fra.replica.coverage().toJSON()).toEqual(nyc.replica.coverage().toJSON());
  });

  test("log a peer's batches before they fold them, and say whose they were", async () => {
    const [fra, nyc] = [await start("fra"), await start("nyc")];
    wire(fra, nyc);
    await create(fra);
    const told: [number, string | undefined, number][] = [];
    nyc.replica.events.onfolded = (batches, from) => told.push([batches.length, from, counts(nyc)[0]!]);
    let open = () => {};
    nyc.store.gate = new Promise((resolve) => (open = resolve));
    await vote(fra, { lo: 1 });
    await settle();
    expect([counts(nyc)[0], told]).toEqual([0, []]);
    open();
    await settle();
    expect([await nyc.store.logged(show.id), told]).toEqual([1, [[1, fra.boot, 1]]]);
  });

  test("count by the polls as the board has them now, also those that came onto it after the first ballots", async () => {
    const fra = await start("fra");
    await create(fra, [aPoll()]);
    await vote(fra, { lo: 1 });
    await fra.replica.change((board) => setPoll(board, aPoll({ id: "later", index: 1 })));
    await vote(fra, { lo: 1, poll: 1, option: 2 });
    expect([counts(fra), counts(fra, 1)]).toEqual([
      [1, 0, 0],
      [0, 0, 1],
    ]);
  });

  test("take a batch once, however often it comes", async () => {
    const [fra, nyc] = [await start("fra"), await start("nyc")];
    wire(fra, nyc);
    await create(fra);
    await vote(fra, { lo: 1 });
    const batches = [...fra.replica.shard(0).ledger.batches()];
    await Promise.all([nyc.replica.take(batches, "fra"), nyc.replica.take(batches, "fra")]);
    expect([counts(nyc), await nyc.store.logged(show.id)]).toEqual([[1, 0, 0], 1]);
  });

  test("tell of each batch once, when it is folded: not while it waits, and not again where two peers bring it", async () => {
    const nyc = await start("nyc");
    await create(nyc);
    const chain = new ChainOfBatches({ shard: 0, edge: "fra", boot: boots[0] });
    const [first, second, third] = [1, 2, 3].map((lo) => chain.ballots([aBallot({ lo })])) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const told: number[][] = [];
    const note = (batches: readonly Uint8Array[]) => told.push(batches.map((bytes) => decodeHeader(bytes).sequence));
    nyc.replica.watch({ onfolded: note });
    await nyc.replica.take([third, second], "fra");
    expect(told).toEqual([]);
    await Promise.all([nyc.replica.take([first], "fra"), nyc.replica.take([first, second], "syd")]);
    expect([told, counts(nyc)]).toEqual([[[1, 2, 3]], [3, 0, 0]]);
  });

  test("have a hole in a chain, and so much waiting behind it; the rest is taken once its turn has come", async () => {
    const nyc = await start("nyc");
    await create(nyc);
    const chain = new ChainOfBatches({ shard: 0, edge: "fra", boot: boots[0] });
    for (let lo = 1; lo <= MAX_WAITING_BATCHES + 4; lo++) chain.ballots([aBallot({ lo })]);
    const [first, second, ...later] = chain.batches;
    const { fold } = nyc.replica.shard(0);
    await nyc.replica.take([first!], "fra");
    // One before the limit, at it, and one past it.
    await nyc.replica.take(later.slice(0, -3), "fra");
    expect(fold.waiting).toBe(MAX_WAITING_BATCHES - 1);
    for (const bytes of later.slice(-3)) {
      await nyc.replica.take([bytes], "fra");
      expect(fold.waiting).toBe(MAX_WAITING_BATCHES);
    }
    expect(await nyc.store.logged(show.id)).toBe(MAX_WAITING_BATCHES + 1);
    await nyc.replica.take([second!], "fra");
    expect([fold.waiting, fold.coverage.sum]).toEqual([0, MAX_WAITING_BATCHES + 2]);
    await nyc.replica.take(later.slice(-3), "fra");
    expect(counts(nyc)).toEqual([MAX_WAITING_BATCHES + 4, 0, 0]);
  });

  test("leave out what cannot be read, and of shards that they do not keep", async () => {
    const nyc = await start("nyc");
    await create(nyc);
    const stranger = new ChainOfBatches({ shard: 7, edge: "fra", boot: boots[0] });
    await nyc.replica.take([Uint8Array.of(1, 2, 3), stranger.ballots([aBallot()])], "fra");
    expect([nyc.replica.damaged, counts(nyc), await nyc.store.logged(show.id)]).toEqual([1, [0, 0, 0], 0]);
  });

  test("agree on an opening whose time is ahead of one's clock", async () => {
    const [fra, nyc] = [await start("fra"), await start("nyc")];
    await create(fra);
    await fra.replica.change((board) => board.addTransition("best", "open", { at: START + 1500, by }));
    meet(fra, nyc);
    expect(nyc.clock.now()).toBe(START + 1500);
  });
});

describe("a log without room", () => {
  test("leaves a peer's batches owed, and they are taken up again", async () => {
    const [fra, nyc] = [await start("fra"), await start("nyc")];
    wire(fra, nyc);
    await create(fra);
    await settle();
    nyc.store.fault = "full";
    await vote(fra, { lo: 1 });
    await settle();
    await nyc.replica.settleDebts();
    expect([counts(nyc), nyc.replica.coverage().sum]).toEqual([[0, 0, 0], 0]);
    nyc.store.fault = undefined;
    await vote(fra, { lo: 2 });
    await settle();
    expect(counts(nyc)).toEqual([0, 0, 0]);
    await nyc.replica.settleDebts();
    expect(counts(nyc)).toEqual([2, 0, 0]);
    expect(await nyc.store.logged(show.id)).toBe(2);
  });

  test("refuses a change of the board, and the next change brings both into the log", async () => {
    const disk = new MemoryDisk();
    const fra = await start("fra", disk);
    await create(fra);
    fra.store.fault = "full";
    await expect(fra.replica.change((board) => board.addTransition("best", "armed", { at: 1, by }))).rejects.toThrow(
      StoreFull,
    );
    fra.store.fault = undefined;
    await fra.replica.change((board) => board.addTransition("best", "open", { at: 2, by }));
    const again = await start("fra", disk, 1);
    expect(again.replica.board.transitions("best")).toEqual({ armed: { at: 1, by }, open: { at: 2, by } });
  });

  test("is forgotten by a change that changes nothing, once there is room", async () => {
    const disk = new MemoryDisk();
    const fra = await start("fra", disk);
    await create(fra);
    const arm = () => fra.replica.change((board) => board.addTransition("best", "armed", { at: 1, by }));
    fra.store.fault = "full";
    await expect(arm()).rejects.toThrow(StoreFull);
    await expect(arm()).rejects.toThrow(StoreFull);
    fra.store.fault = undefined;
    await arm();
    expect((await start("fra", disk, 1)).replica.board.transitions("best").armed).toEqual({ at: 1, by });
  });

  test("owes the board's changes of peers, too", async () => {
    const disk = new MemoryDisk();
    const [fra, nyc] = [await start("fra"), await start("nyc", disk)];
    wire(fra, nyc);
    await create(fra);
    await settle();
    nyc.store.fault = "full";
    await fra.replica.change((board) => board.addTransition("best", "armed", { at: 1, by }));
    await settle();
    nyc.store.fault = undefined;
    await nyc.replica.settleDebts();
    expect((await start("nyc", disk, 1)).replica.board.transitions("best").armed).toEqual({ at: 1, by });
  });
});

describe("after a restart", () => {
  test("everything is as it was, and the clock goes on from the latest ballot", async () => {
    const disks = [new MemoryDisk(), new MemoryDisk()] as const;
    const [fra, nyc] = [await start("fra", disks[0]), await start("nyc", disks[1])];
    wire(fra, nyc);
    await create(fra);
    await vote(fra, { lo: 1 }, { lo: 2, time: START + 900 });
    await vote(nyc, { lo: 1, press: 2, option: 1 });
    await settle();
    await fra.replica.seal(1, START + 10);
    await settle();
    const again = await start("fra", disks[0], 1);
    expect(counts(again)).toEqual([1, 1, 0]);
    expect(again.replica.coverage().toJSON()).toEqual(fra.replica.coverage().toJSON());
    expect(again.replica.seals()).toEqual(fra.replica.seals());
    expect(again.replica.board.polls()).toEqual(fra.replica.board.polls());
    expect(again.clock.now()).toBe(START + 900);
    expect([again.replica.hasSealed(1), again.replica.isOver(1), again.replica.isOver(0)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  test("a peer's times do not move the clock further than 2 s", async () => {
    const disk = new MemoryDisk();
    const [fra, nyc] = [await start("fra"), await start("nyc", disk)];
    wire(fra, nyc);
    await create(fra);
    await vote(fra, { lo: 1, time: START + 5000 });
    await settle();
    expect([nyc.clock.now(), (await start("nyc", disk, 1)).clock.now()]).toEqual([START, START]);
  });

  test("what no document holds any more is appended again, and reaches a peer that missed it", async () => {
    const disk = new MemoryDisk();
    const fra = await start("fra", disk);
    await create(fra);
    await vote(fra, { lo: 1 });
    await vote(fra, { lo: 2 });
    const [again, nyc] = [await start("fra", disk, 1), await start("nyc")];
    meet(again, nyc);
    wire(again, nyc);
    await settle();
    expect(counts(nyc)).toEqual([0, 0, 0]);
    await again.replica.reappend();
    await settle();
    expect(counts(nyc)).toEqual([2, 0, 0]);
  });

  test("compacted, it still is as it was, without the batches that are recorded and pruned", async () => {
    const disk = new MemoryDisk();
    const fra = await start("fra", disk);
    await create(fra);
    for (const lo of [1, 2, 3]) await vote(fra, { lo, time: START + lo });
    const pruned = { [chainId(chainOf(fra, "fra"))]: 3 };
    await fra.replica.change((board) => board.setWatermarks({ recorded: pruned, pruned, deletable: {} }));
    await fra.replica.compact();
    expect(await fra.store.logged(show.id)).toBe(0);
    const again = await start("fra", disk, 1);
    expect([counts(again), again.replica.coversPruned, again.clock.now()]).toEqual([[3, 0, 0], true, START + 3]);
  });

  test("a permanent store keeps every batch, compacted or not", async () => {
    const disk = new MemoryDisk();
    const recorder = await start("recorder", disk, 0, true);
    await create(recorder);
    const fra = new ChainOfBatches({ shard: 0, edge: "fra", boot: boots[0] });
    await recorder.replica.take([fra.ballots([aBallot()])], "fra");
    const pruned = { [chainId(fra.chain)]: 1 };
    await recorder.replica.change((board) => board.setWatermarks({ recorded: pruned, pruned, deletable: {} }));
    await recorder.replica.compact();
    expect(await recorder.store.logged(show.id)).toBe(1);
    expect(counts(await start("recorder", disk, 1, true))).toEqual([1, 0, 0]);
  });

  test("a log that cannot be compacted is read all the same", async () => {
    const disk = new MemoryDisk();
    const fra = await start("fra", disk);
    await create(fra);
    for (let at = 1; at <= MAX_BOARD_UPDATES; at++)
      await fra.replica.change((board) =>
        board.addAudit(`${at}`, { at, by, edge: "fra", action: "arm", target: "best" }),
      );
    const full = await start("fra", disk, 1, false, "full");
    expect(full.replica.board.audit()).toHaveLength(MAX_BOARD_UPDATES);
    expect((await full.store.load()).shows[0]?.board).toHaveLength(MAX_BOARD_UPDATES + 1);
    const again = await start("fra", disk, 2);
    expect(again.replica.board.audit()).toHaveLength(MAX_BOARD_UPDATES);
    expect((await again.store.load()).shows[0]?.board).toHaveLength(1);
  });

  test("a board that no record can hold is compacted into several, and a destroyed key is in none of them", async () => {
    const disk = new MemoryDisk();
    const fra = await start("fra", disk);
    const wrappedKey = "5ec4e7".repeat(8);
    const holdsKey = async ({ store }: Life) => {
      const { board } = (await store.load()).shows[0]!;
      return [board.length, board.some((update) => Buffer.from(update).includes(wrappedKey))];
    };
    await fra.replica.change((board) => board.create({ ...show, wrappedKey }, [aPoll()]));
    const picture = { id: "p", kind: "picture", title: "", text: "", at: 1 } as const;
    for (const hash of ["one", "two", "three"])
      await fra.replica.change((board) =>
        board.publish({ ...picture, id: hash, hash }, new Uint8Array(MAX_RECORD_BYTES / 2)),
      );
    expect(await holdsKey(fra)).toEqual([4, true]);
    await fra.replica.change((board) => board.forgetKey("00", { at: START, by }));
    await settle();
    expect(await holdsKey(fra)).toEqual([3, false]);
    const again = await start("fra", disk, 1);
    expect(again.replica.board.content()).toHaveLength(3);
    expect(["one", "two", "three"].map((hash) => again.replica.board.picture(hash)?.length)).toEqual(
      Array(3).fill(MAX_RECORD_BYTES / 2),
    );
  });
});

describe("a log that grows while a member runs", () => {
  test("has its board's updates rewritten when they come to so many bytes", async () => {
    const fra = await start("fra");
    await create(fra);
    const page = { id: "page", kind: "page", title: "" } as const;
    const MIB = 2 ** 20;
    const publish = (at: number) =>
      fra.replica.change((board) => board.publish({ ...page, at, text: `${at}`.repeat(MIB) }));
    const updates = async () => (await fra.store.load()).shows[0]!.board.length;
    for (let at = 1; at < MAX_BOARD_LOG_BYTES / MIB / 2; at++) await publish(10 + at);
    await settle();
    expect(await updates()).toBe(MAX_BOARD_LOG_BYTES / MIB / 2);
    await publish(99);
    await settle();
    expect(await updates()).toBe(1);
    await publish(99);
    await settle();
    expect(await updates()).toBe(2);
  });

  test("has a snapshot in the place of what was pruned, once that is so many batches, and only of what is folded", async () => {
    const chain = new ChainOfBatches({ shard: 0, edge: "nyc", boot: "00000000000000a1" });
    const reached = new Fold(() => undefined, START);
    reached.resume(chainId(chain.chain), MAX_PRUNED_WHILE_RUNNING, new Uint8Array(16), START);
    const fra = await start("fra");
    await create(fra);
    await vote(fra, { lo: 1 });
    const own = chainId(chainOf(fra, "fra"));
    const [stored] = (await fra.store.load()).shows;
    await fra.replica.load({ ...stored!, snapshot: encodeSnapshots(new Map([[0, reached]])) });
    const prune = async (its: number, ours: number) => {
      const pruned = { [chainId(chain.chain)]: its, [own]: ours, "7/syd/00000000000000c1": MAX_PRUNED_WHILE_RUNNING };
      await fra.replica.change((board) => board.setWatermarks({ recorded: pruned, pruned, deletable: {} }));
      await settle();
      return fra.store.logged(show.id);
    };
    expect(await prune(MAX_PRUNED_WHILE_RUNNING - 2, 1)).toBe(1);
    expect(await prune(MAX_PRUNED_WHILE_RUNNING + 1, 1)).toBe(1);
    expect(await prune(MAX_PRUNED_WHILE_RUNNING - 1, 1)).toBe(0);
  });

  test("loses a key that is destroyed while it is being rewritten, too", async () => {
    const fra = await start("fra");
    const wrappedKey = "5ec4e7".repeat(8);
    await fra.replica.change((board) => board.create({ ...show, wrappedKey }, [aPoll()]));
    const compact = fra.store.compact.bind(fra.store);
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    fra.store.compact = (...compaction) => held.then(() => compact(...compaction));
    const page = { id: "page", kind: "page", title: "", at: 1, text: "long".repeat(2 ** 18) } as const;
    for (let bytes = 0; bytes < MAX_BOARD_LOG_BYTES; bytes += page.text.length)
      await fra.replica.change((board) => board.publish(page));
    await fra.replica.change((board) => board.forgetKey("00", { at: START, by }));
    goOn();
    await settle();
    const { board } = (await fra.store.load()).shows[0]!;
    expect(board.map((update) => Buffer.from(update).includes(wrappedKey))).toEqual([false]);
  });

  test("keeps a destroyed key no longer than it has to: what failed is tried again at the next change", async () => {
    const fra = await start("fra");
    const wrappedKey = "5ec4e7".repeat(8);
    await fra.replica.change((board) => board.create({ ...show, wrappedKey }, [aPoll()]));
    const compact = fra.store.compact.bind(fra.store);
    fra.store.compact = () => Promise.reject(new StoreFull("compacting: the disk is full"));
    await fra.replica.change((board) => board.forgetKey("00", { at: START, by }));
    await settle();
    expect(world.lines).toEqual(["warn: a destroyed key is still in the log"]);
    fra.store.compact = compact;
    await fra.replica.change((board) => board.addAudit("1", { at: 1, by, edge: "fra", action: "arm", target: "best" }));
    await settle();
    const { board } = (await fra.store.load()).shows[0]!;
    expect(board.filter((update) => Buffer.from(update).includes(wrappedKey))).toEqual([]);
  });
});

describe("a member that keeps other tables than before", () => {
  const OFF = { tables: "none" } as const;
  const ON = { tables: "all", keepsVoters: true } as const;
  const read = ({ replica }: Life) => {
    const { fold } = replica.shard(0);
    return [replica.counts(0).anonymous, fold.present, fold.voters];
  };

  /** Three receivers that are present, of which two vote; and the batches. */
  function audience(): ChainOfBatches {
    const chain = new ChainOfBatches({ shard: 0, edge: "fra", boot: boots[0] });
    chain.ballots(
      [1, 2, 3].map((lo) => aBallot({ lo, poll: PRESENCE })),
      "presence",
    );
    chain.ballots([aBallot({ lo: 1 }), aBallot({ lo: 2, option: 1 })]);
    return chain;
  }

  const prune = (life: Life, pruned: Record<string, number>) =>
    life.replica.change((board) => board.setWatermarks({ recorded: pruned, pruned, deletable: {} }));

  test.each([
    ["none at all", OFF],
    ["no voters", {}],
  ])("folds the permanent log again where its snapshot holds %s", async (_, contents) => {
    const disk = new MemoryDisk();
    const before = await start("recorder", disk, 0, true, undefined, contents);
    await create(before);
    const chain = audience();
    await before.replica.take(chain.batches, "fra");
    await prune(before, { [chainId(chain.chain)]: 2 });
    await before.replica.compact();
    const after = await start("recorder", disk, 1, true, undefined, ON);
    expect(read(after)).toEqual([[1, 1, 0], 3, 2]);
    expect(after.replica.coversPruned).toBe(true);
    expect(after.world.lines.join()).toContain("folded again");
    // And its own snapshot stands for all of it.
    await after.replica.compact();
    const lines = world.lines.length;
    expect(read(await start("recorder", disk, 2, true, undefined, ON))).toEqual([[1, 1, 0], 3, 2]);
    expect(world.lines).toHaveLength(lines);
  });

  test("and whose batches are pruned is not ready before it has them from another", async () => {
    const disk = new MemoryDisk();
    const fra = await start("fra", disk);
    await create(fra);
    await vote(fra, { lo: 1, time: START + 700 }, { lo: 2, option: 1 });
    const batches = [...fra.replica.shard(0).ledger.batches()];
    await vote(fra, { lo: 3, time: START + 900 });
    await prune(fra, { [chainId(chainOf(fra, "fra"))]: 1 });
    await fra.replica.compact();
    const watching = await start("fra", disk, 1, false, undefined, ON);
    expect([read(watching), watching.replica.coversPruned]).toEqual([[[0, 0, 0], 0, 0], false]);
    // New ballots come after the old ones, folded or not.
    expect(watching.clock.now()).toBe(START + 900);
    // Until then it must not take the place of what holds more.
    await watching.replica.compact();
    expect(read(await start("fra", disk, 2))).toEqual([[2, 1, 0], 0, 0]);
    await watching.replica.take(batches, "recorder");
    expect([read(watching), watching.replica.coversPruned]).toEqual([[[2, 1, 0], 0, 3], true]);
    await watching.replica.compact();
    expect(read(await start("fra", disk, 2, false, undefined, ON))).toEqual([[2, 1, 0], 0, 3]);
  });
});

describe("what was pruned and is not folded here", () => {
  test("keeps a replica from being ready, unless it is of a shard that it does not keep", async () => {
    const fra = await start("fra");
    expect(fra.replica.coversPruned).toBe(false);
    await create(fra);
    expect(fra.replica.coversPruned).toBe(true);
    const mark = (pruned: Record<string, number>) =>
      fra.replica.change((board) => board.setWatermarks({ recorded: pruned, pruned, deletable: {} }));
    await mark({ "3/nyc/00000000000000a1": 9 });
    expect(fra.replica.coversPruned).toBe(true);
    const nyc = new ChainOfBatches({ shard: 0, edge: "nyc", boot: "00000000000000a1" });
    await mark({ [chainId(nyc.chain)]: 1 });
    expect(fra.replica.coversPruned).toBe(false);
    await fra.replica.take([nyc.ballots([aBallot()])], "nyc");
    expect([fra.replica.coversPruned, fra.replica.unpruned]).toEqual([true, 0]);
    await fra.replica.take([nyc.ballots([aBallot({ lo: 9 })])], "nyc");
    expect([fra.replica.coversPruned, fra.replica.unpruned]).toEqual([true, 1]);
  });
});

describe("a final on the board", () => {
  test("lets the table go everywhere, and what came too late is counted as late, whenever it was folded", async () => {
    const [fra, nyc] = [await start("fra"), await start("nyc")];
    wire(fra, nyc);
    await create(fra);
    await settle();
    await vote(fra, { lo: 1 });
    await vote(fra, { lo: 2 }, { lo: 3 }, { lo: 3, poll: 1 });
    await settle();
    const cut = { [chainId(chainOf(fra, "fra"))]: 1 };
    await nyc.replica.change((board) => board.setFinal(finalOf(cut), { at: START, by: "recorder" }));
    await vote(fra, { lo: 4 });
    await settle();
    expect([fra.replica.late(0), nyc.replica.late(0), fra.replica.late(1)]).toEqual([3, 3, 0]);
    expect([counts(fra), counts(fra, 1)]).toEqual([[], [1, 0, 0]]);
  });

  test("takes its poll out of the register", async () => {
    const fra = await start("fra");
    await create(fra);
    await vote(fra, { lo: 1 }, { lo: 1, poll: 1 });
    expect(fra.replica.register()).toEqual({
      boot: fra.boot,
      shards: {
        0: {
          coverage: { [chainId(chainOf(fra, "fra"))]: 1 },
          polls: {
            best: { anonymous: [1, 0, 0], signed: [0, 0, 0] },
            other: { anonymous: [1, 0, 0], signed: [0, 0, 0] },
          },
          present: 0,
        },
      },
    });
    await fra.replica.change((board) => board.setFinal(finalOf({}), { at: START, by }));
    expect(Object.keys(fra.replica.register().shards[0]!.polls)).toEqual(["other"]);
  });
});

test("a register is published under the member's name", async () => {
  const [fra, nyc] = [await start("fra"), await start("nyc")];
  wire(fra, nyc);
  await create(fra);
  fra.replica.publishRegister();
  expect([...nyc.replica.tallies.registers()]).toEqual([["fra", fra.replica.register()]]);
});

test("a poll is sealed once in each shard, also when that is asked for again", async () => {
  const fra = await start("fra");
  await create(fra);
  for (let i = 0; i < 2; i++) await fra.replica.seal(0, START);
  expect([fra.replica.hasSealed(0), fra.replica.seals().length]).toEqual([true, 1]);
});

test("until the show's definition is here there are no shards", async () => {
  const fra = await start("fra");
  expect([fra.replica.documents(), fra.replica.hasSealed(0)]).toEqual([
    [boardName(show.id), `${show.id}/tallies`],
    false,
  ]);
  expect(() => fra.replica.shard(0)).toThrow("does not keep shard 0");
  await create(fra);
  expect(fra.replica.documents()).toContain(ledgerName(show.id, 0));
});

test("a Yjs client that changes within a boot is a mistake that nobody overlooks", async () => {
  const fra = await start("fra");
  await create(fra);
  fra.replica.board.doc.clientID += 1;
  await expect(create(fra)).rejects.toThrow("its Yjs client changed");
});
