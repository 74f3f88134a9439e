// The whole diagram once, with real processes: read this first.
//
//     receiver ──► edge ──► log ──► receipt        edges ──► one another        ──► recorder ──► libSQL
//                                                  tallies, board ──► stock y-websocket clients
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import type { ContentBody, ResultsBody } from "../edge/answers.ts";
import type { Register } from "../crdt/tallies.ts";
import { Cluster } from "./support/cluster.ts";
import { Crowd, each, receivers } from "./support/crowd.ts";
import { codeOf, totalsOf } from "./support/edge-client.ts";
import { LiveReceiver } from "./support/live-receiver.ts";
import { expectEverywhere, expectFinal, expectRecorded, readDatabase } from "./support/readings.ts";
import { soon } from "./support/soon.ts";
import type * as v from "valibot";

/** What a producer writes: one file a show. */
const SHOW = {
  id: "talent-final",
  title: "The talent final",
  polls: [
    {
      id: "winner",
      question: "Who shall win?",
      options: [
        { id: "anna", text: "Anna, the singer" },
        { id: "ben", text: "Ben, the juggler" },
      ],
      grace_ms: 500,
    },
  ],
};
const EDGES = ["fra", "nyc", "syd"] as const;

let cluster: Cluster;
let crowd: Crowd;
let player: LiveReceiver;

beforeAll(async () => {
  cluster = await Cluster.start({ edges: EDGES });
  crowd = new Crowd(cluster, SHOW.id, "winner");
});
afterAll(() => cluster?.end());

const contentAt = async (edge: string) =>
  (await cluster.client(edge).get(`/v1/shows/${SHOW.id}/content`)).body as v.InferOutput<typeof ContentBody>;

test("a show made and opened at one edge, and a page published there, are soon everybody's", async () => {
  const fra = cluster.producer("fra");
  await fra.create(SHOW);
  await fra.command(SHOW.id, "winner", "arm", "open");
  const page = { title: "Tonight", text: "Two acts, one winner." };
  expect(await fra.ask("PUT", `/v1/shows/${SHOW.id}/content/tonight`, page)).toMatchObject({ status: 200 });
  for (const edge of EDGES)
    await soon(async () => {
      const { polls, content } = await contentAt(edge);
      expect(polls).toMatchObject([{ id: "winner", state: "open", options: SHOW.polls[0]!.options }]);
      expect(content).toMatchObject([{ id: "tonight", ...page }]);
    });
  // Takes ballots: synced, its clock compared, known to the recorder.
  for (const edge of EDGES)
    await soon(async () => expect(await cluster.client(edge).get("/readyz")).toMatchObject({ status: 200 }));
});

test("a television asks for a token, presses over HTTP, and gets a receipt; so does its retry, which counts once", async () => {
  const admitted = await cluster.client("nyc").post("/v1/receivers");
  expect(admitted.status).toBe(201);
  const { token } = admitted.body as { token: string };
  // The token is good at every edge, and at each of them it is the same receiver.
  for (const edge of ["nyc", "nyc", "syd"]) {
    const path = `/v1/shows/${SHOW.id}/polls/winner/ballots`;
    const answer = await cluster.client(edge, token).post(path, { option: "anna", press: 1 });
    expect(answer).toMatchObject({ status: 202, body: { poll: "winner", option: "anna", press: 1, shard: 0, edge } });
    expect(answer.body).toMatchObject({
      code: expect.stringMatching(/^RB-[0-9A-Z]{6}$/),
      sequence: expect.any(Number),
    });
  }
  await expectEverywhere(cluster, SHOW.id, "winner", { anna: 1 });
});

test("a web player presses on its WebSocket and is told what changes", async () => {
  player = await LiveReceiver.join(
    cluster.address("syd"),
    SHOW.id,
    cluster.receiverToken("player", { anonymous: false }),
  );
  expect(await player.hears(({ type }) => type === "content")).toMatchObject({
    polls: [{ id: "winner", state: "open" }],
  });
  const receipt = await player.cast({ poll: "winner", option: "ben", press: 1 });
  expect(receipt).toMatchObject({ type: "receipt", option: "ben", press: 1, edge: "syd" });
  await expectEverywhere(cluster, SHOW.id, "winner", { anna: 1, ben: 1 });
});

test("an audience votes at all edges; some change their minds, at whatever edge", async () => {
  const audience = receivers(300, "viewer");
  await each(audience, (name, i) => crowd.vote(name, i % 3 === 0 ? "ben" : "anna", { at: [EDGES[i % 3]!] }));
  const fickle = audience.filter((_, i) => i % 10 === 0);
  await each(fickle, (name, i) => crowd.vote(name, "ben", { at: [EDGES[(i + 1) % 3]!], level: "peer" }));
  const { anna = 0, ben = 0 } = crowd.expected();
  await expectEverywhere(cluster, SHOW.id, "winner", { anna: anna + 1, ben: ben + 1 });
});

