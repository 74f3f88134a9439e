// Both ways to an edge, against servers on this machine that answer as edges do, or do not.
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import type { Answer } from "../../../edge/cli/audience/answer.ts";
import type { Carrier, Sending } from "../../../edge/cli/audience/carrier.ts";
import { HttpCarrier } from "../../../edge/cli/audience/http-carrier.ts";
import { WebSocketCarrier } from "../../../edge/cli/audience/ws-carrier.ts";

const target = { show: "demo", poll: "best" };
const sending: Sending = {
  token: "t0k3n",
  press: 3,
  option: "red",
  k: 1,
  patienceMs: 1000,
  impatience: "timeout",
  pauseMs: 0,
};
const receipt = { shard: 0, edge: "fra", boot: "01".repeat(8), sequence: 7, time: 5 };
const problem = { code: "not_ready", title: "", detail: "", retry_after_s: 2, known_press: 4 };

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answerOf(carrier: Carrier, given: Partial<Sending> = {}): Promise<Answer> {
  cleanups.push(() => carrier.close());
  return new Promise((resolve) => carrier.send({ ...sending, ...given }, resolve));
}

interface Seen {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** An edge over HTTP that answers each ballot with `answer`. */
async function httpEdge(answer: (response: ServerResponse) => void): Promise<{ address: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (part: Buffer) => (text += part.toString()));
    request.on("end", () => {
      seen.push({ url: request.url, authorization: request.headers.authorization, body: JSON.parse(text) });
      answer(response);
    });
  });
  return { address: await listening(server), seen };
}

/** An edge's WebSocket that welcomes everybody and answers each ballot with `answer`. */
async function wsEdge(
  answer: (socket: WebSocket, ballot: { id: string }) => void,
): Promise<{ address: string; seen: unknown[] }> {
  const seen: unknown[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket: WebSocket) => {
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string; id: string };
      seen.push(message);
      if (message.type === "hello") {
        socket.send(JSON.stringify({ type: "welcome", receiver: "x", revision: "1", time: 1 }));
        socket.send(JSON.stringify({ type: "content", revision: "1", polls: [] }));
      } else answer(socket, message);
    });
  });
  return { address: await listening(server), seen };
}

/** An address at which nobody listens. */
async function nowhere(): Promise<string> {
  const server = createServer();
  const address = await listening(server);
  server.close();
  await once(server, "close");
  return address;
}

describe("over HTTP", () => {
  test("a ballot arrives whole, slow or not, and its receipt is heard", async () => {
    const edge = await httpEdge((response) => response.writeHead(202).end(JSON.stringify(receipt)));
    const carrier = new HttpCarrier(edge.address, target);
    expect(await answerOf(carrier)).toEqual({ is: "receipt", ...receipt });
    expect(await answerOf(carrier, { pauseMs: 20 })).toEqual({ is: "receipt", ...receipt });
    const ballot = {
      url: "/v1/shows/demo/polls/best/ballots",
      authorization: "Bearer t0k3n",
      body: { option: "red", press: 3, k: 1 },
    };
    expect(edge.seen).toEqual([ballot, ballot]);
  });

  test.each<[string, (response: ServerResponse) => void, Answer]>([
    [
      "a problem",
      (response) => response.writeHead(503).end(JSON.stringify(problem)),
      { is: "refused", code: "not_ready", retryAfterMs: 2000, knownPress: 4 },
    ],
    ["a proxy's page", (response) => response.writeHead(502).end("<html>"), { is: "failed", reason: "unreadable" }],
    [
      "a code of tomorrow",
      (response) => response.writeHead(409).end('{"code":"new"}'),
      { is: "failed", reason: "unreadable" },
    ],
    ["a reset", (response) => response.socket?.resetAndDestroy(), { is: "failed", reason: "reset" }],
    [
      "half an answer",
      (response) => void response.writeHead(202, { "Content-Length": 99 }).write("{", () => response.destroy()),
      { is: "failed", reason: "reset" },
    ],
  ])("%s is told from the others", async (_name, answer, heard) => {
    const edge = await httpEdge(answer);
    expect(await answerOf(new HttpCarrier(edge.address, target))).toEqual(heard);
  });

  test("silence ends with the receiver's patience", async () => {
    const edge = await httpEdge(() => {});
    const carrier = new HttpCarrier(edge.address, target);
    expect(await answerOf(carrier, { patienceMs: 30 })).toEqual({ is: "failed", reason: "timeout" });
    expect(await answerOf(carrier, { patienceMs: 30, impatience: "left" })).toEqual({ is: "failed", reason: "left" });
  });

  test("an edge that is not there is unreachable", async () => {
    expect(await answerOf(new HttpCarrier(await nowhere(), target))).toEqual({ is: "failed", reason: "unreachable" });
  });
});

