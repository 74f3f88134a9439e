// kill -9 of each edge and of the recorder under load, while one in ten of its receivers votes again elsewhere before it
// is back: no acknowledged ballot is lost, nobody counts twice, and all are equal afterwards.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { expectEverywhere, expectFinal, expectRecorded, readDatabase } from "../support/readings.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";

const SHOW = "crashes";
const EDGES = ["fra", "nyc", "syd"] as const;
const RECEIVERS_PER_EDGE = 200;

let cluster: Cluster;
let crowd: Crowd;

beforeAll(async () => {
  cluster = await Cluster.start({ edges: EDGES });
  await cluster.open(aShow(SHOW));
  crowd = new Crowd(cluster, SHOW, "best");
});
afterAll(() => cluster?.end());

test.for([...EDGES, "recorder"])("killing %s loses and doubles nothing", async (victim) => {
  const homes = new Map(EDGES.map((edge) => [edge, receivers(RECEIVERS_PER_EDGE, `${victim}-${edge}`)]));
  const before = crowd.size;
  const acknowledged = (share: number) =>
    soon(() => expect(crowd.size - before).toBeGreaterThan(share * RECEIVERS_PER_EDGE * EDGES.length));
  const load = [...homes].map(([home, names]) =>
    each(names, (name, i) => crowd.vote(name, OPTIONS[i % 2]!, { at: [home] }), 8),
  );
  await acknowledged(1 / 4);
  await cluster.member(victim).kill();
  // These do not wait for it, whether they had a receipt or not.
  const impatient = EDGES.flatMap((home) => (home === victim ? homes.get(home)! : [])).filter((_, i) => i % 10 === 0);
  await each(impatient, (name) => crowd.vote(name, "blue", { at: EDGES.filter((edge) => edge !== victim) }));
  await acknowledged(1 / 2);
  cluster.member(victim).start();
  await Promise.all(load);
  await cluster.whole();
  // Some change their minds afterwards, at whatever edge.
  const fickle = [...homes.values()].flat().filter((_, i) => i % 7 === 0);
  await each(fickle, (name, i) => crowd.vote(name, "green", { at: [EDGES[i % 3]!] }));
  expect(crowd.size - before).toBe(RECEIVERS_PER_EDGE * EDGES.length);
  await expectEverywhere(cluster, SHOW, "best", crowd.expected());
});

test("the final says the same everywhere, and so does the database folded anew", async () => {
  await cluster.producer("syd").command(SHOW, "best", "close");
  const final = await expectFinal(cluster, SHOW, "best", crowd.expected());
  expect(final.lost).toEqual([]);
  const show = await cluster.producer("fra").show(SHOW);
  expect(await cluster.recorder.stop()).toBe(0);
  await expectRecorded(await readDatabase(`file:${cluster.file("recorder")}`, SHOW), show, "best", crowd.expected());
});
