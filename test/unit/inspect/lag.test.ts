import * as Y from "yjs";
import { beforeEach, describe, expect, test } from "vitest";
import { showLag, type LagCell, type LagData } from "../../../crdt/inspect/view/lag.ts";
import type { Report } from "../../../crdt/inspect/report.ts";
import { InspectedNetwork, SHOW } from "../../support/inspected-network.ts";
import { aBallot, ChainOfBatches } from "../../support/ballots.ts";

const LEDGER = `${SHOW}/ledger/0`;

let network: InspectedNetwork;

beforeEach(async () => {
  network = await InspectedNetwork.start();
  await network.openPolls();
});

async function lag(at = "fra"): Promise<Report<LagData>> {
  const response = await network.get(at, "/_inspect/v1/lag");
  expect(response.status).toBe(200);
  return (await response.json()) as Report<LagData>;
}

function cell({ data }: Report<LagData>, document: string, lacking: string, holder: string): LagCell {
  return data.cells.find((each) => each.document === document && each.lacking === lacking && each.holder === holder)!;
}

test("everyone is equal where nothing is amiss, and nobody is silent", async () => {
  await network.vote("fra");
  await network.pass(3000);
  const report = await lag();
  expect(report).toMatchObject({ version: 1, view: "lag", by: "fra", messages: [] });
  expect(report.members).toHaveLength(4);
  expect(report.members.every(({ answered }) => answered)).toBe(true);
  expect(report.data.documents).toEqual([`${SHOW}/board`, `${SHOW}/tallies`, LEDGER]);
  expect(report.data.cells).toHaveLength(3 * 4 * 3);
  expect(new Set(report.data.cells.map(({ state }) => state))).toEqual(new Set(["equal"]));
});

describe("an edge that is cut off", () => {
  beforeEach(async () => {
    await network.isolate("syd");
    await network.pass(1000);
  });

  test("is named with what it lacks at least, and since when", async () => {
    const before = network.time.now;
    for (const subject of ["anna", "ben"]) await network.vote("fra", { subject });
    await network.pass(12_000);
    const report = await lag();
    const syd = cell(report, LEDGER, "syd", "fra");
    expect(syd).toMatchObject({ state: "behind", count: 2 });
    expect(syd.since).toBeGreaterThanOrEqual(before);
    expect(syd.since).toBeLessThan(before + 200);
    expect(syd.heardAt).toBeLessThan(before);
    expect(cell(report, LEDGER, "nyc", "fra").state).toBe("equal");
    expect(report.members.find(({ name }) => name === "syd")).toMatchObject({ answered: false, why: "no link" });
    const [first] = report.messages;
    expect(first).toMatchObject({ code: "behind", severity: "error" });
    expect(first!.text).toMatch(
      /^"syd" lacks by its last word \d+ \w+ of "final\/\S+" that "\w+" holds, the oldest since \d\d:/,
    );
  });

  test("knows itself that it hears of nobody", async () => {
    const report = await lag("syd");
    expect(report.members.filter(({ answered }) => answered).map(({ name }) => name)).toEqual(["syd"]);
    expect(report.messages.filter(({ code }) => code === "member_silent")).toHaveLength(3);
  });

  test("is equal again when its links are back", async () => {
    await network.vote("fra");
    await network.heal();
    const report = await lag();
    expect(report.messages).toEqual([]);
    expect(cell(report, LEDGER, "syd", "fra").state).toBe("equal");
  });
});

test("a member with which the asked one has no link answers through one in between", async () => {
  await network.cut("fra", "syd");
  const report = await lag();
  expect(report.members.every(({ answered }) => answered)).toBe(true);
  const answer = await network.until(network.at("fra").inspector.gather({ ask: "status" }));
  expect(answer.find(({ member }) => member === "syd")!.reading).toMatchObject({ role: "edge" });
});

test("times are told by the asked member's clock", async () => {
  network.at("nyc").world.skewMs = 700;
  await network.pass(12_000);
  await network.isolate("syd");
  const before = network.time.now;
  await network.vote("nyc");
  await network.pass(2000);
  const { since } = cell(await lag(), LEDGER, "syd", "nyc");
  expect(Math.abs(since! - before)).toBeLessThan(200);
});

test("a gap is named, with what is missing, whose it is, and who has it", async () => {
  const fra = network.replica("fra");
  const doc = fra.tallies.doc;
  const lost = Y.encodeStateVector(doc);
  await network.cut("fra", "nyc");
  await network.cut("syd", "nyc");
  await network.cut("recorder", "nyc");
  const updates: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => updates.push(update));
  fra.publishRegister();
  fra.publishRegister();
  await network.pass(50);
  // The first of the two is lost; the second reaches nyc past its guard, as a fault in it would let it.
  const nyc = network.replica("nyc");
  nyc.apply(`${SHOW}/tallies`, updates.at(-1)!, "fra");
  const next = Y.decodeStateVector(lost).get(doc.clientID)!;
  // Through a link that carries questions, and before the round that repairs it.
  const states = await Promise.all(
    ["fra", "nyc"].map((name) => network.at(name).inspector.read({ ask: "states", show: SHOW })),
  );
  const answers = states.map((reading, i) => ({ member: ["fra", "nyc"][i]!, offsetMs: 0, reading: reading! }));
  const { data, messages } = showLag(answers, network.time.now);
  expect(data.gaps).toMatchObject([
    { document: `${SHOW}/tallies`, member: "nyc", of: `fra/${network.at("fra").member.boot}`, next, holders: ["fra"] },
  ]);
  expect(messages[0]).toMatchObject({ code: "gap", severity: "error" });
  expect(messages[0]!.text).toContain(`GAP: "nyc" misses ${next}`);
  expect(data.cells.find(({ lacking, document }) => lacking === "nyc" && document === `${SHOW}/tallies`)!.state).toBe(
    "gap",
  );
});

test("a hole in a chain is a gap of the ledger", async () => {
  const { fold } = network.replica("nyc").shard(0);
  const boot = "00000000000000aa";
  const batches = new ChainOfBatches({ shard: 0, edge: "fra", boot });
  for (let press = 1; press <= 3; press++) batches.ballots([aBallot({ press })]);
  fold.take(batches.batches[2]!);
  network.replica("syd").shard(0).fold.take(batches.batches[0]!);
  const report = await lag();
  expect(report.data.gaps).toEqual([
    { document: LEDGER, member: "nyc", of: `fra/${boot}`, next: 1, from: 3, holders: ["syd"] },
  ]);
  expect(report.messages[0]!.text).toBe(
    `GAP: "nyc" misses 1 to 2 of fra/${boot} in "${LEDGER}" and got 3; "syd" has it`,
  );
  expect(cell(report, LEDGER, "nyc", "syd")).toMatchObject({ state: "gap", count: 1 });
});
