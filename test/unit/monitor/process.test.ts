// The frame of every process: sees each change with its origin, has rounds, and says how it is.
import * as Y from "yjs";
import { beforeEach, expect, test } from "vitest";
import { boardName, ledgerName } from "../../../crdt/documents.ts";
import { Ledger } from "../../../crdt/ledger.ts";
import { Member } from "../../../crdt/member.ts";
import { newIdentity } from "../../../crdt/replicate/introduction.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { MemoryStore } from "../../../crdt/store/memory.ts";
import { metricsText } from "../../../monitor/metrics.ts";
import { Process, ROUND_INTERVAL_MS, type Change, type Duty, type DutyHealth } from "../../../monitor/process.ts";
import { aBallot, aPoll, ChainOfBatches, START } from "../../support/ballots.ts";
import { ManualWorld, settle } from "../../support/world.ts";

const SHOW = "final";
const FRA = { shard: 0, edge: "fra", boot: "00000000000000f1" };

/** A duty that notes what it is told, and does as it is told. */
class Noting implements Duty {
  readonly name: string;
  readonly seen: Change[] = [];
  rounds = 0;
  problems: string[] = [];
  work: () => Promise<void> = () => Promise.resolve();

  constructor(name: string) {
    this.name = name;
  }

  onchange(_replica: Replica, change: Change): void {
    this.seen.push(change);
  }

  round(): Promise<void> {
    this.rounds += 1;
    return this.work();
  }

  health(): DutyHealth {
    return { problems: this.problems, waitsFor: [], figures: { rounds: this.rounds } };
  }
}

let world: ManualWorld;
let duty: Noting;
let other: Noting;
let process: Process;
let member: Member;

beforeEach(async () => {
  world = new ManualWorld(START);
  member = await Member.open({
    identity: newIdentity("watcher", "process", world.random),
    listens: false,
    peers: [],
    store: new MemoryStore(),
    world,
    dial: () => Promise.reject(new Error("nobody is there")),
    subscribe: () => [0],
  });
  [duty, other] = [new Noting("noting"), new Noting("other")];
  process = new Process(member, [duty, other]);
  process.start();
});

async function openShow(): Promise<Replica> {
  const replica = member.adopt(SHOW)!;
  await replica.change((board) =>
    board.create({ id: SHOW, title: "", shards: 1, created: START, wrappedKey: "" }, [aPoll()]),
  );
  return replica;
}

async function pass(ms = ROUND_INTERVAL_MS): Promise<void> {
  world.advance(ms);
  await settle();
}

test("a duty is told of each change once, and where it came from", async () => {
  const replica = await openShow();
  const chain = new ChainOfBatches(FRA);
  const ledger = new Ledger(new Y.Doc());
  ledger.append(FRA.edge, FRA.boot, [chain.ballots([aBallot()])]);
  const update = Y.encodeStateAsUpdate(ledger.doc);
  replica.apply(ledgerName(SHOW, 0), update, "fra");
  replica.apply(ledgerName(SHOW, 0), update, "fra");
  await settle();
  const peers = new Y.Doc();
  peers.getMap("board").set("released/best", { at: 1, by: "producer" });
  replica.apply(boardName(SHOW), Y.encodeStateAsUpdate(peers), "nyc");
  await settle();
  expect(duty.seen).toEqual([
    { kind: "board", origin: { from: "here" } },
    { kind: "batches", batches: [chain.batches[0]], from: "fra" },
    { kind: "board", origin: { from: "peer", peer: "nyc" } },
  ]);
  expect(other.seen).toEqual(duty.seen);
});

test("rounds come at intervals and one at a time, also where someone asks for one", async () => {
  await openShow();
  const { promise, resolve } = Promise.withResolvers<void>();
  duty.work = () => promise;
  await pass();
  const asked = process.round();
  await pass();
  expect([duty.rounds, other.rounds]).toEqual([1, 1]);
  resolve();
  await asked;
  await settle();
  await pass();
  expect([duty.rounds, other.rounds]).toEqual([2, 2]);
});

test("a round that fails is tried again, is named meanwhile, and holds no other duty up", async () => {
  await openShow();
  duty.work = () => Promise.reject(new Error("the database is away"));
  await pass();
  expect(process.health()).toMatchObject({
    ok: false,
    problems: ["no link is open", 'show "final": a round was cut short: Error: the database is away'],
  });
  expect(other.rounds).toBe(1);
  duty.work = () => Promise.resolve();
  await pass();
  expect(process.health().problems).toEqual(["no link is open"]);
});

test("after a stop there are no rounds, and nothing is told", async () => {
  const replica = await openShow();
  await process.stop();
  const seen = duty.seen.length;
  await replica.change((board) => board.release("best", { at: 1, by: "producer" }));
  await pass(5 * ROUND_INTERVAL_MS);
  expect([duty.rounds, duty.seen.length]).toEqual([0, seen]);
});

test("its figures are Prometheus's, by duty and show", async () => {
  await openShow();
  duty.problems = ["something"];
  await pass();
  const text = metricsText(process.health());
  expect(text).toContain("# TYPE redbutton_process_ok gauge\nredbutton_process_ok 0\n");
  expect(text).toContain('redbutton_process_problems{duty="noting",show="final"} 1\n');
  expect(text).toContain('redbutton_process_rounds{duty="noting",show="final"} 1\n');
});
