// Edges that do not reach one another: both sides accept, and afterwards all are equal.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster, type Cut } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { codeOf } from "../support/edge-client.ts";
import { expectEverywhere, expectFinal } from "../support/readings.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";

const EDGES = ["fra", "nyc", "syd"] as const;
/** The show of the polls below, each for one test. */
const SHOW = "split";
/** Long enough for a hundred ballots on a busy machine. */
const TIMED_MS = 6000;

let cluster: Cluster;

beforeAll(async () => {
  const [poll] = aShow(SHOW).polls;
  cluster = await Cluster.start({ proxied: true });
  const polls = ["black-hole", "refusing", "slow", "paused", "asked", "timed", "both-lost"].map((id) => ({
    ...poll!,
    id,
  }));
  await cluster.producer("fra").create({ ...aShow(SHOW), polls });
  await cluster.whole();
});
afterAll(() => cluster?.end());

/** Waits until the edge knows that it has lost its links. */
const noticed = (edge: string) =>
  soon(async () => expect((await cluster.health(edge)).links.filter(({ open }) => open)).toEqual([]));

test.for<[id: string, cut: Cut]>([
  ["black-hole", { is: "black hole" }],
  ["refusing", { is: "refusing" }],
  ["slow", { is: "slow", ms: 400 }],
])("while links are %s both sides accept, and then all are equal", async ([id, cut]) => {
  const crowd = new Crowd(cluster, SHOW, id);
  await cluster.producer("nyc").command(SHOW, id, "arm", "open");
  const [before, during, after] = [receivers(60, "before"), receivers(60, "during"), receivers(60, "after")];
  await each(before, (name, i) => crowd.vote(name, OPTIONS[i % 3]!, { at: [EDGES[i % 3]!] }));
  cluster.isolate("fra", cut);
  await each(during, (name, i) => crowd.vote(name, OPTIONS[i % 2]!, { at: [EDGES[i % 3]!] }));
  if (cut.is !== "slow") await noticed("fra");
  await each(after, (name, i) => crowd.vote(name, OPTIONS[i % 2]!, { at: [EDGES[i % 3]!] }));
  // The same receivers on both sides, one after the other: the later press counts, wherever it was made.
  await each(before, (name, i) => crowd.vote(name, "red", { at: [i % 2 ? "fra" : "syd"] }));
  await each(
    before.filter((_, i) => i % 3 > 0),
    (name, i) => crowd.vote(name, "blue", { at: [i % 2 ? "nyc" : "fra"] }),
  );
  cluster.rejoin("fra");
  await cluster.whole();
  await expectEverywhere(cluster, SHOW, id, crowd.expected());
  await cluster.producer("fra").command(SHOW, id, "close");
  await expectFinal(cluster, SHOW, id, crowd.expected());
});

test("an edge that stands still for a while is as if cut off, and then as the others", async () => {
  const crowd = new Crowd(cluster, SHOW, "paused");
  await cluster.producer("nyc").command(SHOW, "paused", "arm", "open");
  await each(receivers(60, "before"), (name, i) => crowd.vote(name, OPTIONS[i % 3]!, { at: [EDGES[i % 3]!] }));
  cluster.member("syd").signal("SIGSTOP");
  const waiting = each(receivers(20, "patient"), (name) => crowd.vote(name, "red", { at: ["syd"] }));
  await soon(async () => {
    const { links } = await cluster.health("nyc");
    expect(links).toContainEqual(expect.objectContaining({ peer: "syd", open: false }));
  });
  await each(receivers(40, "during"), (name, i) => crowd.vote(name, "blue", { at: [EDGES[i % 2]!] }));
  cluster.member("syd").signal("SIGCONT");
  await waiting;
  await cluster.whole();
  await expectEverywhere(cluster, SHOW, "paused", crowd.expected());
});

