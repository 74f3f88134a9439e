// A watcher over a replica that a test feeds: from the ballot that crosses to the cue that the encoder has.
import * as Y from "yjs";
import { beforeEach, describe, expect, test } from "vitest";
import { chainId } from "../../../crdt/batch.ts";
import type { Cue } from "../../../crdt/cue.ts";
import { ledgerName } from "../../../crdt/documents.ts";
import { Ledger } from "../../../crdt/ledger.ts";
import { Member } from "../../../crdt/member.ts";
import { newIdentity } from "../../../crdt/replicate/introduction.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { MemoryDisk } from "../../../crdt/store/memory.ts";
import type { FiredCue, Rule, Threshold } from "../../../crdt/threshold.ts";
import type { CueEncoder } from "../../../monitor/cue.ts";
import { Process, ROUND_INTERVAL_MS } from "../../../monitor/process.ts";
import { cueId } from "../../../monitor/threshold/crossing.ts";
import { ENCODER_FIRST_MS, URGENT_PATIENCE_MS } from "../../../monitor/threshold/delivery.ts";
import type { CueLatch } from "../../../monitor/threshold/latch.ts";
import { PROGRESS_INTERVAL_MS } from "../../../monitor/threshold/show-watch.ts";
import { Watcher } from "../../../monitor/threshold/watcher.ts";
import { aBallot, aPoll, ChainOfBatches, START } from "../../support/ballots.ts";
import { MemoryLatch } from "../../support/memory-latches.ts";
import { NotedStore } from "../../support/noted-store.ts";
import { ManualWorld, settle } from "../../support/world.ts";

const SHOW = "final";
const FRA = { shard: 0, edge: "fra", boot: "00000000000000f1" };
const by = { at: START, by: "producer" };

/** An encoder that takes each cue, unless it is away. */
class TestEncoder implements CueEncoder {
  readonly injected: Cue[] = [];
  away = false;
  /** What it answers after. */
  answers: Promise<void> = Promise.resolve();

  inject(cue: Cue): Promise<void> {
    if (this.away) return Promise.reject(new Error("the encoder is away"));
    this.injected.push(cue);
    return this.answers;
  }
}

/** A latch whose database may be away, or never answer. */
class TestLatch extends MemoryLatch {
  is: "there" | "away" | "silent" = "there";

  override latch(fired: FiredCue): Promise<FiredCue> {
    return this.#answer(() => super.latch(fired));
  }

  override confirm(id: string, at: number): Promise<void> {
    return this.#answer(() => super.confirm(id, at));
  }

  #answer<T>(answer: () => Promise<T>): Promise<T> {
    switch (this.is) {
      case "there":
        return answer();
      case "away":
        return Promise.reject(new Error("the database is away"));
      case "silent":
        return new Promise(() => {});
    }
  }
}

let world: ManualWorld;
let disk: MemoryDisk;
let store: NotedStore;
let latch: TestLatch;
let encoder: TestEncoder;
let replica: Replica;
let process: Process;
let chain: ChainOfBatches;
let ledger: Ledger;

beforeEach(async () => {
  world = new ManualWorld(START);
  disk = new MemoryDisk();
  latch = new TestLatch();
  encoder = new TestEncoder();
  chain = new ChainOfBatches(FRA);
  ledger = new Ledger(new Y.Doc());
  await start({ latch, encoder });
  await replica.change((board) => {
    const polls = [aPoll(), aPoll({ id: "pair", index: 1, mode: "votes", votes: 2 })];
    board.create({ id: SHOW, title: "", shards: 1, created: START, wrappedKey: "" }, polls);
  });
});

/** Starts a watcher on the same disk: a new boot. */
async function start(options: { latch?: CueLatch; encoder?: CueEncoder }): Promise<void> {
  store = new NotedStore(disk);
  const member = await Member.open({
    identity: newIdentity("watcher", "process", world.random),
    listens: false,
    peers: [],
    store,
    world,
    permanent: true,
    keepsVoters: true,
    dial: () => Promise.reject(new Error("nobody is there")),
    subscribe: () => [0],
  });
  process = new Process(member, [new Watcher({ member, ...options })]);
  process.start();
  replica = member.adopt(SHOW)!;
}

/** Puts a threshold on the board and arms it. */
async function arm(rule: Rule, given: Partial<Threshold> = {}): Promise<void> {
  const message = { kind: "text", text: "{count}!" } as const;
  await replica.change((board) => {
    board.setThreshold({ id: "t", rule, message, durationMs: 5000, urgent: false, ...given });
    board.arm(given.id ?? "t", 1, by);
  });
  await settle();
}

/** One flush of an edge, in which receivers `from` to `to` choose. */
async function vote(from: number, to: number, given: Parameters<typeof aBallot>[0] = {}): Promise<void> {
  const ballots = Array.from({ length: to - from + 1 }, (_, i) => aBallot({ lo: from + i, ...given }));
  await send(chain.ballots(ballots));
}

