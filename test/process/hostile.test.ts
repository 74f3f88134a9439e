// Hostile messages of readers, and of members with a valid key: refused or the end of their connection, and no count
// changes. What the guard says to each is tested in test/unit/replicate; here, that a whole network stands it.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { encodeFrame } from "../../crdt/replicate/frame.ts";
import { identityFrom } from "../../crdt/replicate/introduction.ts";
import { deletionDigest } from "../../crdt/replicate/pieces.ts";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { expectEverywhere, expectFinal, readRoom } from "../support/readings.ts";
import { aShow, OPTIONS } from "../support/show-files.ts";
import { Stranger } from "../support/stranger.ts";
import { FIFTEEN } from "../unit/replicate/hostile.ts";
import { rawUpdate } from "../unit/replicate/raw-update.ts";
import { FRA, network, NYC, SYD } from "../unit/replicate/scene.ts";
import { OTHERS } from "../unit/replicate/unwritten.ts";

const SHOW = "fortress";
const DOCUMENTS = { board: `${SHOW}/board`, tallies: `${SHOW}/tallies`, ledger: `${SHOW}/ledger/0` } as const;

let cluster: Cluster;
let crowd: Crowd;

beforeAll(async () => {
  // "eve" is a member whose key has been stolen; "abe" one of nobody.
  cluster = await Cluster.start({ edges: ["fra", "nyc"], absent: ["eve"] });
  await cluster.open(aShow(SHOW));
  crowd = new Crowd(cluster, SHOW, "best");
  await each(receivers(60, "viewer"), (name, i) => crowd.vote(name, OPTIONS[i % 3]!, { at: [cluster.edges[i % 2]!] }));
});
afterAll(() => cluster?.end());

const others: { close(): void }[] = [];
afterEach(() => others.splice(0).forEach((other) => other.close()));

/** Nobody fell or was cut off, votes are still taken, and everyone counts the same. */
async function expectUnharmed(): Promise<void> {
  await cluster.whole();
  await crowd.vote(`after-${crowd.size}`, "green", { at: ["fra"] });
  await expectEverywhere(cluster, SHOW, "best", crowd.expected());
  for (const edge of cluster.edges) expect(cluster.member(edge).logged("edge is up")).toHaveLength(1);
}

describe("a reader", () => {
  /** A reader's socket on a room, and how it ended. */
  async function reader(room: keyof typeof DOCUMENTS) {
    const url = `${cluster.address("fra").replace("http", "ws")}/v1/rooms/${DOCUMENTS[room]}`;
    const socket = new WebSocket(`${url}?token=${cluster.operatorToken("reader")}`);
    others.push(socket);
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return { socket, closed };
  }

  const sync = (step: number, update: Uint8Array) =>
    encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, 0);
      encoding.writeVarUint(encoder, step);
      encoding.writeVarUint8Array(encoder, update);
    });

  test("that sends the fifteen messages which hurt Yjs, as updates and as sync steps, changes nothing", async () => {
    const cases = FIFTEEN.filter(({ kind }) => kind !== "ledger").map((hostile) => ({
      ...hostile,
      bytes: hostile.update(network()),
    }));
    for (const { kind, bytes, name } of cases)
      for (const step of [1, 2]) {
        const { socket, closed } = await reader(kind);
        socket.send(sync(step, bytes));
        // Deletions alone are what a stock client says it knows: they are not looked at.
        if (bytes[0] === 0) continue;
        expect([4400, 1009], name).toContain(await closed);
      }
    await expectUnharmed();
  });

  test.for<[what: string, message: Uint8Array | string, code: number]>([
    ["text", "hello", 4400],
    ["garbage", Uint8Array.of(99, 1, 2, 3), 4400],
    ["nothing", new Uint8Array(), 4400],
    ["a state vector that is none", Uint8Array.of(0, 0, 2, 9, 1), 4400],
    ["an oversized message", new Uint8Array(70_000), 1009],
  ])("that sends %s is closed", async ([, message, code]) => {
    const { socket, closed } = await reader("board");
    socket.send(message);
    expect(await closed).toBe(code);
  });

  test("cannot reach the ledger, nor a room without its token", async () => {
    await expect(reader("ledger")).rejects.toThrow("404");
    const url = `${cluster.address("fra").replace("http", "ws")}/v1/rooms/${DOCUMENTS.board}`;
    const bare = new WebSocket(`${url}?token=${cluster.receiverToken("viewer-1")}`);
    await expect(new Promise((_, reject) => bare.once("error", reject))).rejects.toThrow("403");
  });
});