test("polls close on both sides of a cut, by their time or because both are asked, and are final on none", async () => {
  const polls = ["timed", "asked"];
  const crowds = polls.map((poll) => new Crowd(cluster, SHOW, poll));
  const [nyc, viewers] = [cluster.producer("nyc"), receivers(30, "viewer")];
  for (const poll of polls) await nyc.command(SHOW, poll, "arm");
  await nyc.command(SHOW, "asked", "open");
  expect(await nyc.post(`/v1/shows/${SHOW}/polls/timed/open`, { duration_ms: TIMED_MS })).toMatchObject({
    status: 200,
  });
  for (const crowd of crowds)
    await each(viewers, (name, i) => crowd.vote(name, OPTIONS[i % 3]!, { at: [EDGES[i % 3]!] }));
  cluster.isolate("fra");
  for (const crowd of crowds)
    await each(viewers, (name, i) => crowd.vote(name, "green", { at: [EDGES[(i + 1) % 3]!] }));
  await noticed("fra");
  for (const side of ["fra", "nyc"]) await cluster.producer(side).command(SHOW, "asked", "close");
  for (const crowd of crowds)
    for (const side of EDGES)
      await soon(async () => {
        expect(codeOf(await crowd.press(`late-at-${side}`, { press: 1, option: "red" }, side))).toBe("poll_closed");
      });
  // Each side says what it waits for.
  for (const poll of polls)
    for (const side of EDGES)
      await soon(async () => {
        const { state, waiting_for } = (await cluster.producer(side).show(SHOW)).polls.find(({ id }) => id === poll)!;
        const missing = expect.stringMatching(side === "fra" ? /seal of (nyc|syd)/ : /seal of fra/);
        expect({ state, waiting_for }).toEqual({ state: "closed", waiting_for: expect.arrayContaining([missing]) });
      });
  cluster.rejoin("fra");
  for (const [i, poll] of polls.entries()) await expectFinal(cluster, SHOW, poll, crowds[i]!.expected());
});

test("of two sides that name each other lost, the recorder's gets a final, and it stands everywhere", async () => {
  const crowd = new Crowd(cluster, SHOW, "both-lost");
  await cluster.producer("nyc").command(SHOW, "both-lost", "arm", "open");
  await each(receivers(30, "viewer"), (name, i) => crowd.vote(name, OPTIONS[i % 3]!, { at: [EDGES[i % 3]!] }));
  await expectEverywhere(cluster, SHOW, "both-lost", crowd.expected());
  const boots = Object.fromEntries(
    (await cluster.producer("fra").show(SHOW)).roster.map(({ edge, boot }) => [edge, boot]),
  );
  cluster.isolate("fra", { is: "black hole" });
  await each(receivers(15, "at-fra"), (name) => crowd.vote(name, "red", { at: ["fra"] }));
  await each(receivers(15, "at-nyc"), (name) => crowd.vote(name, "blue", { at: ["nyc"] }));
  for (const [side, lost] of [
    ["fra", ["nyc", "syd"]],
    ["nyc", ["fra"]],
  ] as const) {
    const producer = cluster.producer(side);
    await producer.command(SHOW, "both-lost", "close");
    for (const edge of lost)
      expect(await producer.post(`/v1/shows/${SHOW}/lost`, { edge, boot: boots[edge] })).toMatchObject({ status: 200 });
  }
  const final = await soon(async () => {
    const { final } = await cluster.producer("nyc").results(SHOW, "both-lost");
    return final ?? expect.fail("there is no final yet");
  });
  expect(final.lost).toEqual([`fra/${boots["fra"]}`]);
  expect(await cluster.producer("fra").results(SHOW, "both-lost")).not.toHaveProperty("final");
  cluster.rejoin("fra");
  // Whoever hears that it was named lost ends, so that nothing more is said in that boot's name; its next boot is welcome.
  await each(EDGES, (edge) => cluster.member(edge).ended);
  for (const edge of EDGES) cluster.member(edge).start();
  await cluster.whole();
  const { at } = await expectFinal(cluster, SHOW, "both-lost", crowd.expected(new Set(receivers(15, "at-fra"))));
  expect(at).toBe(final.at);
});
