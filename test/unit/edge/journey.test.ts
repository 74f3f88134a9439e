// The application around the real edge, once from the show's file to the released result: that both mean the same contract.
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as sync from "y-protocols/sync";
import { expect, test } from "vitest";
import * as Y from "yjs";
import { createApp, type App } from "../../../edge/app.ts";
import { DEFAULT_LIMITS } from "../../../edge/limits.ts";
import { deriveTokenKeys } from "../../../edge/token.ts";
import { Tokens } from "../../../edge/tokens.ts";
import { startLoneEdge, type LoneEdge } from "../../support/lone-edge.ts";
import { HOUR_MS, SECRET, TestSocket, type Asking } from "./harness.ts";

const file = {
  id: "night",
  title: "Final night",
  polls: [
    {
      id: "winner",
      question: "Who?",
      options: [
        { id: "a", text: "A" },
        { id: "b", text: "B" },
      ],
      grace_ms: 500,
    },
  ],
};

class Journey {
  readonly lone: LoneEdge;
  readonly app: App;
  readonly tokens: Tokens;
  readonly producer: string;
  readonly socket = new TestSocket();

  constructor(lone: LoneEdge) {
    const keys = deriveTokenKeys(SECRET);
    this.lone = lone;
    this.tokens = new Tokens(keys, lone.world.clock);
    const expiresAt = lone.world.time + HOUR_MS;
    this.producer = this.tokens.mintOperator({ subject: "ann", role: "producer", shows: "*", expiresAt });
    const upgrade: Parameters<typeof createApp>[0]["upgrade"] = (_c, accept) => {
      accept(this.socket);
      return new Response("upgraded");
    };
    const { edge, world } = lone;
    const clientAddress = () => "192.0.2.1";
    this.app = createApp({ edge, world, keys, limits: DEFAULT_LIMITS, pages: new Map(), upgrade, clientAddress });
  }

  /** Asks, and lets the edge's time pass until it has answered. */
  async ask(method: string, path: string, { token, json, headers }: Asking = {}): Promise<Record<string, unknown>> {
    const asked = this.app.fetch(
      new Request(new URL(path, "http://edge.test"), {
        method,
        body: json === undefined ? null : JSON.stringify(json),
        headers: {
          ...headers,
          "Content-Type": "application/json",
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        },
      }),
    );
    const response = await this.while(Promise.resolve(asked));
    const text = await response.text();
    return text.startsWith("{")
      ? { status: response.status, ...(JSON.parse(text) as object) }
      : { status: response.status };
  }

  command(path: string, json?: object) {
    return this.ask("POST", `/v1/shows/night/${path}`, { token: this.producer, json });
  }

  async while<T>(promise: Promise<T>): Promise<T> {
    let answered = false;
    void promise.finally(() => (answered = true));
    while (!answered) await this.pass(10);
    return promise;
  }

  async pass(ms: number): Promise<void> {
    this.lone.world.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }

  async passSteps(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) await this.pass(50);
  }
}

/** Applies what a room sent. */
function hear(socket: TestSocket, doc: Y.Doc): void {
  for (const message of socket.sent.splice(0)) {
    const decoder = decoding.createDecoder(message as Uint8Array);
    if (decoding.readVarUint(decoder) === 0) sync.readSyncMessage(decoder, encoding.createEncoder(), doc, "edge");
  }
}

