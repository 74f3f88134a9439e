import * as Y from "yjs";
import { beforeEach, describe, expect, test } from "vitest";
import { EVERY_POLL } from "../../../crdt/ballot.ts";
import { chainId, decodeHeader, type Chain } from "../../../crdt/batch.ts";
import type { RosterEntry } from "../../../crdt/roster.ts";
import { ledgerName } from "../../../crdt/documents.ts";
import { Ledger } from "../../../crdt/ledger.ts";
import { Member } from "../../../crdt/member.ts";
import { newIdentity } from "../../../crdt/replicate/introduction.ts";
import type { Replica } from "../../../crdt/replica.ts";
import type { Proposal } from "../../../crdt/proposal.ts";
import { Process, ROUND_INTERVAL_MS } from "../../../monitor/process.ts";
import { Recorder } from "../../../monitor/recorder.ts";
import { aBallot, aPoll, ChainOfBatches, START } from "../../support/ballots.ts";
import { MemoryFinals, MemoryShows } from "../../support/memory-latches.ts";
import { NotedStore } from "../../support/noted-store.ts";
import { ManualWorld, settle } from "../../support/world.ts";

const SHOW = "final";
const by = "producer";
const fra: Chain = { shard: 0, edge: "fra", boot: "00000000000000f1" };
const nyc: Chain = { shard: 0, edge: "nyc", boot: "00000000000000a1" };

let world: ManualWorld;
let store: NotedStore;
let finals: MemoryFinals;
let shows = new MemoryShows();
let replica: Replica;

/** An edge's hand, as far as a recorder sees it: its chain, and its array in the ledger. */
class Writer {
  readonly chain: ChainOfBatches;
  readonly ledger: Ledger;

  constructor(chain: Chain, client: number) {
    this.chain = new ChainOfBatches(chain);
    this.ledger = new Ledger(new Y.Doc());
    this.ledger.doc.clientID = client;
  }

  /** Appends batches to the ledger, and has the recorder hear of them. */
  async send(...batches: Uint8Array[]): Promise<void> {
    const { edge, boot, shard } = this.chain.chain;
    this.ledger.append(edge, boot, batches);
    replica.apply(ledgerName(SHOW, shard), Y.encodeStateAsUpdate(this.ledger.doc), edge);
    await settle();
  }
}

const onRoster = ({ edge, boot }: Chain, shards = [0]): RosterEntry => ({
  edge,
  boot,
  shards,
  state: "live",
  region: "eu",
  address: "",
  since: START,
});

/** What an edge says that it has folded. */
function register({ edge, boot }: Chain, coverage: Record<string, number>): void {
  replica.tallies.set(edge, { boot, shards: { 0: { coverage, polls: {}, present: 0 } } });
}

async function open() {
  world = new ManualWorld(START);
  store = new NotedStore();
  finals = new MemoryFinals();
  const member = await Member.open({
    identity: newIdentity("recorder", "process", world.random),
    listens: false,
    peers: [],
    store,
    world,
    permanent: true,
    dial: () => Promise.reject(new Error("nobody is there")),
    subscribe: (of) => Array.from({ length: of }, (_, shard) => shard),
  });
  return member;
}

async function start(shards = 1): Promise<void> {
  const member = await open();
  replica = member.adopt(SHOW)!;
  await replica.change((board) => {
    board.create({ id: SHOW, title: "", shards, created: START, wrappedKey: "" }, [aPoll({ graceMs: 0 })]);
    board.setRosterEntry(onRoster(fra));
  });
  new Process(member, [new Recorder(member, store, { finals, shows })]).start();
}

async function rounds(count = 1): Promise<void> {
  for (let i = 0; i < count; i++) {
    world.advance(ROUND_INTERVAL_MS);
    await settle();
  }
}

const inLedger = (shard = 0) => [...replica.shard(shard).ledger.batches()].map((bytes) => decodeHeader(bytes).sequence);

