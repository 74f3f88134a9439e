// An application around an edge's double, in a world that a test winds by hand.
import type { Socket } from "../../../crdt/ports.ts";
import { createApp, type App, type Locate, type Pages } from "../../../edge/app.ts";
import type { HlsSources } from "../../../edge/hls.ts";
import type { Broadcaster } from "../../../edge/jwks.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../edge/limits.ts";
import type { Probe } from "../../../edge/steering/report.ts";
import type { ProblemDocument } from "../../../edge/problem.ts";
import type { EdgeWatcher, ShowDefinition } from "../../../edge/service.ts";
import { deriveTokenKeys, type OperatorRole } from "../../../edge/token.ts";
import { Tokens } from "../../../edge/tokens.ts";
import { EdgeDouble, type ShowDouble } from "../../support/edge-double.ts";
import { ManualWorld } from "../../support/world.ts";

export const SECRET = new Uint8Array(32).fill(7);
export const HOUR_MS = 3_600_000;

const options = [
  { id: "yes", text: "Yes" },
  { id: "no", text: "No" },
];
const common = { question: "Well?", options, graceMs: 2000, votes: 1, results: "hidden", mode: "last" } as const;

/** One poll of each kind: hidden, live, the first counts, three votes. */
export const DEMO: ShowDefinition = {
  id: "demo",
  title: "Demo",
  shards: 1,
  polls: [
    { ...common, id: "secret" },
    { ...common, id: "open", results: "live" },
    { ...common, id: "once", mode: "first" },
    { ...common, id: "three", mode: "votes", votes: 3 },
  ],
};

export interface Asking {
  readonly token?: string | undefined;
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  /** The client's address. */
  readonly from?: string;
}

/** A socket whose other end is the test. */
export class TestSocket implements Socket {
  bufferedAmount = 0;
  readonly sent: (Uint8Array | string)[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  /** What the session has asked the platform to keep with the socket. */
  kept: unknown;
  onmessage: (message: Uint8Array | string) => void = () => {};
  onclose: (code: number, reason: string) => void = () => {};

  send(message: Uint8Array | string): void {
    if (!this.closed) this.sent.push(message);
  }

  close(code: number, reason: string): void {
    if (this.closed) return;
    this.closed = { code, reason };
    this.onclose(code, reason);
  }

  keep = (state: unknown): void => {
    this.kept = state;
  };

  /** What came since the last call, as JSON. */
  take(): Record<string, unknown>[] {
    return this.sent.splice(0).map((message) => JSON.parse(String(message)) as Record<string, unknown>);
  }

  say(message: object): void {
    this.onmessage(JSON.stringify(message));
  }
}

export class Harness {
  readonly world = new ManualWorld();
  readonly edge = new EdgeDouble(this.world);
  readonly show: ShowDouble = this.edge.add(DEMO);
  readonly keys = deriveTokenKeys(SECRET);
  readonly tokens = new Tokens(this.keys, this.world.clock);
  readonly sockets: TestSocket[] = [];
  readonly app: App;

  constructor(
    more: {
      limits?: Partial<Limits>;
      broadcaster?: (world: ManualWorld) => Broadcaster;
      pages?: Pages;
      hls?: HlsSources;
      probe?: Probe;
      locate?: Locate;
      watcher?: EdgeWatcher;
    } = {},
  ) {
    const broadcaster = more.broadcaster?.(this.world);
    this.app = createApp({
      edge: this.edge,
      world: this.world,
      keys: this.keys,
      limits: { ...DEFAULT_LIMITS, ...more.limits },
      pages: more.pages ?? new Map(),
      ...(broadcaster ? { broadcaster } : {}),
      ...(more.hls ? { hls: more.hls } : {}),
      ...(more.probe ? { probe: more.probe } : {}),
      ...(more.locate ? { locate: more.locate } : {}),
      ...(more.watcher ? { watcher: more.watcher } : {}),
      clientAddress: (c) => c.req.header("x-test-address") ?? "192.0.2.1",
      upgrade: (_c, accept) => {
        const socket = new TestSocket();
        accept(socket);
        this.sockets.push(socket);
        return new Response("upgraded");
      },
    });
  }

  receiver(subject = "tv-1", anonymous = true): string {
    return this.tokens.mintReceiver(subject, anonymous, this.world.time + HOUR_MS);
  }

  operator(role: OperatorRole, shows: "*" | readonly string[] = "*"): string {
    return this.tokens.mintOperator({ subject: `the ${role}`, role, shows, expiresAt: this.world.time + HOUR_MS });
  }

  async ask(method: string, path: string, { token, json, body, headers, from }: Asking = {}): Promise<Response> {
    return this.app.fetch(
      new Request(new URL(path, "http://edge.test"), {
        method,
        body: json === undefined ? (body ?? null) : JSON.stringify(json),
        headers: {
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...(from === undefined ? {} : { "x-test-address": from }),
          ...(json === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
      }),
    );
  }

  vote(poll: string, json: unknown, token: string | undefined = this.receiver()): Promise<Response> {
    return this.ask("POST", `/v1/shows/demo/polls/${poll}/ballots`, { token, json });
  }

  /** Arms and opens polls. */
  async open(...polls: string[]): Promise<void> {
    for (const poll of polls) {
      await this.show.deeds.arm(poll, "test");
      await this.show.deeds.open(poll, "test");
    }
  }

  async dial(path: string, headers: Record<string, string> = {}): Promise<TestSocket> {
    const response = await this.ask("GET", path, { headers: { Upgrade: "websocket", ...headers } });
    const socket = this.sockets.at(-1);
    if (!socket || (await response.text()) !== "upgraded") throw new Error(`dialing "${path}": got ${response.status}`);
    return socket;
  }
}

/** A problem's document; throws where the answer is none. */
export async function problemOf(response: Response): Promise<ProblemDocument> {
  const type = response.headers.get("content-type");
  if (type !== "application/problem+json") throw new Error(`got ${response.status} "${type}", wanted a problem`);
  return (await response.json()) as ProblemDocument;
}
