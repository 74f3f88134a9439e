// What steering sees of an edge, and nothing behind it: /healthz and /v1/edges, answering as a test wishes.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { LoadBody } from "../../edge/steering/report.ts";

export type Condition = "well" | "not ready" | "draining" | "hung";

export class EdgeStub {
  readonly name: string;
  readonly port: number;
  condition: Condition = "well";
  load: LoadBody = { receivers: 1, ballots_per_s: 1, capacity: { receivers: 1000, ballots_per_s: 1000 } };
  /** More about it on the roster, e.g. its place. */
  readonly #more: object;
  readonly #server: Server;
  readonly #roster: EdgeStub[];

  private constructor(name: string, more: object, roster: EdgeStub[], server: Server) {
    this.name = name;
    this.#more = more;
    this.#roster = roster;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("request", ({ url }, response) => this.#answer(url ?? "", response));
  }

  /** Starts one; it joins the edges in `roster`, which each of them lists. `port`: 0 for any free one. */
  static async start(name: string, more: object, roster: EdgeStub[], port = 0): Promise<EdgeStub> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const stub = new EdgeStub(name, more, roster, server);
    roster.push(stub);
    return stub;
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Nobody listens there any more. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(url: string, response: ServerResponse): void {
    if (this.condition === "hung") return;
    if (url === "/v1/edges") return send(response, { edges: this.#roster.map((stub) => stub.#entry()) });
    if (url !== "/healthz") return void response.writeHead(404).end();
    const ready = this.condition === "well";
    send(response, { edge: this.name, ready, draining: this.condition === "draining", load: this.load });
  }

  #entry(): object {
    const { name: edge, address } = this;
    return { edge, boot: "b1", state: "live", region: edge, address, shards: { final: [0] }, since: 1, ...this.#more };
  }
}

function send(response: ServerResponse, body: object): void {
  response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
