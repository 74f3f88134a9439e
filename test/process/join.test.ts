// A replica that joins after everything was pruned takes the rest from the recorder, and answers nobody before.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { codeOf, totalsOf } from "../support/edge-client.ts";
import { expectEverywhere, expectFinal, readRoom } from "../support/readings.ts";
import type { ResultsBody } from "../../edge/answers.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";

const SHOW = "latecomers";

let cluster: Cluster;
let crowd: Crowd;

beforeAll(async () => {
  cluster = await Cluster.plan();
  for (const name of ["fra", "nyc", "recorder"]) cluster.member(name).start();
  await cluster.whole();
  await cluster.open(aShow(SHOW));
  crowd = new Crowd(cluster, SHOW, "best");
});
afterAll(() => cluster?.end());

/** Waits until no ledger holds a batch any more. */
const pruned = (edges: readonly string[]) =>
  soon(async () => {
    for (const edge of edges) expect(await cluster.producer(edge).metric("show_unpruned_batches")).toBe(0);
  });

/** Asks an edge that comes up for results until it gives some; returns them, and what it said before. */
async function firstResults(
  edge: string,
): Promise<{ counts: Record<string, number>; before: Set<string | undefined> }> {
  const before = new Set<string | undefined>();
  const reader = cluster.producer(edge);
  return soon(async () => {
    const answer = await reader.get(`/v1/shows/${SHOW}/polls/best/results`).catch(() => undefined);
    if (answer?.status === 200) return { counts: totalsOf(answer.body as ResultsBody), before };
    if (answer) before.add(codeOf(answer));
    throw new Error(`"${edge}" has no results yet: ${JSON.stringify(answer?.body)}`);
  });
}

/** The counts with an entry for every option. */
const all = (counts: Record<string, number>) =>
  Object.fromEntries(OPTIONS.map((option) => [option, counts[option] ?? 0]));

test("a new edge answers with everything or not at all", async () => {
  await each(receivers(300, "early"), (name, i) => crowd.vote(name, OPTIONS[i % 3]!, { at: [["fra", "nyc"][i % 2]!] }));
  await pruned(["fra", "nyc"]);
  cluster.member("syd").start();
  const { counts, before } = await firstResults("syd");
  expect(counts).toEqual(all(crowd.expected()));
  expect([...before].filter((code) => !["unknown_show", "not_ready"].includes(code ?? ""))).toEqual([]);
  await cluster.whole();
  await each(receivers(30, "new"), (name) => crowd.vote(name, "green", { at: ["syd"] }));
  await expectEverywhere(cluster, SHOW, "best", crowd.expected());
});

test("an edge whose disk was wiped gets all from the recorder alone, and is not ready until then", async () => {
  await pruned(cluster.edges);
  const { roster } = await cluster.producer("fra").show(SHOW);
  for (const edge of cluster.edges) await cluster.member(edge).kill();
  cluster.wipe("nyc");
  cluster.member("nyc").start();
  const { counts, before } = await firstResults("nyc");
  expect(counts).toEqual(all(crowd.expected()));
  expect(before).toContain("not_ready");
  for (const edge of ["fra", "syd"]) cluster.member(edge).start();
  await cluster.whole();
  await expectEverywhere(cluster, SHOW, "best", crowd.expected());
  // Its boot before is on no disk any more: pruning and finals wait for it until it is named lost.
  const { edge, boot } = roster.find((entry) => entry.edge === "nyc")!;
  await each(receivers(30, "last"), (name) => crowd.vote(name, "blue", { at: ["nyc"] }));
  expect(await cluster.producer("fra").post(`/v1/shows/${SHOW}/lost`, { edge, boot })).toMatchObject({ status: 200 });
  await pruned(cluster.edges);
});

test("what stands in the documents then is a board, three registers, and nothing else", async () => {
  const tallies = await readRoom(cluster, "nyc", `${SHOW}/tallies`);
  expect([...tallies.getMap("registers").keys()].toSorted()).toEqual(["fra", "nyc", "syd"]);
  await cluster.producer("syd").command(SHOW, "best", "close");
  await expectFinal(cluster, SHOW, "best", crowd.expected());
});
