import { Agent, createServer, request, type ClientRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { listen } from "../../runtime/host/backbone.ts";
import { clientAddress } from "../../runtime/host/client-address.ts";
import type { Candidate } from "../../steering/candidate.ts";
import { answerHeaders, forwardHeaders, mayRepeat, type Failure, type Forwarded } from "../../steering/forward.ts";
import type { Figures } from "../steering/figures.ts";

/** What a request tells of its receiver, for choosing its edge. */
export interface FrontAsk {
  /** IP address. */
  readonly client: string;
  /** Its token, or its address: whoever shows the same goes to the same edge. */
  readonly receiver: string;
  readonly show?: string;
  readonly shard?: number;
}

export interface FrontOptions {
  readonly host: string;
  readonly port: number;
  /** Edges for a request, best first. */
  readonly choose: (ask: FrontAsk) => readonly Candidate[];
  readonly proxies: ReadonlySet<string>;
  readonly figures: Figures;
}

export interface Front {
  readonly host: string;
  readonly port: number;
  /** Takes nothing new, and waits up to `graceMs` for what is under way. */
  close(graceMs: number): Promise<void>;
}

/** Edges that are tried for one request. */
export const MAX_TRIES = 3;
/** An edge that does not take a connection in this time is not there, ms. */
export const CONNECT_TIMEOUT_MS = 1000;
/** An edge that does not begin its answer in this time hangs, ms: longer than an edge waits for a second replica. */
export const ANSWER_TIMEOUT_MS = 5000;
/** Idle connections with edges are closed before an edge does so, and takes a request with it, ms. */
const IDLE_MS = 30_000;
/** Televisions ask again every few seconds: connections stay open meanwhile. Heads come at once, or are an attack. */
const TIMEOUTS = { keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: 30_000 };

/** A front for HTTP and WebSocket: bodies stream both ways, upgrades become tunnels. */
export async function openFront(options: FrontOptions): Promise<Front> {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256, timeout: IDLE_MS });
  const tunnels = new Set<Duplex>();
  const server = createServer(TIMEOUTS, (incoming, outgoing) =>
    new Exchange(incoming, outgoing, agent, options).start(),
  );
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    tunnels.add(socket);
    socket.once("close", () => tunnels.delete(socket));
    socket.on("error", () => socket.destroy());
    openTunnel(incoming, socket, head, options);
  });
  const { address: host, port } = await listen(server, options);
  const close = async (graceMs: number) => {
    const closed = new Promise((resolve) => server.close(resolve));
    // A tunnel that ends is a receiver's sign to come again, to another front.
    for (const socket of tunnels) socket.end();
    const timer = setTimeout(() => {
      server.closeAllConnections();
      for (const socket of tunnels) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
    agent.destroy();
  };
  return { host, port, close };
}

/** One request and its answer. */
class Exchange {
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  readonly #agent: Agent;
  readonly #options: FrontOptions;
  readonly #forwarded: Forwarded;
  readonly #hasBody: boolean;
  #edges: readonly Candidate[] = [];
  #tries = 0;
  #upstream: ClientRequest | undefined;
  #done = false;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, agent: Agent, options: FrontOptions) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#agent = agent;
    this.#options = options;
    this.#forwarded = forwardedOf(incoming);
    const { "content-length": length, "transfer-encoding": coding } = incoming.headers;
    this.#hasBody = coding !== undefined || (length !== undefined && length !== "0");
  }

  start(): void {
    this.#options.figures.count("requests_total");
    this.#edges = this.#options.choose(askOf(this.#incoming, this.#options.proxies)).slice(0, MAX_TRIES);
    this.#outgoing.once("close", () => {
      this.#done = true;
      this.#upstream?.destroy();
    });
    this.#tryNext();
  }

  #tryNext(): void {
    const edge = this.#edges[this.#tries++];
    if (!edge) return this.#refuse(503, "no_edge", "no edge answers");
    const { hostname, port } = new URL(edge.address);
    const upstream = request({
      agent: this.#agent,
      host: bare(hostname),
      port: portOf(port, edge),
      method: this.#incoming.method ?? "GET",
      path: this.#incoming.url ?? "/",
      headers: [...forwardHeaders(this.#incoming.rawHeaders, this.#forwarded), ...this.#coding()],
      setDefaultHeaders: false,
    });
    this.#upstream = upstream;
    let reached: Failure = "not connected";
    const timer = setTimeout(() => upstream.destroy(new Error("it does not answer")), CONNECT_TIMEOUT_MS);
    upstream.on("error", (error) => {
      clearTimeout(timer);
      this.#onfailure(edge, reached, error);
    });
    upstream.once("response", (answer) => {
      reached = "answer begun";
      clearTimeout(timer);
      this.#answer(edge, answer);
    });
    whenConnected(upstream, () => {
      reached = "no answer";
      clearTimeout(timer);
      const slow = setTimeout(() => upstream.destroy(new Error("it hangs")), ANSWER_TIMEOUT_MS);
      upstream.once("response", () => clearTimeout(slow)).once("close", () => clearTimeout(slow));
      if (this.#hasBody) this.#incoming.pipe(upstream);
      else upstream.end();
    });
  }

  #coding(): string[] {
    return this.#incoming.headers["transfer-encoding"] === undefined ? [] : ["Transfer-Encoding", "chunked"];
  }

  #answer(edge: Candidate, answer: IncomingMessage): void {
    this.#options.figures.count("answers_total", `edge="${edge.edge}"`);
    answer.on("error", () => this.#outgoing.destroy());
    this.#outgoing.writeHead(answer.statusCode ?? 502, answerHeaders(answer.rawHeaders));
    answer.pipe(this.#outgoing);
  }

  #onfailure(edge: Candidate, reached: Failure, error: Error): void {
    if (this.#done) return;
    this.#options.figures.count("failures_total", `edge="${edge.edge}"`);
    if (this.#outgoing.headersSent) return void this.#outgoing.destroy();
    if (mayRepeat(this.#incoming.method ?? "GET", this.#hasBody, reached)) return this.#tryNext();
    this.#refuse(502, "edge_lost", `the connection with edge "${edge.edge}" broke (${error.message}): ask again`);
  }

  /** As the edges refuse: RFC 9457, readable by pages of any origin. */
  #refuse(status: 502 | 503, code: string, detail: string): void {
    if (this.#outgoing.headersSent) return void this.#outgoing.destroy();
    this.#incoming.resume();
    const title = status === 503 ? "There is no edge" : "The edge was lost";
    const body = { type: `urn:redbutton:problem:${code}`, title, status, detail, code, retry_after_s: 1 };
    const headers = {
      "Content-Type": "application/problem+json",
      "Cache-Control": "no-store",
      "Retry-After": "1",
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Expose-Headers": "Retry-After",
    };
    this.#outgoing.writeHead(status, headers).end(JSON.stringify(body));
  }
}

/** Connects with the first edge that can be reached, says there what the client said, and gets out of the way. */
function openTunnel(incoming: IncomingMessage, socket: Duplex, head: Buffer, options: FrontOptions): void {
  options.figures.count("tunnels_total");
  const edges = options.choose(askOf(incoming, options.proxies)).slice(0, MAX_TRIES);
  const tryNext = (i: number): void => {
    const edge = edges[i];
    if (!edge)
      return void socket.end("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\r\n");
    const { hostname, port } = new URL(edge.address);
    const upstream = connect({ host: bare(hostname), port: portOf(port, edge), timeout: CONNECT_TIMEOUT_MS });
    const onfailure = () => {
      upstream.destroy();
      options.figures.count("failures_total", `edge="${edge.edge}"`);
      if (!socket.destroyed) tryNext(i + 1);
    };
    upstream.once("error", onfailure).once("timeout", onfailure);
    upstream.once("connect", () => {
      upstream.off("error", onfailure).off("timeout", onfailure).setTimeout(0);
      join(socket, upstream, Buffer.concat([headOf(incoming), head]));
    });
  };
  tryNext(0);
}

/** Bytes go both ways until either end closes. */
function join(client: Duplex, upstream: Socket, first: Buffer): void {
  upstream.setNoDelay(true);
  upstream.on("error", () => client.destroy());
  client.on("error", () => upstream.destroy());
  client.once("close", () => upstream.destroy());
  upstream.once("close", () => client.end());
  upstream.write(first);
  client.pipe(upstream).pipe(client);
}

function headOf(incoming: IncomingMessage): Buffer {
  const headers = forwardHeaders(incoming.rawHeaders, forwardedOf(incoming), incoming.headers.upgrade ?? "websocket");
  const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

function whenConnected(upstream: ClientRequest, then: () => void): void {
  upstream.once("socket", (socket) => {
    if (socket.connecting) socket.once("connect", then);
    else then();
  });
}

function forwardedOf(incoming: IncomingMessage): Forwarded {
  const { "x-forwarded-for": before, host } = incoming.headers;
  return {
    client: plainAddress(incoming),
    forwardedFor: Array.isArray(before) ? before.join(", ") : before,
    host,
    protocol: "http",
  };
}

function askOf(incoming: IncomingMessage, proxies: ReadonlySet<string>): FrontAsk {
  const { forwardedFor } = forwardedOf(incoming);
  const client = clientAddress(incoming.socket.remoteAddress ?? "", forwardedFor ?? null, proxies);
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://front");
  const show = /^\/v1\/shows\/([a-z0-9-]{1,40})(\/|$)/.exec(pathname)?.[1];
  const shard = searchParams.get("shard");
  return {
    client,
    receiver: incoming.headers.authorization ?? client,
    ...(show === undefined ? {} : { show }),
    ...(shard !== null && /^\d{1,6}$/.test(shard) ? { shard: Number(shard) } : {}),
  };
}

function plainAddress(incoming: IncomingMessage): string {
  return (incoming.socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
}

function portOf(port: string, edge: Candidate): number {
  return port === "" ? (edge.address.startsWith("https:") ? 443 : 80) : Number(port);
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}
