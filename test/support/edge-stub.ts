// What steering sees of an edge, and an echo behind it: /healthz, /readyz and /v1/edges answer as a test wishes.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import type { LoadBody } from "../../edge/steering/report.ts";

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export type Condition = "well" | "not ready" | "draining" | "hung";

export class EdgeStub {
  readonly name: string;
  readonly port: number;
  condition: Condition = "well";
  /** Requests that were no health checks. */
  requests = 0;
  /** Those of them that have not ended. */
  open = 0;
  load: LoadBody = { receivers: 1, ballots_per_s: 1, capacity: { receivers: 1000, ballots_per_s: 1000 } };
  /** More about it on the roster, e.g. its place. */
  readonly #more: object;
  readonly #server: Server;
  readonly #scheme: "http" | "https";
  readonly #roster: EdgeStub[];

  private constructor(name: string, more: object, roster: EdgeStub[], server: Server, scheme: "http" | "https") {
    this.#scheme = scheme;
    this.name = name;
    this.#more = more;
    this.#roster = roster;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("request", (request, response) => this.#answer(request, response));
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket: WebSocket, { headers }) => {
      socket.send(JSON.stringify({ edge: name, headers }));
      socket.on("message", (data: Buffer, isBinary: boolean) => socket.send(data, { binary: isBinary }));
    });
  }

  /**
   * Starts one; it joins the edges in `roster`, which each of them lists. `port`: 0 for any free one. Over TLS where it has
   * a certificate.
   */
  static async start(
    name: string,
    more: object,
    roster: EdgeStub[],
    port = 0,
    certificate?: Certificate,
  ): Promise<EdgeStub> {
    const server = certificate ? createTlsServer(certificate) : createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const stub = new EdgeStub(name, more, roster, server, certificate ? "https" : "http");
    roster.push(stub);
    return stub;
  }

  get address(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** Nobody listens there any more. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? "";
    if (this.condition === "hung") return;
    if (url === "/v1/edges") return send(response, { edges: this.#roster.map((stub) => stub.#entry()) });
    const ready = this.condition === "well";
    if (url === "/readyz") return void response.writeHead(ready ? 200 : 503).end();
    if (url !== "/healthz") return void this.#echo(request, response);
    send(response, { edge: this.name, ready, draining: this.condition === "draining", load: this.load });
  }

  /** Whatever else is asked for comes back. "/break" breaks the connection once the request is here. */
  async #echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    if (request.url === "/break") return void request.socket.destroy();
    this.open += 1;
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    this.open -= 1;
    const { method, url, headers } = request;
    const body = Buffer.concat(parts).toString("utf8");
    send(response, { edge: this.name, method, url, headers, body });
  }

  #entry(): object {
    const { name: edge, address } = this;
    return { edge, boot: "b1", state: "live", region: edge, address, shards: { final: [0] }, since: 1, ...this.#more };
  }
}

function send(response: ServerResponse, body: object): void {
  response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