async function send(batch: Uint8Array): Promise<void> {
  ledger.append(FRA.edge, FRA.boot, [batch]);
  replica.apply(ledgerName(SHOW, 0), Y.encodeStateAsUpdate(ledger.doc), FRA.edge);
  await settle();
}

async function rounds(count = 1): Promise<void> {
  for (let i = 0; i < count; i++) {
    world.advance(ROUND_INTERVAL_MS);
    await settle();
  }
}

const injected = () => encoder.injected.map(({ threshold, epoch }) => `${threshold}/${epoch}`);
const three: Rule = { kind: "votes", poll: "best", option: "red", atLeast: 3 };

describe("a crossing", () => {
  test("fires once: latched, sent, and on the board with its cause", async () => {
    await arm(three);
    await vote(1, 2);
    expect(injected()).toEqual([]);
    await vote(3, 5);
    await vote(6, 9);
    await rounds(3);
    expect(injected()).toEqual(["t/1"]);
    const [fired] = replica.board.cues();
    expect(fired).toMatchObject({
      cue: { id: cueId(SHOW, "t", 1), eventId: 1, message: { kind: "text", text: "3!" }, durationMs: 5000 },
      value: 5,
      coverage: { [chainId(FRA)]: 2 },
      by: "watcher",
    });
    expect(latch.cues.get(fired!.cue.id)).toEqual(fired);
    expect([...latch.confirmed.keys()]).toEqual([fired!.cue.id]);
    expect(replica.board.confirmed("t", 1)?.by).toBe("watcher");
  });

  test("that has happened when the threshold is armed fires then", async () => {
    await vote(1, 3);
    await arm(three);
    expect(injected()).toEqual(["t/1"]);
  });

  test("goes to the encoder first, and then onto the board with its confirmation, in one change", async () => {
    await arm(three);
    const { promise, resolve: answer } = Promise.withResolvers<void>();
    encoder.answers = promise;
    let changes = 0;
    replica.watch({ onboard: () => (changes += 1) });
    await vote(1, 3);
    expect([injected(), latch.cues.size, changes]).toEqual([["t/1"], 1, 0]);
    answer();
    await settle();
    expect([replica.board.cues().length, replica.board.confirmed("t", 1)?.by, changes]).toEqual([1, "watcher", 1]);
  });

  test("does not wait for an encoder that is silent to stand on the board", async () => {
    await arm(three);
    encoder.answers = new Promise(() => {});
    await vote(1, 3);
    world.advance(ENCODER_FIRST_MS);
    await settle();
    expect([replica.board.cues().length, replica.board.confirmed("t", 1)]).toEqual([1, undefined]);
    await rounds(2);
    expect(injected()).toEqual(["t/1"]);
  });

  test("never un-fires, though minds are changed", async () => {
    await arm(three);
    await vote(1, 3);
    await vote(1, 3, { press: 2, option: 1 });
    await rounds(2);
    await vote(1, 3, { press: 3, option: 0 });
    await rounds(2);
    expect([injected(), replica.board.cues().length]).toEqual([["t/1"], 1]);
  });

  test("of a threshold that was taken off fires nothing", async () => {
    await arm(three);
    await replica.change((board) => board.disarm("t", by));
    await vote(1, 3);
    await rounds(2);
    expect(injected()).toEqual([]);
  });

  test("armed again it fires again, under another id", async () => {
    await arm(three);
    await vote(1, 3);
    await replica.change((board) => board.arm("t", 2, by));
    await settle();
    await rounds();
    expect(injected()).toEqual(["t/1", "t/2"]);
    expect(new Set(encoder.injected.flatMap(({ id, eventId }) => [id, eventId])).size).toBe(4);
  });

  test("at each further N each is one, also where one flush crosses several", async () => {
    await arm({ kind: "present", atLeast: 2, every: 2 });
    await send(chain.ballots([aBallot({ lo: 1, poll: 0xffff }), aBallot({ lo: 2, poll: 0xffff })], "presence"));
    await send(
      chain.ballots(
        [3, 4, 5, 6, 7].map((lo) => aBallot({ lo, poll: 0xffff })),
        "presence",
      ),
    );
    await rounds(2);
    expect(encoder.injected.map(({ message }) => (message.kind === "text" ? message.text : ""))).toEqual([
      "2!",
      "4!",
      "6!",
    ]);
  });
});

