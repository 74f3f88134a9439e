import { beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../../crdt/inspect/report.ts";
import { showDiff, type DiffData } from "../../../crdt/inspect/view/diff.ts";
import type { DocData } from "../../../crdt/inspect/view/doc.ts";
import type { GrowthData } from "../../../crdt/inspect/view/growth.ts";
import type { LogData } from "../../../crdt/inspect/view/log.ts";
import type { StatusData } from "../../../crdt/inspect/view/status.ts";
import { NOTABLE_TOMBSTONES, showStructs, type StructsData } from "../../../crdt/inspect/view/structs.ts";
import { showThresholds } from "../../../crdt/inspect/view/thresholds.ts";
import { HERE } from "../../../crdt/origin.ts";
import { START } from "../../support/ballots.ts";
import { InspectedNetwork, SHOW } from "../../support/inspected-network.ts";

const TALLIES = `${SHOW}/tallies`;

let network: InspectedNetwork;

beforeAll(async () => {
  network = await InspectedNetwork.start();
  await network.openPolls();
  await network.vote("fra");
  await network.vote("nyc", { subject: "ben", option: "green" });
  await network.pass(1000);
});

async function ask<D>(path: string): Promise<Report<D>> {
  const response = await network.get("fra", `/_inspect/v1/${path}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Report<D>;
}

test("status shows every member with its log and its links", async () => {
  const { data, messages } = await ask<StatusData>("status");
  expect(messages).toEqual([]);
  expect(data.members.map(({ name, role }) => [name, role])).toEqual([
    ["fra", "edge"],
    ["nyc", "edge"],
    ["syd", "edge"],
    ["recorder", "process"],
  ]);
  for (const { shows, links } of data.members) {
    expect(shows).toMatchObject([
      { id: SHOW, ready: true, folded: 2, recorded: 2, polls: [{ id: "best", state: "open" }] },
    ]);
    expect(links.every(({ open }) => open)).toBe(true);
  }
});

describe("doc", () => {
  test("shows registers beside each other, with their coverage", async () => {
    const { data } = await ask<DocData>(`doc?document=${TALLIES}`);
    expect(data.registers.map(({ edge, covered }) => [edge, covered])).toEqual([
      ["fra", 2],
      ["nyc", 2],
      ["syd", 2],
    ]);
    expect(data.registers[0]!.polls["best"]!.anonymous).toEqual([1, 1, 0]);
    expect(data.entries).toHaveLength(3);
    for (const { values, absentAt } of data.entries) {
      expect(values).toHaveLength(1);
      expect(values[0]!.members).toHaveLength(4);
      expect(absentAt).toEqual([]);
    }
    expect(data.entries[0]!.values[0]!.author).toBe(`fra/${network.at("fra").member.boot}`);
    expect(data.entries[0]!.values[0]!.at).toBeGreaterThan(START);
  });

  test("names a register that says other counts than those that cover the same", async () => {
    const { tallies } = network.replica("syd");
    const honest = tallies.of("syd")!;
    const section = honest.shards["0"]!;
    const forged = { ...section, polls: { best: { anonymous: [9, 9, 9], signed: [0, 0, 0] } } };
    tallies.doc.transact(() => tallies.set("syd", { ...honest, shards: { 0: forged } }), HERE);
    await network.pass(200);
    const { messages } = await ask<DocData>("doc");
    expect(messages).toMatchObject([{ code: "differs", severity: "error", text: expect.stringContaining(`"syd"`) }]);
    tallies.doc.transact(() => tallies.set("syd", { ...honest, shards: { 0: { ...section, polls: {} } } }), HERE);
    await network.pass(200);
    expect((await ask<DocData>("doc")).messages).toEqual([]);
    tallies.doc.transact(() => tallies.set("syd", honest), HERE);
    await network.pass(200);
  });

  test("searches keys and values, and lists no more than asked", async () => {
    const found = await ask<DocData>(`doc?document=${SHOW}/board&search=WHICH?`);
    expect(found.data.entries.map(({ key }) => key)).toEqual(["poll/best", expect.stringMatching(/^proposal\/fra\//)]);
    const few = await ask<DocData>(`doc?document=${SHOW}/board&rows=2`);
    expect(few.data.entries).toHaveLength(2);
    expect(few.data.omitted).toBeGreaterThan(3);
  });

  test("shows a ledger by its batches", async () => {
    await network.isolate("recorder");
    await network.vote("syd", { subject: "cleo" });
    await network.pass(500);
    const { data } = await ask<DocData>(`doc?document=${SHOW}/ledger/0`);
    await network.heal();
    expect(data.entries.map(({ root, key }) => [root.split("/")[0], key.split("/")[2]])).toEqual([["syd", "1"]]);
  });

  test("of a document that nobody has says so", async () => {
    const { messages } = await ask<DocData>("doc?document=final/nothing");
    expect(messages).toMatchObject([{ code: "not_found" }]);
  });
});

test("structs and growth count what documents are made of", async () => {
  const structs = await ask<StructsData>(`structs?document=${TALLIES}`);
  const [fra] = structs.data.members;
  expect(fra!.documents).toMatchObject([{ document: TALLIES, totals: { live: 3 } }]);
  expect(fra!.documents[0]!.clients.every(({ owner }) => owner !== undefined)).toBe(true);
  const { data } = await ask<GrowthData>("growth");
  const sample = data.samples.find(({ member, document }) => member === "nyc" && document === TALLIES)!;
  expect(sample).toMatchObject({ ballots: 1 });
  expect(sample.bytes).toBeGreaterThan(100);
});

test("many tombstones are a warning, with the keys that leave them", () => {
  const totals = { live: 2, deleted: NOTABLE_TOMBSTONES + 2, collected: 0, bytes: 0 };
  const hotKeys = [{ key: "fra", tombstones: 900 }];
  const document = { document: TALLIES, updates: 1, clients: [], hotKeys, totals };
  const shown = (over: object) =>
    showStructs([{ member: "fra", offsetMs: 0, reading: { documents: [{ ...document, ...over }] } }]).messages;
  expect(shown({})).toMatchObject([{ code: "tombstones", text: expect.stringContaining(`"fra" most`) }]);
  expect(shown({ totals: { ...totals, deleted: NOTABLE_TOMBSTONES + 1 } })).toEqual([]);
});

test("log shows the newest batches with the time they took to each member", async () => {
  const before = network.time.now;
  const receipt = await network.vote("fra", { subject: "dora" });
  await network.pass(500);
  const { data } = await ask<LogData>("log?rows=1&edge=fra&decode=1");
  expect(data.batches).toHaveLength(1);
  const [batch] = data.batches;
  expect(batch).toMatchObject({ edge: "fra", sequence: receipt.sequence, kind: "ballots", records: 1 });
  expect(batch!.seen.map(({ member }) => member).sort()).toEqual(["fra", "nyc", "recorder", "syd"]);
  for (const member of ["nyc", "syd", "recorder"]) {
    expect(batch!.networkMs[member]).toBeGreaterThanOrEqual(4);
    expect(batch!.networkMs[member]).toBeLessThan(60);
  }
  expect(batch!.ballots).toMatchObject([{ press: 1, option: 0, receiver: expect.stringMatching(/^[0-9a-f]{8}$/) }]);
  expect(data.updates).toHaveLength(1);
  expect(data.updates[0]!.at).toBeGreaterThanOrEqual(before);
});

describe("diff", () => {
  test("finds nothing between equal replicas", async () => {
    const { data, messages } = await ask<DiffData>(`diff?document=${TALLIES}&a=fra&b=syd`);
    expect(data).toMatchObject({ between: ["fra", "syd"], structs: [], values: [], deletionsDiffer: false });
    expect(messages).toEqual([]);
  });

  test("shows by struct and by value what one of them lacks", async () => {
    await network.isolate("syd");
    await network.vote("fra", { subject: "emil" });
    await network.pass(500);
    const asked = network.until(
      Promise.all(
        ["fra", "syd"].map(async (name) => {
          const { inspector } = network.at(name);
          const states = await inspector.read({ ask: "states", show: SHOW });
          const entries = await inspector.read({ ask: "entries", show: SHOW, document: TALLIES, rows: 10 });
          return {
            states: { member: name, offsetMs: 0, reading: states! },
            entries: { member: name, offsetMs: 0, reading: entries! },
          };
        }),
      ),
    );
    const both = await asked;
    await network.heal();
    const states = both.map((each) => each.states);
    const { data } = showDiff(
      TALLIES,
      ["fra", "syd"],
      states,
      both.map((each) => each.entries),
    );
    const owners = data.structs.map(({ owner }) => owner?.split("/")[0] ?? "").sort();
    expect(owners).toEqual(["fra", "nyc"]);
    for (const { clocks } of data.structs) expect(clocks[0]).toBeGreaterThan(clocks[1]);
    expect(data.values.map(({ key }) => key).sort()).toEqual(["fra", "nyc"]);
  });

  test("calls equal clocks with other contents the error that they are", () => {
    const state = { document: TALLIES, vector: { 7: 1 }, owners: {}, deletions: "00", own: 7, times: {}, gaps: [] };
    const reading = { boot: "", documents: [state], coverage: {}, arrivals: {}, holes: [], heard: [] };
    const entry = (hash: string) => ({
      entries: [{ root: "registers", key: "fra", client: 7, clock: 0, bytes: 1, hash }],
      omitted: 0,
    });
    const at = <R>(member: string, of: R) => ({ member, offsetMs: 0, reading: of });
    const { messages } = showDiff(
      TALLIES,
      ["fra", "nyc"],
      [at("fra", reading), at("nyc", reading)],
      [at("fra", entry("aa")), at("nyc", entry("bb"))],
    );
    expect(messages).toMatchObject([{ code: "differs", severity: "error" }]);
  });
});

test("thresholds show how far they are, and each cue from its cause to the encoder", async () => {
  const { board } = network.replica("fra");
  const firedAt = network.time.now;
  const message = { kind: "text", text: "Go!" } as const;
  const cue = {
    id: "cd".repeat(16),
    eventId: 5,
    show: SHOW,
    threshold: "ten",
    epoch: 1,
    message,
    durationMs: 5000,
    firedAt,
  };
  board.doc.transact(() => {
    board.setThreshold({ id: "ten", rule: { kind: "present", atLeast: 10 }, message, durationMs: 5000, urgent: false });
    board.arm("ten", 1, { at: firedAt - 100, by: "producer" });
    board.setProgress("watcher", {
      at: firedAt,
      thresholds: { ten: { epoch: 1, value: 10, target: 10, perSecond: 1 } },
    });
    board.addCue({ cue, value: 10, coverage: {}, by: "watcher" });
  }, HERE);
  await network.pass(1000);
  const answers = await network.until(network.at("syd").inspector.gather({ ask: "thresholds", show: SHOW }));
  const { data, messages } = showThresholds(answers, firedAt + 1000);
  expect(messages).toEqual([]);
  expect(data.thresholds).toMatchObject([{ threshold: { id: "ten" }, progress: [{ value: 10, target: 10 }] }]);
  expect(data.cues[0]!.seen.map(({ member }) => member).sort()).toEqual(["fra", "nyc", "recorder", "syd"]);
  for (const { afterMs } of data.cues[0]!.seen) expect(afterMs).toBeLessThan(60);
  expect(showThresholds(answers, firedAt + 2000).messages).toMatchObject([
    { code: "encoder_unconfirmed", severity: "error" },
  ]);
});