describe("on the backbone", () => {
  const eve = async () => {
    const stranger = await Stranger.dial(cluster, "eve", "fra");
    others.push(stranger);
    return stranger;
  };

  test("a program without a key of the network is told so, and hears nothing", async () => {
    const { private: key } = cluster.folder.configOf(cluster.folder.edges[0]!.config).keys;
    for (const [name, seed] of [
      ["abe", key],
      ["nyc", new Uint8Array(32).fill(7)],
      ["fra", key],
    ] as const) {
      const forged = identityFrom(name, "edge", seed);
      // A listener is believed at once; it then says that it does not believe the dialer.
      const ended = Stranger.dialAs(cluster, forged, "fra").then(
        ({ closed }) => closed,
        (error: unknown) => error,
      );
      expect(`${name}: ${JSON.stringify(await ended)} ${String(await ended)}`).toMatch(/440[012]/);
    }
  });

  test.for<[what: string, message: Uint8Array | string]>([
    ["garbage", Uint8Array.of(99, 1, 2, 3)],
    ["text", "hello"],
    ["nothing", new Uint8Array()],
    ["a frame out of place", encodeFrame({ type: "ping", time: 1 })],
    ["an oversized frame", new Uint8Array(1_100_000)],
  ])("a socket that begins with %s is closed", async ([, message]) => {
    const { backbone } = cluster.folder.configOf(cluster.folder.edges[0]!.config) as { backbone: { port: number } };
    const socket = new WebSocket(`ws://127.0.0.1:${backbone.port}/link`);
    socket.on("error", () => {});
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send(message);
    expect([4503, 1009, 1006]).toContain(await closed);
  });

  test("a member that sends what hurts Yjs is refused, or cut off where no replica of ours could have sent it", async () => {
    const cases = [...FIFTEEN, ...OTHERS].map(({ name, kind, update }) => ({ name, kind, update: update(network()) }));
    let offences = 0;
    for (const { name, kind, update } of cases) {
      const stranger = await eve();
      // These clients are hers: nothing is refused for want of an introduction.
      stranger.introduce(SYD, FRA, NYC);
      if (update.length > 1_000_000) continue;
      stranger.update(DOCUMENTS[kind], update);
      const ending = await stranger.dealtWith();
      if (ending) expect(ending, name).toMatchObject({ code: 4404 });
      if (ending) offences += 1;
      stranger.close();
    }
    expect(offences).toBeGreaterThan(0);
    await expectUnharmed();
  });

  test("a member that deletes what others wrote, or writes what is not its own, changes nothing", async () => {
    for (const [kind, root] of [
      ["board", "board"],
      ["tallies", "registers"],
    ] as const) {
      const doc = await readRoom(cluster, "fra", DOCUMENTS[kind]);
      const written = [...doc.store.clients.keys()].map((client) => [client, Y.getState(doc.store, client)] as const);
      const stranger = await eve();
      stranger.introduce(4242);
      stranger.update(
        DOCUMENTS[kind],
        rawUpdate(
          [],
          written.map(([client, clock]) => ({ client, ranges: [[0, clock]] })),
        ),
      );
      expect(await stranger.dealtWith()).toBeUndefined();
      const forged = {
        kind: "item",
        parent: root,
        key: "fra",
        content: { kind: "any", values: [{ boot: "", shards: {} }] },
      } as const;
      stranger.update(DOCUMENTS[kind], rawUpdate([{ client: 4242, clock: 0, structs: [forged] }]));
      if (kind === "tallies")
        expect(await stranger.dealtWith()).toMatchObject({
          code: 4404,
          reason: expect.stringMatching(/may not write/),
        });
    }
    expect(cluster.member("fra").logged("update refused").length).toBeGreaterThan(2);
    await expectUnharmed();
  });

  test.for<[document: "board" | "tallies", key: string, value: unknown]>([
    ["board", "show", null],
    ["board", "watermarks", { recorded: {}, pruned: { "no chain": 1 }, deletable: {} }],
    ["board", "roster/eve/00000000000000e1", null],
    ["board", "transition/best/closing", 1],
    ["board", "final/best", { poll: "best", counts: [], cut: {}, lost: [], at: 1 }],
    ["tallies", "eve", 1],
    ["tallies", "eve", { boot: "", shards: { 0: {} } }],
  ])("a value that nobody can read, in the %s under %s, is let in by nobody", async ([kind, key, value]) => {
    const stranger = await eve();
    stranger.introduce(4244);
    const parent = kind === "board" ? "board" : "registers";
    const item = { kind: "item", parent, key, content: { kind: "any", values: [value] } } as const;
    stranger.update(DOCUMENTS[kind], rawUpdate([{ client: 4244, clock: 0, structs: [item] }]));
    expect(await stranger.dealtWith()).toMatchObject({
      code: 4404,
      reason: expect.stringMatching(/is no content for/),
    });
    await expectUnharmed();
  });

  test("a member that lies about states, coverages and batches gets nothing counted", async () => {
    const stranger = await eve();
    stranger.introduce(4243);
    const doc = new Y.Doc();
    const state = { step: "state", vector: Y.encodeStateVector(doc), deletions: deletionDigest(doc) } as const;
    for (const document of Object.values(DOCUMENTS)) stranger.link.send({ type: "sync", document, ...state });
    const chain = "0/fra/0000000000000001";
    stranger.link.send({ type: "covers", show: SHOW, watermark: { [chain]: 4_000_000_000 } });
    stranger.link.send({ type: "stored", show: SHOW, chain, sequence: 4_000_000_000 });
    stranger.link.send({ type: "fetch", show: SHOW, chain, after: 0, upTo: 4_000_000_000 });
    stranger.link.send({ type: "batches", show: SHOW, batches: [Uint8Array.of(1, 2, 3), new Uint8Array(16_384)] });
    stranger.link.send({ type: "batches", show: "a-show-of-nobody", batches: [] });
    stranger.introduce(...Array.from({ length: 15 }, (_, i) => 100_000 + i));
    await stranger.dealtWith();
    await expectUnharmed();
  });
});

test("after all of it the poll comes to its final result", async () => {
  await cluster.producer("nyc").command(SHOW, "best", "close");
  await expectFinal(cluster, SHOW, "best", crowd.expected());
});
