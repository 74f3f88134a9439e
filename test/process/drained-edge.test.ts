// An edge that is drained and never started again: no result waits for it, and nothing of it is lost.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { expectFinal, expectRecorded, readDatabase } from "../support/readings.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";

const EDGES = ["fra", "nyc", "syd"] as const;
const SHOW = "drained";
const POLLS = ["first", "second", "third"] as const;

let cluster: Cluster;
let boot: string;
const counted = new Map<string, Record<string, number>>();

beforeAll(async () => {
  const [poll] = aShow(SHOW).polls;
  cluster = await Cluster.start();
  await cluster.producer("syd").create({ ...aShow(SHOW), polls: POLLS.map((id) => ({ ...poll!, id })) });
  await cluster.whole();
  boot = await bootOf("fra");
});
afterAll(() => cluster?.end());

const roster = async () => (await cluster.producer("syd").show(SHOW)).roster;
const bootOf = async (edge: string) => (await roster()).find((entry) => entry.edge === edge)!.boot;
const command = (poll: string, ...deeds: ("arm" | "open" | "close")[]) =>
  cluster.producer("syd").command(SHOW, poll, ...deeds);

async function crowdOf(poll: string, at: readonly string[]): Promise<Crowd> {
  await command(poll, "arm", "open");
  const crowd = new Crowd(cluster, SHOW, poll);
  await each(receivers(60, "tv"), (name, i) => crowd.vote(name, OPTIONS[i % 3]!, { at: [at[i % at.length]!, "syd"] }));
  return crowd;
}

test("a poll that was open when it was drained is final without it, and counts what it took", async () => {
  const crowd = await crowdOf("first", EDGES);
  expect(crowd.receipts.some(({ edge }) => edge === "fra")).toBe(true);
  expect(await cluster.member("fra").stop()).toBe(0);
  expect(cluster.member("fra").logged("results wait for this boot: the recorder does not have all of it")).toEqual([]);
  // Some change their minds elsewhere, where its ballots have to be known.
  await each(receivers(15, "tv"), (name) => crowd.vote(name, "green", { at: ["nyc"] }));
  await command("first", "close");
  counted.set("first", crowd.expected());
  const { lost } = await expectFinal(cluster, SHOW, "first", counted.get("first")!);
  expect(lost).toEqual([]);
  expect((await roster()).find((entry) => entry.boot === boot)).toMatchObject({ state: "drained", lost: false });
});

test("a poll that opens after it has gone is final without it, though another edge was killed in it, once that is back", async () => {
  const crowd = await crowdOf("second", ["nyc", "syd"]);
  const killed = await bootOf("nyc");
  await cluster.member("nyc").kill();
  await command("second", "close");
  await soon(async () => {
    const { polls } = await cluster.producer("syd").show(SHOW);
    expect(polls.find(({ id }) => id === "second")?.waiting_for).toEqual([`seal of nyc/${killed}`]);
  });
  await cluster.revive("nyc");
  counted.set("second", crowd.expected());
  const { lost } = await expectFinal(cluster, SHOW, "second", counted.get("second")!);
  expect(lost).toEqual([]);
});

test("started again after all, it takes part as ever", async () => {
  await cluster.revive("fra");
  const crowd = await crowdOf("third", EDGES);
  expect(crowd.receipts.some(({ edge }) => edge === "fra")).toBe(true);
  await command("third", "close");
  counted.set("third", crowd.expected());
  expect((await expectFinal(cluster, SHOW, "third", counted.get("third")!)).lost).toEqual([]);
  expect((await roster()).map((entry) => entry.boot)).not.toContain(boot);
});

test("the database has it all", async () => {
  const show = await cluster.producer("syd").show(SHOW);
  expect(await cluster.recorder.stop()).toBe(0);
  const recorded = await readDatabase(`file:${cluster.file("recorder")}`, SHOW);
  for (const [poll, counts] of counted) await expectRecorded(recorded, show, poll, counts);
});
