import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import type { Candidate } from "../../steering/candidate.ts";
import { answerHeaders, forwardHeaders, mayRepeat, type Failure, type Forwarded } from "../../steering/forward.ts";
import { askOf, forwardedOf } from "./ask.ts";
import { MAX_TRIES, type FrontOptions } from "./front-options.ts";
import { CONNECT_TIMEOUT_MS, whenConnected, type Upstream } from "./upstream.ts";

/** An edge that does not begin its answer so long after the whole request hangs, ms: longer than it waits for a second replica. */
export const ANSWER_TIMEOUT_MS = 5000;

export interface ExchangeOptions extends FrontOptions {
  readonly upstream: Upstream;
  /** Whether the front takes nothing new any more. */
  readonly isClosing: () => boolean;
}

/** One request and its answer. */
export class Exchange {
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  readonly #options: ExchangeOptions;
  readonly #forwarded: Forwarded;
  readonly #hasBody: boolean;
  #edges: readonly Candidate[] = [];
  #tries = 0;
  #upstream: ClientRequest | undefined;
  #done = false;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, options: ExchangeOptions) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
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
    const upstream = this.#options.upstream.request(edge, {
      method: this.#incoming.method ?? "GET",
      path: this.#incoming.url ?? "/",
      headers: [...forwardHeaders(this.#incoming.rawHeaders, this.#forwarded), ...this.#coding()],
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
    upstream.once("socket", (socket) =>
      whenConnected(socket, () => {
        reached = "no answer";
        clearTimeout(timer);
        this.#send(upstream);
      }),
    );
  }

  /** A receiver may take its time to say everything; the edge's time begins then. */
  #send(upstream: ClientRequest): void {
    upstream.once("finish", () => {
      if (this.#outgoing.headersSent) return;
      const slow = setTimeout(() => upstream.destroy(new Error("it hangs")), ANSWER_TIMEOUT_MS);
      upstream.once("response", () => clearTimeout(slow)).once("close", () => clearTimeout(slow));
    });
    if (this.#hasBody) this.#incoming.pipe(upstream);
    else upstream.end();
  }

  #coding(): string[] {
    return this.#incoming.headers["transfer-encoding"] === undefined ? [] : ["Transfer-Encoding", "chunked"];
  }

  #answer(edge: Candidate, answer: IncomingMessage): void {
    this.#options.figures.count("answers_total", "edge", edge.edge);
    answer.on("error", () => this.#outgoing.destroy());
    this.#sayIfLast();
    this.#outgoing.writeHead(answer.statusCode ?? 502, answerHeaders(answer.rawHeaders));
    answer.pipe(this.#outgoing);
  }

  /** A front that stops says so, or whoever keeps its connection would go on asking here. */
  #sayIfLast(): void {
    if (this.#options.isClosing()) this.#outgoing.shouldKeepAlive = false;
  }

  #onfailure(edge: Candidate, reached: Failure, error: Error): void {
    if (this.#done) return;
    this.#options.figures.count("failures_total", "edge", edge.edge);
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
    this.#sayIfLast();
    this.#outgoing.writeHead(status, headers).end(JSON.stringify(body));
  }
}
