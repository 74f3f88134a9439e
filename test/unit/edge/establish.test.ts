// A show is created at two edges, in one moment or on two sides of a partition: one stands, everywhere and for ever.
import { beforeEach, describe, expect, test } from "vitest";
import { ESTABLISH_PATIENCE_MS } from "../../../edge/creation.ts";
import { isRefusal, type Refusal } from "../../../edge/refusal.ts";
import type { ShowDefinition, ShowService } from "../../../edge/service.ts";
import { aPoll } from "../../support/ballots.ts";
import { InspectedNetwork, SHOW } from "../../support/inspected-network.ts";

const EDGES = ["fra", "nyc", "syd"];

let network: InspectedNetwork;

beforeEach(async () => {
  network = await InspectedNetwork.startWithoutShow(EDGES);
});

function create(at: string, given: Partial<ShowDefinition> = {}): Promise<ShowService | Refusal> {
  const show = { id: SHOW, title: "The final", shards: 1, polls: [aPoll()], ...given };
  return network.at(at).edge!.createShow(show, `producer at ${at}`);
}

const standing = () => EDGES.map((name) => network.at(name).member.replica(SHOW)?.board.show);
const said = (answer: ShowService | Refusal) => (isRefusal(answer) ? answer.refused : answer.definition.title);

function expectOne(): void {
  const [first, ...others] = standing();
  expect(first).toBeDefined();
  for (const other of others) expect(other).toEqual(first);
}

describe("the same file at two edges at once", () => {
  test("is one show with one key, and both are told so", async () => {
    const answers = await network.until(Promise.all([create("fra"), create("syd")]));
    expect(answers.map(said)).toEqual(["The final", "The final"]);
    await network.pass(3000);
    expectOne();
    expect(network.at("fra").member.replica(SHOW)!.board.proposals()).toHaveLength(2);
  });
});

describe("different files at two edges", () => {
  test("at once: one stands, and whoever wanted the other is told", async () => {
    const answers = await network.until(Promise.all([create("fra"), create("syd", { title: "Another", shards: 2 })]));
    await network.pass(3000);
    expectOne();
    const { title } = standing()[0]!;
    expect(answers.map(said).sort()).toEqual([title, "show_exists"].sort());
  });

  test("on two sides of a partition: the recorder's side has it, and the other keeps no key of its own", async () => {
    await network.isolate("syd");
    const alone = await network.until(create("syd", { title: "Another", shards: 2 }));
    const answer = await network.until(create("fra"));
    expect([said(alone), said(answer)]).toEqual(["not_ready", "The final"]);
    expect(network.at("syd").edge!.shows()).toEqual([]);
    const key = standing()[0]!.wrappedKey;
    await network.heal();
    expectOne();
    expect(standing()[2]!.wrappedKey).toBe(key);
    expect(network.at("syd").member.replica(SHOW)!.shards().size).toBe(1);
  });
});

test("without the recorder a show is proposed, and stands once it is back", async () => {
  for (const name of EDGES) await network.cut(name, "recorder");
  const before = network.time.now;
  expect(said(await network.until(create("fra")))).toBe("not_ready");
  expect(network.time.now - before).toBeGreaterThanOrEqual(ESTABLISH_PATIENCE_MS);
  expect(standing()).toEqual([undefined, undefined, undefined]);
  await network.heal();
  expectOne();
  expect(said(await create("nyc"))).toBe("show_exists");
});
