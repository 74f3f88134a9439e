// A payment provider as one is met: a real HTTP server with books of its own, that can be slow, fail, or lose answers.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ProviderBooks, type ProviderRules } from "./provider-books.ts";
import { SIGNATURE_HEADER, signatureProblem, TIMESTAMP_HEADER } from "../../monitor/orders/signature.ts";

/** What becomes of one request. */
export type Mood =
  | "well"
  /** Fails before it has done anything. */
  | "failing"
  /** Does it, and answers 500. */
  | "done and failing"
  /** Does it, and hangs up. */
  | "done and gone"
  /** Does it, and never answers. */
  | "done and silent"
  /** Does it after the caller has given up. */
  | "late"
  /** Answers what is no JSON. */
  | "babbling"
  /** Sends its answer twice. */
  | "twice";

export interface ProviderWish extends ProviderRules {
  readonly secret: string;
  /** What becomes of each request that changes something; "well" where it is left out. */
  readonly mood?: (reference: string, call: number) => Mood;
  /** How long "late" waits, ms. */
  readonly lateMs?: number;
}

export class TestProvider {
  readonly url: string;
  readonly #books: ProviderBooks;
  /** Every request, as "METHOD path". */
  readonly calls: string[] = [];
  readonly #wish: ProviderWish;
  readonly #server: Server;
  readonly #calls = new Map<string, number>();

  static async start(wish: ProviderWish, port = 0): Promise<TestProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return new TestProvider(wish, server);
  }

  private constructor(wish: ProviderWish, server: Server) {
    this.#wish = wish;
    this.#books = new ProviderBooks(wish);
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response));
  }

  get books() {
    return this.#books.entries;
  }

  get charges() {
    return this.#books.charges;
  }

  get refunds() {
    return this.#books.refunds;
  }

  get taken(): number {
    return this.#books.taken;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "";
    const path = request.url ?? "";
    let body = "";
    for await (const piece of request) body += String(piece);
    this.calls.push(`${method} ${path}`);
    const header = (name: string) => {
      const value = request.headers[name.toLowerCase()];
      return typeof value === "string" ? value : null;
    };
    const signed = { timestamp: header(TIMESTAMP_HEADER), signature: header(SIGNATURE_HEADER) };
    // The tests' worlds have clocks of their own: the time is judged by unit tests.
    const now = Number(signed.timestamp) * 1000;
    const problem = signatureProblem(this.#wish.secret, { method, path, body }, signed, now);
    if (problem) return send(response, 401, { detail: problem });
    if (method === "GET") {
      const { status, body: found } = this.#books.read(path);
      return send(response, status, found);
    }
    await this.#act(path, JSON.parse(body) as Record<string, unknown>, response);
  }

  async #act(path: string, body: Record<string, unknown>, response: ServerResponse): Promise<void> {
    const refunded = /^\/charges\/([0-9a-f]+)\/refund$/.exec(path)?.[1];
    const reference = refunded ?? String(body["reference"]);
    const call = (this.#calls.get(reference) ?? 0) + 1;
    this.#calls.set(reference, call);
    const mood = this.#wish.mood?.(reference, call) ?? "well";
    if (mood === "failing") return send(response, 503, {});
    if (mood === "late") await new Promise((resolve) => setTimeout(resolve, this.#wish.lateMs ?? 300));
    const entry = refunded === undefined ? this.#books.charge(reference, body) : this.#books.refund(reference);
    switch (mood) {
      case "done and failing":
        return send(response, 500, {});
      case "done and gone":
        return void response.socket?.destroy();
      case "done and silent":
        return;
      case "babbling":
        return void response.end("<html>it works</html>");
      case "twice":
        response.socket?.write(whole(entry));
        return void response.socket?.write(whole(entry));
      case "well":
      case "late":
        return send(response, 200, entry);
    }
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

function whole(body: object): string {
  const text = JSON.stringify(body);
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}