describe("who has voted", () => {
  test("in a poll with several votes each receiver is one", async () => {
    await arm({ kind: "voted", poll: "pair", atLeast: 3 });
    for (const k of [1, 2]) await vote(1, 2, { poll: 1, k });
    await rounds();
    expect(injected()).toEqual([]);
    await vote(3, 3, { poll: 1, k: 2 });
    expect(injected()).toEqual(["t/1"]);
  });

  test("in the show each receiver is one, in whatever polls, and what no poll allows is nothing", async () => {
    await arm({ kind: "voted", atLeast: 3 });
    await vote(1, 2);
    await vote(1, 2, { poll: 1 });
    await vote(5, 9, { option: 77 });
    await vote(5, 9, { poll: 7 });
    await rounds();
    expect(injected()).toEqual([]);
    await vote(3, 3, { poll: 1 });
    expect(injected()).toEqual(["t/1"]);
  });

  test("is told of a poll that became final while no watcher ran", async () => {
    await arm({ kind: "voted", poll: "pair", atLeast: 3 });
    await arm({ kind: "votes", poll: "pair", option: "red", atLeast: 5 }, { id: "votes" });
    await process.stop();
    for (const k of [1, 2]) await vote(1, 3, { poll: 1, k });
    const cut = { [chainId(FRA)]: 2 };
    const counts = { anonymous: [6, 0, 0], signed: [0, 0, 0] };
    await replica.change((board) => board.setFinal({ poll: "pair", counts, cut, lost: [], at: START }, by));
    await start({ latch, encoder });
    await rounds(2);
    expect(injected().sort()).toEqual(["t/1", "votes/1"]);
    expect(replica.board.cue("t", 1)).toMatchObject({ value: 3, coverage: cut });
  });
});

describe("what fails is tried again", () => {
  test("without the database nothing is sent, and nothing is forgotten", async () => {
    await arm({ kind: "share", poll: "best", option: "red", percent: 60, sample: 3 });
    latch.is = "away";
    await vote(1, 3);
    await vote(4, 9, { option: 1 }); // Now the share is below.
    await rounds(3);
    expect([injected(), replica.board.cues()]).toEqual([[], []]);
    expect(process.health().problems).toContain('show "final": latching cues failed: the database is away');
    latch.is = "there";
    await rounds();
    expect(injected()).toEqual(["t/1"]);
    expect(replica.board.cue("t", 1)).toMatchObject({ value: 100, of: 3, coverage: { [chainId(FRA)]: 1 } });
  });

  test("without the database nothing fires of a threshold that was taken off before it was back", async () => {
    await arm({ kind: "voted", atLeast: 3 });
    latch.is = "away";
    await vote(1, 3);
    await replica.change((board) => board.disarm("t", by));
    latch.is = "there";
    await rounds(2);
    expect([injected(), replica.board.cues()]).toEqual([[], []]);
  });

  test("without the encoder the cue stands, and is sent until the encoder has it", async () => {
    await arm(three);
    encoder.away = true;
    await vote(1, 3);
    await rounds(3);
    expect([replica.board.cues().length, replica.board.confirmed("t", 1)]).toEqual([1, undefined]);
    expect(process.health().duties[0]).toMatchObject({ figures: { cues_unconfirmed: 1 } });
    encoder.away = false;
    await rounds();
    expect(injected()).toEqual(["t/1"]);
    await rounds(3);
    expect(injected()).toEqual(["t/1"]);
    expect(process.health().duties[0]).toMatchObject({ problems: [], figures: { cues_unconfirmed: 0 } });
  });

  test("what another watcher has sent meanwhile is no failure any more", async () => {
    await arm(three);
    encoder.away = true;
    await vote(1, 3);
    await rounds();
    expect(process.health().problems).toContain(
      'show "final": sending cues to the encoder failed: the encoder is away',
    );
    await replica.change((board) => board.confirmCue("t", 1, { at: START, by: "another" }));
    await rounds();
    expect(process.health().duties[0]).toMatchObject({ problems: [] });
  });

  test("without room in its log it says so, and says so no more once there is", async () => {
    await arm(three);
    store.fault = "full";
    await vote(1, 3);
    await rounds();
    expect(injected()).toEqual([]);
    expect(process.health().problems).toContain(
      'show "final": the log does not take what comes: appending: the disk is full',
    );
    store.fault = undefined;
    await replica.settleDebts();
    await rounds(2);
    expect(injected()).toEqual(["t/1"]);
    expect(process.health().problems).not.toContainEqual(expect.stringContaining("the log"));
  });

  test("without room for the board its cue is sent all the same, and logged once there is room", async () => {
    await arm(three);
    await vote(1, 2);
    encoder.answers = new Promise((resolve) => world.timers.after(1, resolve));
    await vote(3, 3);
    store.fault = "full";
    world.advance(1);
    await settle();
    await rounds();
    expect(injected()).toEqual(["t/1"]);
    expect(process.health().problems).toContain(
      'show "final": writing cues onto the board failed: appending: the disk is full',
    );
    store.fault = undefined;
    await rounds();
    expect(process.health().duties[0]).toMatchObject({ problems: [] });
    await process.stop();
    await start({ latch, encoder });
    await rounds();
    expect(replica.board.confirmed("t", 1)?.by).toBe("watcher");
  });

  test("what was latched before a crash is sent by the next boot, though it is true no more", async () => {
    await arm({ kind: "share", poll: "best", option: "red", percent: 60, sample: 3 });
    await process.stop();
    const cue = { id: cueId(SHOW, "t", 1), eventId: 1, show: SHOW, threshold: "t", epoch: 1, durationMs: 5000 };
    const message = { kind: "text", text: "60!" } as const;
    await latch.latch({ cue: { ...cue, message, firedAt: START }, value: 60, of: 3, coverage: {}, by: "watcher" });
    await start({ latch, encoder });
    await rounds(2);
    expect(injected()).toEqual(["t/1"]);
    expect(replica.board.cue("t", 1)?.value).toBe(60);
    await rounds(2);
    expect(latch.confirmed.size).toBe(1);
  });
});