test("a show goes from its file to its released result", async () => {
  const journey = new Journey(await startLoneEdge());
  const { producer } = journey;
  expect(await journey.ask("POST", "/v1/shows", { token: producer, json: file })).toMatchObject({
    status: 201,
    id: "night",
  });
  expect(await journey.ask("POST", "/v1/shows", { token: producer, json: file })).toMatchObject({
    code: "show_exists",
  });
  expect(await journey.command("polls/winner/arm")).toMatchObject({ status: 200, state: "armed" });

  const { token, receiver } = (await journey.ask("POST", "/v1/receivers")) as { token: string; receiver: string };
  const ballots = "/v1/shows/night/polls/winner/ballots";
  expect(await journey.ask("POST", ballots, { token, json: { option: "a", press: 1 } })).toMatchObject({
    code: "poll_not_open",
  });
  expect(await journey.command("polls/winner/open", { duration_ms: 60_000 })).toMatchObject({
    state: "open",
    results: "hidden",
  });
  expect(await journey.ask("GET", "/v1/shows/night/content", { token })).toMatchObject({
    polls: [{ id: "winner", state: "open" }],
  });

  const receipt = await journey.ask("POST", ballots, { token, json: { option: "a", press: 1 } });
  expect(receipt).toMatchObject({
    status: 202,
    code: expect.stringMatching(/^RB-/),
    edge: "fra",
    press: 1,
    level: "local",
  });
  expect(await journey.ask("POST", ballots, { token, json: { option: "b", press: 1 } })).toMatchObject({
    code: "press_conflict",
    known_press: 1,
  });

  await journey.ask("GET", "/v1/shows/night/live", { headers: { Upgrade: "websocket" } });
  journey.socket.say({ type: "hello", token });
  journey.socket.say({ type: "ballot", id: "x", poll: "winner", option: "b", press: 2 });
  await journey.passSteps(4);
  const said = journey.socket.take();
  expect(said[0]).toMatchObject({ type: "welcome", receiver });
  expect(said).toContainEqual(expect.objectContaining({ type: "receipt", id: "x", option: "b", press: 2 }));
  expect(await journey.ask("GET", `${ballots}/mine`, { token })).toMatchObject({
    ballots: [{ press: 2, option: "b", k: 1 }],
  });

  const results = "/v1/shows/night/polls/winner/results";
  const counts = [
    { option: "a", anonymous: 0, signed: 0 },
    { option: "b", anonymous: 1, signed: 0 },
  ];
  expect(await journey.ask("GET", results, { token })).toMatchObject({ status: 403, code: "results_hidden" });
  expect(await journey.ask("GET", results, { token: producer })).toMatchObject({ status: 200, counts });
  expect(await journey.ask("GET", "/v1/shows/night/results", { token: producer })).toMatchObject({ present: 1 });

  await journey.command("polls/winner/close");
  await journey.passSteps(20);
  expect(await journey.ask("POST", ballots, { token, json: { option: "a", press: 3 } })).toMatchObject({
    code: "poll_closed",
  });
  expect(await journey.command("polls/winner/release")).toMatchObject({ counts_visible: true });
  expect(await journey.ask("GET", results)).toMatchObject({ status: 200, state: "closed", counts });
  await journey.passSteps(10);
  expect(journey.socket.take().at(-1)).toMatchObject({
    type: "content",
    polls: [{ id: "winner", state: "closed", counts }],
  });

  expect(await journey.ask("GET", "/v1/shows/night/audit", { token: producer })).toMatchObject({
    audit: expect.any(Array),
  });
  expect(await journey.ask("GET", "/healthz")).toMatchObject({ status: 200, ready: true });
});

test("a reader follows the tallies, and has the counts", async () => {
  const journey = new Journey(await startLoneEdge());
  await journey.ask("POST", "/v1/shows", { token: journey.producer, json: file });
  await journey.command("polls/winner/arm");
  await journey.command("polls/winner/open");
  await journey.ask("GET", `/v1/rooms/night/tallies?token=${journey.producer}`, { headers: { Upgrade: "websocket" } });
  const doc = new Y.Doc();
  const hello = encoding.createEncoder();
  encoding.writeVarUint(hello, 0);
  sync.writeSyncStep1(hello, doc);
  journey.socket.onmessage(encoding.toUint8Array(hello));
  const token = journey.tokens.mintReceiver("viewer", false, journey.lone.world.time + HOUR_MS);
  await journey.ask("POST", "/v1/shows/night/polls/winner/ballots", { token, json: { option: "b", press: 1 } });
  await journey.passSteps(10);
  hear(journey.socket, doc);
  expect(doc.getMap("registers").toJSON()).toMatchObject({
    fra: { shards: { 0: { polls: { winner: { anonymous: [0, 0], signed: [0, 1] } } } } },
  });
});
