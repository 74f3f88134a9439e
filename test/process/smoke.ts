// What an edge has to do on whatever runtime it runs: the suite that both doors have to pass, on real processes.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { SAMPLE_SHOW } from "../../edge/cli/sample-show.ts";
import type { RuntimeName } from "../../edge/cli/supervise/program.ts";
import { Board } from "../../crdt/board.ts";
import { startNetwork, type TestNetwork } from "../support/network.ts";
import { until } from "../support/processes.ts";

const SHOW = `/v1/shows/${SAMPLE_SHOW.id}`;
const POLL = SAMPLE_SHOW.polls[0];
const BALLOTS = `${SHOW}/polls/${POLL.id}/ballots`;

/** Runs the suite on a network of this runtime. */
export function smokeSuite(runtime: RuntimeName): void {
  describe(`an edge on ${runtime}`, () => {
    let net: TestNetwork;

    beforeAll(async () => {
      net = await startNetwork(runtime, ["fra", "nyc"]);
      await net.api("fra").createShow(SAMPLE_SHOW);
      await net.api("fra").command(SAMPLE_SHOW.id, POLL.id, "arm");
      await net.api("fra").command(SAMPLE_SHOW.id, POLL.id, "open");
      for (const edge of ["fra", "nyc"]) await until(`the open poll at ${edge}`, () => isOpen(net, edge));
      await until("two edges that are ready", () => net.network.whenWhole(0));
    });
    afterAll(() => net.end());

    const receiver = (subject: string) =>
      net.folder
        .tokenKeys()
        .receivers.sign({ sub: subject, exp: Math.floor(Date.now() / 1000) + 600, role: "receiver", anon: true });
    const cast = (edge: string, subject: string, body: unknown) =>
      fetch(net.address(edge) + BALLOTS, {
        method: "POST",
        headers: { authorization: `Bearer ${receiver(subject)}`, "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    const live = (edge: string) => new WebSocket(`${net.address(edge).replace("http", "ws")}${SHOW}/live`);

    test("says on which runtime it runs, that it is ready, and serves the television's page", async () => {
      expect(net.output()).toContain(`"runtime":"${runtime}"`);
      expect((await fetch(`${net.address("fra")}/readyz`)).status).toBe(200);
      const page = await fetch(`${net.address("fra")}/tv/`);
      expect(page.status).toBe(200);
      expect(page.headers.get("content-type")).toContain("text/html");
    });

    test("hands out tokens by the client's address", async () => {
      const response = await fetch(`${net.address("fra")}/v1/receivers`, { method: "POST" });
      expect(response.status).toBe(201);
      expect(await response.json()).toMatchObject({ edge: "fra" });
    });

    test("acknowledges a ballot, and its retry at the other edge, which count once", async () => {
      const before = await total(net, "nyc");
      expect((await cast("fra", "moves", { option: "anna", press: 1 })).status).toBe(202);
      expect((await cast("nyc", "moves", { option: "anna", press: 1 })).status).toBe(202);
      await until(
        "the ballot at both",
        async () => (await total(net, "nyc")) === before + 1 && (await total(net, "fra")) === before + 1,
      );
    });

    test.for<[what: string, body: string, status: number]>([
      ["no JSON", "{", 400],
      ["another type", '{"option":7,"press":1}', 400],
      ["an unknown option", '{"option":"zoe","press":1}', 422],
      ["an oversized body", JSON.stringify({ option: "x".repeat(5000), press: 1 }), 413],
    ])("refuses %s", async ([, body, status]) => {
      const response = await cast("fra", "wrong", body);
      expect(response.status).toBe(status);
      expect(response.headers.get("content-type")).toContain("application/problem+json");
    });

    test("takes ballots over a WebSocket, each with its receipt", async () => {
      const socket = live("fra");
      const messages = gather(socket);
      await opened(socket);
      socket.send(JSON.stringify({ type: "hello", token: receiver("socket") }));
      await until("the welcome", () => messages.some(({ type }) => type === "welcome"));
      socket.send(JSON.stringify({ type: "ballot", id: "1", poll: POLL.id, option: "ben", press: 1 }));
      const receipt = await until("the receipt", () => messages.find(({ type }) => type === "receipt"));
      expect(receipt).toMatchObject({ id: "1", option: "ben", edge: "fra" });
      socket.close();
    });

    test("refuses an upgrade where the show is unknown, with a readable answer", async () => {
      const socket = new WebSocket(`${net.address("fra").replace("http", "ws")}/v1/shows/none/live`);
      const status = await new Promise((resolve) => {
        socket.once("unexpected-response", (_request, response) => resolve(response.statusCode));
        socket.once("error", () => {});
      });
      expect(status).toBe(404);
    });

    test.for<[what: string, send: (socket: WebSocket) => void, code: number]>([
      ["an oversized message", (socket) => socket.send(new Uint8Array(70_000)), 1009],
      ["a message in endless pieces", (socket) => pieces(socket, 40), 1009],
      ["a frame that is none", (socket) => rawSocket(socket).write(Buffer.from([0xff, 0xff, 0, 1, 2, 3])), 1002],
      ["Yjs from a receiver", (socket) => socket.send(Uint8Array.of(0, 0, 1, 0)), 4400],
    ])("closes a WebSocket on %s, and goes on", async ([, send, code]) => {
      const socket = live("fra");
      socket.on("error", () => {});
      await opened(socket);
      send(socket);
      // 1006, no code at all, where the connection was reset with what we had still sent unread: TCP drops the reason.
      expect([code, 1006]).toContain(await new Promise((resolve) => socket.once("close", resolve)));
      expect((await fetch(`${net.address("fra")}/readyz`)).status).toBe(200);
    });

    test.for<[what: string, message: Uint8Array]>([
      ["garbage", Uint8Array.of(99, 1, 2, 3)],
      ["an oversized message", new Uint8Array(1_100_000)],
    ])("closes a link on %s, and goes on", async ([, message]) => {
      const config = net.folder.configOf(net.folder.edges[0]!.config);
      if (config.role !== "edge") throw new Error("fra is no edge");
      const { host, port } = config.backbone;
      const socket = new WebSocket(`ws://${host}:${port}/link`);
      socket.on("error", () => {});
      await opened(socket);
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.send(message);
      await closed;
      expect((await fetch(`${net.address("fra")}/readyz`)).status).toBe(200);
    });

    test("lets a stock y-websocket client read the board with a reader's token, and nothing without", async () => {
      const token = net.folder.operatorToken("reader");
      const board = await readBoard(net, token);
      expect(board.show?.id).toBe(SAMPLE_SHOW.id);
      const stranger = new WebSocket(`${net.address("fra").replace("http", "ws")}/v1/rooms/${SAMPLE_SHOW.id}/board`);
      const status = await new Promise((resolve) => {
        stranger.once("unexpected-response", (_request, response) => resolve(response.statusCode));
        stranger.once("error", () => {});
      });
      expect(status).toBe(401);
    });
  });
}

async function isOpen(net: TestNetwork, edge: string): Promise<boolean> {
  const { polls } = await net.api(edge).show(SAMPLE_SHOW.id);
  return polls.some(({ id, state }) => id === POLL.id && state === "open");
}

/** Choices in force in the poll, as an edge has them. */
async function total(net: TestNetwork, edge: string): Promise<number> {
  const { results } = await net.api(edge).results(SAMPLE_SHOW.id);
  const found = results.find(({ poll }) => poll === POLL.id);
  if (!found || "hidden" in found) throw new Error(`"${edge}" does not show the results`);
  return found.counts.reduce((sum, { anonymous, signed }) => sum + anonymous + signed, 0);
}

async function readBoard(net: TestNetwork, token: string): Promise<Board> {
  const doc = new Y.Doc();
  const server = `${net.address("fra").replace("http", "ws")}/v1/rooms`;
  const provider = new WebsocketProvider(server, `${SAMPLE_SHOW.id}/board`, doc, {
    params: { token },
    disableBc: true,
  });
  await new Promise<void>((resolve) => provider.on("sync", () => resolve()));
  provider.destroy();
  provider.awareness.destroy();
  return new Board(doc);
}

function opened(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
}

function gather(socket: WebSocket): Record<string, unknown>[] {
  const messages: Record<string, unknown>[] = [];
  socket.on("message", (data: Buffer) => messages.push(JSON.parse(data.toString("utf8")) as Record<string, unknown>));
  return messages;
}

/** Pieces of 10 kB of a message that never ends. */
function pieces(socket: WebSocket, count: number): void {
  for (let i = 0; i < count; i++) socket.send(new Uint8Array(10_000), { fin: false });
}

/** The TCP connection below, to send what `ws` would not. */
function rawSocket(socket: WebSocket): NodeJS.WritableStream {
  return Reflect.get(socket, "_socket") as NodeJS.WritableStream;
}