test("results are hidden from viewers while the poll is open, and from everyone without a reader's token", async () => {
  for (const edge of EDGES) {
    const path = `/v1/shows/${SHOW.id}/polls/winner/results`;
    expect(codeOf(await cluster.client(edge).get(path))).toBe("results_hidden");
    expect((await contentAt(edge)).polls[0]).not.toHaveProperty("counts");
    expect(await cluster.client(edge, cluster.operatorToken("reader")).get(path)).toMatchObject({ status: 200 });
  }
  expect(JSON.stringify(player.messages)).not.toContain("counts");
});

test("the stock y-websocket client reads tallies and board live, with a reader's token and not without", async () => {
  const server = `${cluster.address("nyc").replace("http", "ws")}/v1/rooms`;
  const room = `${SHOW.id}/tallies`;
  const connect = (params: Record<string, string>) =>
    new WebsocketProvider(server, room, new Y.Doc(), { params, disableBc: true });
  const reader = connect({ token: cluster.operatorToken("reader", [SHOW.id]) });
  const stranger = connect({});
  const viewer = connect({ token: cluster.receiverToken("viewer-1") });
  const failures = [stranger, viewer].map((each) => new Promise((resolve) => each.once("connection-error", resolve)));
  try {
    const registers = reader.doc.getMap<Register>("registers");
    const { anna = 0 } = crowd.expected();
    const annas = () => registers.get("fra")?.shards["0"]?.polls["winner"]?.anonymous[0];
    await soon(() => expect(annas()).toBe(anna + 1));
    // Live: what is pressed now is there without asking again.
    await crowd.vote("latecomer", "anna", { at: ["fra"] });
    await soon(() => expect(annas()).toBe(anna + 2));
    await Promise.all(failures);
    for (const { doc } of [stranger, viewer]) expect(doc.getMap("registers").size).toBe(0);
  } finally {
    for (const provider of [reader, stranger, viewer]) provider.destroy();
  }
});

test("what a reader writes changes nothing", async () => {
  const server = `${cluster.address("fra").replace("http", "ws")}/v1/rooms`;
  const params = { token: cluster.operatorToken("reader") };
  const forger = new WebsocketProvider(server, `${SHOW.id}/tallies`, new Y.Doc(), { params, disableBc: true });
  try {
    const closed = new Promise<number | undefined>((resolve) =>
      forger.once("connection-close", (event) => resolve(event?.code)),
    );
    await soon(() => expect(forger.synced).toBe(true));
    forger.doc.getMap("registers").set("fra", { boot: "0000000000000000", shards: {} });
    expect(await closed).toBe(4400);
  } finally {
    forger.destroy();
  }
  const { anna = 0, ben = 0 } = crowd.expected();
  await expectEverywhere(cluster, SHOW.id, "winner", { anna: anna + 1, ben: ben + 1 });
});

test("after closing, every edge seals, the recorder latches one final, and it is the same everywhere", async () => {
  await cluster.producer("syd").command(SHOW.id, "winner", "close");
  const { anna = 0, ben = 0 } = crowd.expected();
  const final = await expectFinal(cluster, SHOW.id, "winner", { anna: anna + 1, ben: ben + 1 });
  expect(final.lost).toEqual([]);
  expect(new Set(Object.keys(final.cut).map((chain) => chain.split("/")[1]))).toEqual(new Set(EDGES));
  const late = cluster.client("nyc", cluster.receiverToken("too-late"));
  const answer = await late.post(`/v1/shows/${SHOW.id}/polls/winner/ballots`, { option: "anna", press: 1 });
  expect(codeOf(answer)).toBe("poll_closed");
});

test("released, the result is shown to everyone, on the WebSocket too", async () => {
  const hidden = await cluster.client("fra").get(`/v1/shows/${SHOW.id}/polls/winner/results`);
  expect(codeOf(hidden)).toBe("results_hidden");
  await cluster.producer("nyc").command(SHOW.id, "winner", "release");
  const { anna = 0, ben = 0 } = crowd.expected();
  for (const edge of EDGES)
    await soon(async () => {
      const { body, status } = await cluster.client(edge).get(`/v1/shows/${SHOW.id}/polls/winner/results`);
      expect(status).toBe(200);
      expect(totalsOf(body as ResultsBody)).toEqual({ anna: anna + 1, ben: ben + 1 });
    });
  const shown = await player.hears((message) => JSON.stringify(message).includes("counts"));
  // Those whom the broadcaster vouches for are counted apart.
  expect(shown).toMatchObject({
    polls: [
      {
        counts: [
          { option: "anna", anonymous: anna + 1, signed: 0 },
          { option: "ben", anonymous: ben, signed: 1 },
        ],
      },
    ],
  });
  player.close();
});

test("the permanent database says the same, read with plain SQL: its final, and its batches folded anew", async () => {
  const show = await cluster.producer("fra").show(SHOW.id);
  expect(await cluster.recorder.stop()).toBe(0);
  const recorded = await readDatabase(`file:${cluster.file("recorder")}`, SHOW.id);
  const { anna = 0, ben = 0 } = crowd.expected();
  await expectRecorded(recorded, show, "winner", { anna: anna + 1, ben: ben + 1 });
});