describe("over a WebSocket", () => {
  test("says hello once, and hears a receipt for each ballot, slow or not", async () => {
    const edge = await wsEdge((socket, { id }) => socket.send(JSON.stringify({ type: "receipt", id, ...receipt })));
    const carrier = new WebSocketCarrier(edge.address, target);
    expect(await answerOf(carrier)).toEqual({ is: "receipt", ...receipt });
    expect(await answerOf(carrier, { press: 4, pauseMs: 20 })).toEqual({ is: "receipt", ...receipt });
    expect(edge.seen).toEqual([
      { type: "hello", token: "t0k3n" },
      { type: "ballot", id: "1", poll: "best", option: "red", press: 3, k: 1 },
      { type: "ballot", id: "2", poll: "best", option: "red", press: 4, k: 1 },
    ]);
  });

  test.each<[string, (socket: WebSocket, ballot: { id: string }) => void, Answer]>([
    [
      "a problem",
      (socket, { id }) => socket.send(JSON.stringify({ ...problem, type: "refused", id })),
      { is: "refused", code: "not_ready", retryAfterMs: 2000, knownPress: 4 },
    ],
    [
      "a problem with the token",
      (socket) => socket.send(JSON.stringify({ type: "refused", code: "token_expired" })),
      { is: "refused", code: "token_expired", retryAfterMs: 0 },
    ],
    ["a lost connection", (socket) => socket.terminate(), { is: "failed", reason: "reset" }],
    ["a closed connection", (socket) => socket.close(4503, "draining"), { is: "failed", reason: "reset" }],
  ])("%s is told from the others", async (_name, answer, heard) => {
    const edge = await wsEdge(answer);
    expect(await answerOf(new WebSocketCarrier(edge.address, target))).toEqual(heard);
  });

  test("whoever comes to the wrong shard dials again, with the right one, and says nothing of it", async () => {
    const urls: (string | undefined)[] = [];
    const server = createServer();
    new WebSocketServer({ server }).on("connection", (socket: WebSocket, request) => {
      urls.push(request.url);
      socket.on("message", (data: Buffer) => {
        const { type, id } = JSON.parse(data.toString()) as { type: string; id: string };
        if (type === "ballot") return socket.send(JSON.stringify({ type: "receipt", id, ...receipt }));
        if (request.url?.endsWith("?shard=3")) return socket.send(JSON.stringify({ type: "welcome" }));
        socket.send(JSON.stringify({ type: "refused", code: "wrong_shard", shard: 3 }));
        socket.close(4421);
      });
    });
    const carrier = new WebSocketCarrier(await listening(server), target);
    expect(await answerOf(carrier)).toEqual({ is: "receipt", ...receipt });
    expect(urls).toEqual(["/v1/shows/demo/live", "/v1/shows/demo/live?shard=3"]);
  });

  test("comes back after silence with a new connection", async () => {
    let count = 0;
    const edge = await wsEdge((socket, { id }) => {
      if (++count === 2) socket.send(JSON.stringify({ type: "receipt", id, ...receipt }));
    });
    const carrier = new WebSocketCarrier(edge.address, target);
    expect(await answerOf(carrier, { patienceMs: 100 })).toEqual({ is: "failed", reason: "timeout" });
    expect(await answerOf(carrier)).toEqual({ is: "receipt", ...receipt });
    expect(edge.seen).toHaveLength(4);
  });

  test("an edge that is not there, or not ready, has certainly written nothing", async () => {
    expect(await answerOf(new WebSocketCarrier(await nowhere(), target))).toEqual({
      is: "failed",
      reason: "unreachable",
    });
    const notReady = await listening(
      createServer((_, response) => response.writeHead(503).end(JSON.stringify(problem))),
    );
    expect(await answerOf(new WebSocketCarrier(notReady, target))).toEqual({ is: "failed", reason: "unreachable" });
    const silent = await listening(createServer(() => {}));
    const answer = await answerOf(new WebSocketCarrier(silent, target), { patienceMs: 50 });
    expect(answer).toEqual({ is: "failed", reason: "unreachable" });
  });
});
