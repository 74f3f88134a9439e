import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as TlsAgent, request as httpsRequest } from "node:https";
import { readProblem, readReceipt, type Answer, type FailureReason } from "./answer.ts";
import { afterInput, type Carrier, type Hearer, type Sending, type Target } from "./carrier.ts";

/** Connections to one edge: receivers share them, since the audience is one machine and would run out of ports. */
const MAX_CONNECTIONS = 1024;

/** Ballots over HTTP to one edge, on connections that stay open. */
export class HttpCarrier implements Carrier {
  readonly #options: {
    readonly host: string;
    readonly port: string | undefined;
    readonly path: string;
    readonly agent: Agent;
  };
  readonly #request: typeof httpRequest;
  readonly #close: () => void;

  constructor(address: string, { show, poll }: Target) {
    const url = new URL(`/v1/shows/${show}/polls/${poll}/ballots`, address);
    const isTls = url.protocol === "https:";
    const agentOptions = { keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: MAX_CONNECTIONS };
    const agent = isTls ? new TlsAgent(agentOptions) : new Agent(agentOptions);
    this.#request = isTls ? httpsRequest : httpRequest;
    const host = url.hostname.replace(/^\[|\]$/g, "");
    this.#options = { host, port: url.port || undefined, path: url.pathname, agent };
    this.#close = () => agent.destroy();
  }

  send(sending: Sending, onanswer: Hearer): void {
    const { token, option, press, k } = sending;
    const body = JSON.stringify({ option, press, k });
    const headers = {
      Authorization: `Bearer ${token}`,
      "Content-Type": "application/json",
      "Content-Length": body.length,
    };
    const request = this.#request({ ...this.#options, method: "POST", headers });
    new Exchange(request, sending, onanswer);
    if (sending.pauseMs === 0) return void request.end(body);
    request.write(body.slice(0, 5));
    setTimeout(() => request.end(body.slice(5)), sending.pauseMs);
  }

  close(): void {
    this.#close();
  }
}

/** One request until its answer is whole. */
class Exchange {
  readonly #request: ClientRequest;
  readonly #timer: NodeJS.Timeout;
  #onanswer: Hearer | undefined;

  constructor(request: ClientRequest, { patienceMs, pauseMs, impatience }: Sending, onanswer: Hearer) {
    this.#request = request;
    this.#onanswer = onanswer;
    this.#timer = setTimeout(() => afterInput(() => this.#abandon(impatience)), patienceMs + pauseMs);
    request.on("response", (response) => this.#read(response));
    request.on("error", (error: NodeJS.ErrnoException) => this.#tell({ is: "failed", reason: reasonOf(error) }));
  }

  #read(response: IncomingMessage): void {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => (text += part));
    response.on("end", () => this.#tell(answerOf(response.statusCode ?? 0, text)));
    response.on("error", () => this.#tell({ is: "failed", reason: "reset" }));
  }

  #abandon(reason: FailureReason): void {
    if (!this.#onanswer) return;
    this.#tell({ is: "failed", reason });
    this.#request.destroy();
  }

  #tell(answer: Answer): void {
    clearTimeout(this.#timer);
    this.#onanswer?.(answer);
    this.#onanswer = undefined;
  }
}

function answerOf(status: number, text: string): Answer {
  try {
    const body: unknown = JSON.parse(text);
    return status === 202 ? readReceipt(body) : readProblem(body);
  } catch {
    return { is: "failed", reason: "unreadable" };
  }
}

/** Where no connection was made nothing can have been written. */
export function reasonOf({ code, syscall }: NodeJS.ErrnoException): FailureReason {
  return code === "ECONNREFUSED" || code === "ENOTFOUND" || syscall === "connect" ? "unreachable" : "reset";
}