describe("watermarks and pruning", () => {
  let writer: Writer;

  beforeEach(async () => {
    await start();
    writer = new Writer(fra, 1000);
    for (let press = 1; press <= 3; press++) await writer.send(writer.chain.ballots([aBallot({ press })]));
  });

  test("everything is recorded, and pruned as far as every edge of the roster has folded it", async () => {
    await rounds();
    expect(replica.board.watermarks).toMatchObject({ recorded: { [chainId(fra)]: 3 }, pruned: {} });
    expect(inLedger()).toEqual([1, 2, 3]);
    register(fra, { [chainId(fra)]: 2 });
    await rounds();
    expect(replica.board.watermarks).toEqual({
      recorded: { [chainId(fra)]: 3 },
      pruned: { [chainId(fra)]: 2 },
      deletable: { [ledgerName(SHOW, 0)]: { 1000: 2 } },
    });
    expect([inLedger(), await store.logged(SHOW)]).toEqual([[3], 3]);
  });

  test("an edge that has said nothing in this boot holds pruning up, and is named", async () => {
    register(fra, { [chainId(fra)]: 3 });
    await replica.change((board) => board.setRosterEntry(onRoster(nyc)));
    register({ ...nyc, boot: "00000000000000ff" }, { [chainId(fra)]: 3 });
    await rounds();
    expect(inLedger()).toEqual([1, 2, 3]);
  });

  test("a boot that is named lost holds nothing up", async () => {
    register(fra, { [chainId(fra)]: 3 });
    await replica.change((board) => {
      board.setRosterEntry(onRoster(nyc));
      board.nameLost(nyc.edge, nyc.boot, { at: START, by });
    });
    await rounds();
    expect(inLedger()).toEqual([]);
  });

  test("a boot that was drained holds nothing up", async () => {
    register(fra, { [chainId(fra)]: 3 });
    await replica.change((board) => board.setRosterEntry(onRoster(nyc)));
    await rounds();
    expect(inLedger()).toEqual([1, 2, 3]);
    const drained = new Writer(nyc, 2000);
    await drained.send(drained.chain.seal(EVERY_POLL));
    await rounds();
    expect(inLedger()).toEqual([1]);
    register(fra, { [chainId(fra)]: 3, [chainId(nyc)]: 1 });
    await rounds();
    expect(inLedger()).toEqual([]);
  });

  test("what a crash left between watermark and pruning is pruned", async () => {
    const [all, deletable] = [{ [chainId(fra)]: 3 }, { [ledgerName(SHOW, 0)]: { 1000: 3 } }];
    await replica.change((board) => board.setWatermarks({ recorded: all, pruned: all, deletable }));
    await rounds();
    expect(inLedger()).toEqual([]);
  });

  test("what comes back under the watermark is pruned again, once the guards know that it may be", async () => {
    register(fra, { [chainId(fra)]: 3 });
    await rounds();
    const next = new Writer({ ...fra, boot: "00000000000000f2" }, 2000);
    await next.send(writer.chain.batches[0]!);
    expect(inLedger()).toEqual([1]);
    await rounds();
    expect(inLedger()).toEqual([]);
    expect(replica.board.watermarks.deletable).toEqual({ [ledgerName(SHOW, 0)]: { 1000: 3, 2000: 1 } });
  });

  test("a full database cuts a round short, and the next one goes on", async () => {
    register(fra, { [chainId(fra)]: 3 });
    store.fault = "full";
    await rounds();
    store.fault = undefined;
    await rounds();
    expect(inLedger()).toEqual([]);
  });

  test("where nothing changes, nothing is written", async () => {
    register(fra, { [chainId(fra)]: 3 });
    await rounds(2);
    const before = store.appends.length;
    await rounds(3);
    expect(store.appends.length).toBe(before);
  });
});

test("an edge holds up the shards that it keeps, and no others", async () => {
  await start(2);
  await replica.change((board) => board.setRosterEntry(onRoster(nyc, [1])));
  const [zero, one] = [new Writer(fra, 1000), new Writer({ ...nyc, shard: 1 }, 2000)];
  await zero.send(zero.chain.ballots([aBallot()]));
  await one.send(one.chain.ballots([aBallot({ lo: 3 })]));
  register(fra, { [chainId(fra)]: 1 });
  await rounds();
  expect([inLedger(0), inLedger(1)]).toEqual([[], [1]]);
});

