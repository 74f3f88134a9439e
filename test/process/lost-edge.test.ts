// An edge that does not return, one whose disk is read back in, and one whose disk is gone.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers, type Receipt } from "../support/crowd.ts";
import { expectFinal, expectRecorded, readDatabase } from "../support/readings.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";

const EDGES = ["fra", "nyc", "syd"] as const;
const SHOW = "loss";

let cluster: Cluster;

beforeAll(async () => {
  const [poll] = aShow(SHOW).polls;
  cluster = await Cluster.start({ proxied: true });
  await cluster.producer("nyc").create({
    ...aShow(SHOW),
    polls: [
      { ...poll!, id: "first" },
      { ...poll!, id: "second" },
    ],
  });
  await cluster.whole();
});
afterAll(() => cluster?.end());

const bootOf = async (edge: string) =>
  (await cluster.producer("nyc").show(SHOW)).roster.find((entry) => entry.edge === edge)!.boot;

const nameLost = async (edge: string, boot: string) =>
  expect(await cluster.producer("nyc").post(`/v1/shows/${SHOW}/lost`, { edge, boot })).toMatchObject({ status: 200 });

const waitsFor = (poll: string, what: string) =>
  soon(async () => {
    const { polls } = await cluster.producer("nyc").show(SHOW);
    expect(polls.find(({ id }) => id === poll)?.waiting_for).toContain(what);
  });

let counted: Record<string, number>;

test("a final waits for an edge that was killed, until a producer names its boot lost", async () => {
  const crowd = new Crowd(cluster, SHOW, "first");
  await cluster.producer("nyc").command(SHOW, "first", "arm", "open");
  await each(receivers(60, "early"), (name, i) =>
    crowd.vote(name, OPTIONS[i % 3]!, { at: [EDGES[i % 3]!], level: "peer" }),
  );
  const boot = await bootOf("fra");
  // From here on fra's ballots are on its own disk only.
  cluster.isolate("fra");
  await each(receivers(20, "stranded"), (name) => crowd.vote(name, "red", { at: ["fra"] }));
  await each(receivers(20, "saved"), (name) => crowd.vote(name, "red", { at: ["fra"] }));
  await cluster.member("fra").kill();
  await each(receivers(20, "saved"), (name) => crowd.vote(name, "blue", { at: ["fra", "syd"] }));
  await cluster.producer("nyc").command(SHOW, "first", "close");
  await waitsFor("first", `seal of fra/${boot}`);
  await nameLost("fra", boot);
  counted = crowd.expected(new Set(receivers(20, "stranded")));
  const final = await expectFinal(cluster, SHOW, "first", counted);
  expect(final.lost).toEqual([`fra/${boot}`]);
});

test("its disk read back in, what nobody had heard of is kept and shown as late, and changes no result", async () => {
  cluster.rejoin("fra");
  await cluster.revive("fra");
  await soon(async () => {
    for (const edge of EDGES)
      expect(await cluster.producer(edge).results(SHOW, "first")).toMatchObject({ final: { late: 40 } });
  });
  await expectFinal(cluster, SHOW, "first", counted);
});

test("of an edge whose disk is lost, exactly what no second replica had is lost", async () => {
  const crowd = new Crowd(cluster, SHOW, "second");
  await cluster.producer("nyc").command(SHOW, "second", "arm", "open");
  await each(receivers(60, "early"), (name, i) =>
    crowd.vote(name, OPTIONS[i % 3]!, { at: [EDGES[i % 3]!], level: "peer" }),
  );
  const boot = await bootOf("syd");
  cluster.isolate("syd");
  const stranded: (Receipt | undefined)[] = [];
  await each(receivers(20, "stranded"), async (name) => stranded.push(await crowd.vote(name, "red", { at: ["syd"] })));
  await cluster.member("syd").kill();
  cluster.wipe("syd");
  cluster.rejoin("syd");
  await cluster.revive("syd");
  await each(receivers(20, "back"), (name) => crowd.vote(name, "green", { at: ["syd"] }));
  await cluster.producer("syd").command(SHOW, "second", "close");
  await waitsFor("second", `seal of syd/${boot}`);
  await nameLost("syd", boot);
  const { cut, lost } = await expectFinal(cluster, SHOW, "second", crowd.expected(new Set(receivers(20, "stranded"))));
  expect(lost).toContain(`syd/${boot}`);
  // A receipt names its batch, and the final its cut: who is not counted can be told.
  const beyond = (receipt: Receipt) =>
    receipt.sequence > (cut[`${receipt.shard}/${receipt.edge}/${receipt.boot}`] ?? 0);
  const names = (receipts: readonly (Receipt | undefined)[]) => new Set(receipts.map((receipt) => receipt?.code));
  expect(names(crowd.receipts.filter(beyond))).toEqual(names(stranded));
});

test("the database has it all: both finals, and the late batches", async () => {
  const show = await cluster.producer("nyc").show(SHOW);
  expect(await cluster.recorder.stop()).toBe(0);
  const recorded = await readDatabase(`file:${cluster.file("recorder")}`, SHOW);
  await expectRecorded(recorded, show, "first", counted);
});