describe("an urgent cue", () => {
  test.for(["away", "silent"] as const)("goes out under the same ids while the database is %s", async (how) => {
    await arm(three, { urgent: true });
    latch.is = how;
    await vote(1, 3);
    expect(injected()).toEqual([]);
    world.advance(URGENT_PATIENCE_MS);
    await settle();
    expect(encoder.injected).toMatchObject([{ id: cueId(SHOW, "t", 1), eventId: 1 }]);
    expect(replica.board.cues()).toHaveLength(1);
    expect(latch.cues.size).toBe(0);
  });

  test("is latched once the database is back, and fires no more", async () => {
    await arm(three, { urgent: true });
    latch.is = "away";
    await vote(1, 3);
    world.advance(URGENT_PATIENCE_MS);
    await settle();
    latch.is = "there";
    await rounds(2);
    expect([latch.cues.size, latch.confirmed.size]).toEqual([1, 1]);
    expect(injected()).toEqual(["t/1"]);
  });

  test("waits for its latch where the database is there", async () => {
    await arm(three, { urgent: true });
    await vote(1, 3);
    world.advance(URGENT_PATIENCE_MS);
    await settle();
    expect([injected(), latch.cues.size]).toEqual([["t/1"], 1]);
  });
});

describe("a watcher without a database", () => {
  beforeEach(async () => {
    await process.stop();
    await start({ encoder });
  });

  test("asks on the board, and sends once another has latched", async () => {
    await arm(three);
    await replica.change((board) => board.setEventId("t", 1, 7));
    await vote(1, 3);
    await rounds(2);
    expect(injected()).toEqual([]);
    const [seen] = replica.board.crossings();
    expect(seen).toMatchObject({ cue: { id: cueId(SHOW, "t", 1), eventId: 7 }, value: 3 });
    await replica.change((board) => board.addCue(seen!));
    await settle();
    expect(injected()).toEqual(["t/1"]);
  });

  test("sees nothing where no event id is reserved", async () => {
    await arm(three);
    await vote(1, 3);
    await rounds(2);
    expect(replica.board.crossings()).toEqual([]);
  });

  test("is latched for by one with a database, if its event id is the reserved one", async () => {
    await arm(three);
    await latch.reserve(SHOW, "t", 1);
    await replica.change((board) => board.setEventId("t", 1, 1));
    await vote(1, 3);
    await process.stop();
    // On the same disk, as if the board had come over a link; the votes themselves have not.
    ledger = new Ledger(new Y.Doc());
    disk.shows.get(SHOW)!.batches.clear();
    await start({ latch, encoder });
    await rounds();
    expect(injected()).toEqual(["t/1"]);
    expect(latch.cues.get(cueId(SHOW, "t", 1))?.value).toBe(3);
  });
});

test("how far each threshold is, how fast it nears, and when it will be there stands on the board", async () => {
  await arm({ kind: "votes", poll: "best", option: "red", atLeast: 100 });
  const seconds = 8;
  for (let second = 1; second <= seconds; second++) {
    await vote(second * 5 - 4, second * 5);
    world.advance(1000);
    await settle();
  }
  await rounds(PROGRESS_INTERVAL_MS / ROUND_INTERVAL_MS);
  const [progress] = replica.board.progress();
  const { epoch, value, target, perSecond, remainingMs } = progress!.thresholds.t!;
  expect([epoch, value, target]).toEqual([1, 40, 100]);
  expect(perSecond).toBeGreaterThan(3);
  expect(perSecond).toBeLessThan(6);
  expect(remainingMs).toBeCloseTo((60 * 1000) / perSecond, 5);
});

test("where nothing changes, nothing is written", async () => {
  await arm(three);
  await vote(1, 1);
  await rounds(60);
  const before = disk.shows.get(SHOW)!.board.size;
  await rounds(20);
  expect(disk.shows.get(SHOW)!.board.size).toBe(before);
});
