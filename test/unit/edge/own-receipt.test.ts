import { beforeEach, describe, expect, test } from "vitest";
import type { Receipt } from "../../../edge/receipt.ts";
import { parseBatchName } from "../../../edge/own-receipt.ts";
import { aPoll } from "../../support/ballots.ts";
import { InspectedNetwork, SHOW } from "../../support/inspected-network.ts";
import { wanted } from "../../support/lone-edge.ts";
import { problemOf } from "./harness.ts";

let network: InspectedNetwork;

beforeEach(async () => {
  const first = aPoll({ id: "first", index: 1, mode: "first" });
  network = await InspectedNetwork.start(["fra", "nyc"], [aPoll(), first]);
  await network.openPolls();
});

const batchOf = ({ shard, edge, boot, sequence }: Receipt) => `${shard}/${edge}/${boot}/${sequence}`;

function tokenOf(subject: string): string {
  const exp = Math.floor(network.time.now / 1000) + 3600;
  return network.keys.receivers.sign({ sub: subject, exp, role: "receiver", anon: true });
}

async function ask(code: string, { subject = "anna", batch = "", at = "nyc" } = {}): Promise<Response> {
  const query = batch === "" ? "" : `?batch=${encodeURIComponent(batch)}`;
  return network.get(at, `/v1/receipts/${code}${query}`, tokenOf(subject));
}

const read = async (response: Promise<Response>) => (await (await response).json()) as Record<string, unknown>;

test("a viewer's own ballot is told at any edge, with who has it where its batch is named", async () => {
  const receipt = await network.vote("fra");
  await network.pass(2000);
  expect(await read(ask(receipt.code))).toEqual({
    code: receipt.code,
    show: SHOW,
    poll: "best",
    option: "red",
    press: 1,
    k: 1,
    state: "counted",
  });
  expect(await read(ask(receipt.code.toLowerCase(), { batch: batchOf(receipt) }))).toMatchObject({
    state: "counted",
    accepted_at: receipt.time,
    recorded: true,
    edges: { have: 2, of: 2 },
  });
});

test("what another edge does not have yet is not said to be everywhere", async () => {
  await network.cut("fra", "nyc");
  await network.cut("recorder", "nyc");
  await network.cut("recorder", "fra");
  const receipt = await network.vote("fra");
  await network.pass(500);
  expect(await read(ask(receipt.code, { at: "fra", batch: batchOf(receipt) }))).toMatchObject({
    recorded: false,
    edges: { have: 1, of: 2 },
  });
});

test("a ballot that gave way to a later choice is told as replaced, in each mode as its rules have it", async () => {
  const first = await network.vote("fra");
  await network.vote("nyc", { press: 2, option: "blue" });
  await network.pass(1000);
  const replaced = await read(ask(first.code));
  expect(replaced).toMatchObject({ state: "replaced", press: 1 });
  expect(replaced).not.toHaveProperty("option");
});

test("once the result stands, a ballot is in it or was late", async () => {
  const receipt = await network.vote("fra");
  await network.until(wanted(network.at("fra").edge!.show(SHOW)).deeds.close("best", "producer"));
  await network.pass(6000);
  expect(await read(ask(receipt.code, { batch: batchOf(receipt) }))).toMatchObject({ state: "closed", option: "red" });
});

describe("nobody else's ballot is told", () => {
  test("to another viewer, with or without its batch", async () => {
    const receipt = await network.vote("fra");
    await network.pass(1000);
    for (const batch of ["", batchOf(receipt)])
      expect(await problemOf(await ask(receipt.code, { subject: "ben", batch }))).toMatchObject({ code: "not_found" });
  });

  test("nor is one that is none", async () => {
    for (const code of ["RB-000000", "nonsense"]) expect((await ask(code)).status).toBe(404);
    expect(await problemOf(await ask("RB-000000", { batch: "0/fra/x/1" }))).toMatchObject({ code: "malformed" });
  });

  test("nor to an operator", async () => {
    const operator = network.keys.operators.sign({ sub: "o", exp: 4_000_000_000, role: "producer", shows: "*" });
    expect((await network.get("fra", "/v1/receipts/RB-000000", operator)).status).toBe(403);
  });

  test("nor as often as one likes", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 60; i++) statuses.push((await ask("RB-000000")).status);
    expect(statuses).toContain(429);
  });
});

test.for([
  ["0/fra/00a1b2c3d4e5f607/12", { chain: "0/fra/00a1b2c3d4e5f607", sequence: 12 }],
  ["0/fra/00a1b2c3d4e5f607/0", undefined],
  ["0/fra/00a1b2c3d4e5f607", undefined],
  ["x/fra/00a1b2c3d4e5f607/1", undefined],
] as const)("a batch's name: %s", ([text, name]) => {
  expect(parseBatchName(text)).toEqual(name);
});