describe("a poll becomes final", () => {
  async function openAndClose(): Promise<void> {
    await replica.change((board) => {
      board.addTransition("best", "open", { at: START, by, closesAt: START + 100 });
    });
  }

  test("once it is closed and sealed, on exactly the sealed batches", async () => {
    await start();
    const writer = new Writer(fra, 1000);
    await openAndClose();
    await writer.send(writer.chain.ballots([aBallot({ lo: 1 }), aBallot({ lo: 2, option: 1, signed: true })]));
    await rounds();
    expect(replica.board.final("best")).toBeUndefined();
    await writer.send(writer.chain.seal(0), writer.chain.ballots([aBallot({ lo: 3 })]));
    await rounds();
    expect(replica.board.final("best")).toMatchObject({
      poll: "best",
      cut: { [chainId(fra)]: 1 },
      lost: [],
      counts: { anonymous: [1, 0, 0], signed: [0, 1, 0] },
    });
    expect(replica.board.transitions("best").final?.by).toBe("recorder");
    expect(replica.late(0)).toBe(1);
  });

  test("and stays what was latched first, whoever counts again", async () => {
    await start();
    const standing = {
      poll: "best",
      counts: { anonymous: [9, 9, 9], signed: [0, 0, 0] },
      cut: {},
      lost: [],
      at: START,
    };
    await finals.latch(SHOW, standing);
    const writer = new Writer(fra, 1000);
    await openAndClose();
    await writer.send(writer.chain.ballots([aBallot()]), writer.chain.seal(0));
    await rounds(2);
    expect(replica.board.final("best")).toEqual(standing);
  });

  test("never where the database has lost batches of it, which is told", async () => {
    await start();
    const writer = new Writer(fra, 1000);
    await openAndClose();
    await writer.send(writer.chain.ballots([aBallot()]), writer.chain.seal(0));
    store.batches = async function* () {};
    await rounds(2);
    expect([replica.board.final("best"), finals.latched.size]).toEqual([undefined, 0]);
    expect(world.lines).toContain("warn: a round was cut short");
  });

  test("without a boot that is named lost, which the result says", async () => {
    await start();
    const [writer, gone] = [new Writer(fra, 1000), new Writer(nyc, 2000)];
    await openAndClose();
    await replica.change((board) => board.setRosterEntry(onRoster(nyc)));
    await gone.send(gone.chain.ballots([aBallot({ lo: 7 })]));
    await writer.send(writer.chain.ballots([aBallot()]), writer.chain.seal(0));
    await rounds(2);
    expect(replica.board.final("best")).toBeUndefined();
    await replica.change((board) => board.nameLost(nyc.edge, nyc.boot, { at: START, by }));
    await rounds();
    expect(replica.board.final("best")).toMatchObject({
      counts: { anonymous: [2, 0, 0] },
      lost: [`nyc/${nyc.boot}`],
    });
  });

  test("not while it is open, and never once it is void", async () => {
    await start();
    const writer = new Writer(fra, 1000);
    await writer.send(writer.chain.seal(0));
    await rounds();
    expect(replica.board.final("best")).toBeUndefined();
    await openAndClose();
    await replica.change((board) => board.addTransition("best", "void", { at: START, by }));
    await rounds();
    expect(replica.board.final("best")).toBeUndefined();
  });
});

describe("a show is established", () => {
  beforeEach(() => (shows = new MemoryShows()));

  const proposal = (created: number): Proposal => ({
    show: { id: SHOW, title: `of ${created}`, shards: 1, created, wrappedKey: "" },
    polls: [aPoll()],
    thresholds: [],
  });

  /** A recorder that has heard of no show yet. */
  async function startWith(...proposals: readonly [edge: string, Proposal][]): Promise<void> {
    const member = await open();
    replica = member.adopt(SHOW)!;
    await replica.change((board) => proposals.forEach(([edge, its]) => board.propose(edge, fra.boot, its)));
    new Process(member, [new Recorder(member, store, { finals, shows })]).start();
  }

  test("of several proposals one, the same whoever reads them", async () => {
    await startWith(["nyc", proposal(2)], ["fra", proposal(1)]);
    await rounds();
    expect(replica.board.show?.title).toBe("of 1");
    expect(replica.board.polls()).toEqual([aPoll()]);
  });

  test("for ever: a recorder that comes back without its board chooses no other", async () => {
    await startWith(["fra", proposal(1)]);
    await rounds();
    const { established } = shows;
    shows = new MemoryShows(established);
    await startWith(["ams", proposal(2)]);
    await rounds();
    expect(replica.board.show?.title).toBe("of 1");
  });

  test("never from a proposal under another show's name", async () => {
    await startWith(["fra", { ...proposal(1), show: { ...proposal(1).show, id: "other" } }]);
    await rounds();
    expect([replica.board.show, shows.established.size]).toEqual([undefined, 0]);
  });
});

test("a recorder's member keeps every batch, or is none", async () => {
  const member = await Member.open({
    identity: newIdentity("recorder", "process", new ManualWorld().random),
    listens: false,
    peers: [],
    store: new NotedStore(),
    world: new ManualWorld(),
    dial: () => Promise.reject(new Error("nobody is there")),
    subscribe: () => [0],
  });
  expect(
    () => new Recorder(member, new NotedStore(), { finals: new MemoryFinals(), shows: new MemoryShows() }),
  ).toThrow("permanent");
});
