import type { Buffer } from "node:buffer";
import { WebSocket } from "ws";
import { readProblem, readReceipt, type Answer, type FailureReason } from "./answer.ts";
import { afterInput, type Carrier, type Hearer, type Sending, type Target } from "./carrier.ts";
import { reasonOf } from "./http-carrier.ts";

/**
 * One receiver's WebSocket to one edge:
 *
 *     closed ── send ──► dialing ── welcome ──► open
 *        ▲                  └── lost, left, timed out ──┘│
 *        └───────────────────────────────────────────────┘
 */
type State =
  | { readonly is: "closed" }
  | { readonly is: "dialing"; readonly ws: WebSocket }
  | { readonly is: "open"; readonly ws: WebSocket };

/** The sending whose answer is waited for. */
interface Pending {
  readonly id: string;
  readonly sending: Sending;
  readonly onanswer: Hearer;
  readonly timer: NodeJS.Timeout;
  /** Whether the ballot has left: before that nobody can have written it. */
  sent: boolean;
}

/** One receiver on a WebSocket of its own, which stays open from its first press to its last. */
export class WebSocketCarrier implements Carrier {
  readonly #address: string;
  readonly #poll: string;
  /** The receiver's shard, once an edge has told it. */
  #shard: number | undefined;
  #state: State = { is: "closed" };
  #pending: Pending | undefined;
  #count = 0;

  constructor(address: string, { show, poll }: Target) {
    this.#address = `${address.replace(/^http/, "ws").replace(/\/$/, "")}/v1/shows/${show}/live`;
    this.#poll = poll;
  }

  send(sending: Sending, onanswer: Hearer): void {
    const id = String(++this.#count);
    const timer = setTimeout(() => afterInput(() => this.#expire(id)), sending.patienceMs + sending.pauseMs);
    this.#pending = { id, sending, onanswer, timer, sent: false };
    switch (this.#state.is) {
      case "open":
        return this.#ballot(this.#state.ws, this.#pending);
      case "dialing":
        return;
      case "closed":
        return this.#dial(sending.token);
    }
  }

  close(): void {
    const state = this.#state;
    this.#state = { is: "closed" };
    if (state.is === "open") state.ws.close();
    if (state.is === "dialing") state.ws.terminate();
  }

  #dial(token: string): void {
    const query = this.#shard === undefined ? "" : `?shard=${this.#shard}`;
    const ws = new WebSocket(`${this.#address}${query}`, { perMessageDeflate: false });
    this.#state = { is: "dialing", ws };
    ws.on("open", () => ws.send(JSON.stringify({ type: "hello", token })));
    ws.on("message", (data: Buffer) => this.#hear(ws, data));
    ws.on("unexpected-response", () => this.#lose(ws, "reset"));
    ws.on("error", (error) => this.#lose(ws, reasonOf(error)));
    ws.on("close", () => this.#lose(ws, "reset"));
  }

  #hear(ws: WebSocket, data: Buffer): void {
    // Content is most of what comes and nothing that this receiver reads: {"type":"content"… is not parsed.
    if (data[9] === 0x63) return;
    const message = parse(data);
    switch (message?.type) {
      case "welcome":
        this.#state = { is: "open", ws };
        if (this.#pending) this.#ballot(ws, this.#pending);
        return;
      case "receipt":
        return this.#settle(message.id, readReceipt(message));
      case "refused":
        if (this.#redials(message)) return;
        return this.#settle(message.id, readProblem(message));
      default:
        return;
    }
  }

  /** A front that steers by shards cannot know a socket's: whoever comes to the wrong one is told, and dials again. */
  #redials({ code, shard, id }: Message): boolean {
    if (code !== "wrong_shard" || typeof shard !== "number" || id !== undefined || shard === this.#shard) return false;
    if (this.#state.is === "closed" || !this.#pending) return false;
    this.#shard = shard;
    const { ws } = this.#state;
    this.#dial(this.#pending.sending.token);
    ws.terminate();
    return true;
  }

  #ballot(ws: WebSocket, pending: Pending): void {
    const { press, option, k, pauseMs } = pending.sending;
    const text = JSON.stringify({ type: "ballot", id: pending.id, poll: this.#poll, option, press, k });
    pending.sent = true;
    if (pauseMs === 0) return ws.send(text);
    ws.send(text.slice(0, 10), { fin: false });
    setTimeout(() => ws.readyState === WebSocket.OPEN && ws.send(text.slice(10)), pauseMs);
  }

  /** A refusal without an id ends the connection: it is about the token. */
  #settle(id: unknown, answer: Answer): void {
    if (this.#pending && (id === undefined || id === this.#pending.id)) this.#tell(answer);
  }

  #expire(id: string): void {
    if (this.#pending?.id === id) this.#fail(this.#pending.sending.impatience);
  }

  #lose(ws: WebSocket, reason: FailureReason): void {
    if (this.#state.is === "closed" || this.#state.ws !== ws) return;
    this.#fail(reason);
  }

  #fail(reason: FailureReason): void {
    const state = this.#state;
    this.#state = { is: "closed" };
    if (state.is !== "closed") state.ws.terminate();
    const isSure = this.#pending?.sent !== true && reason !== "left";
    this.#tell({ is: "failed", reason: isSure ? "unreachable" : reason });
  }

  #tell(answer: Answer): void {
    const pending = this.#pending;
    this.#pending = undefined;
    clearTimeout(pending?.timer);
    pending?.onanswer(answer);
  }
}

/** What is looked at of a message. */
interface Message {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly code?: unknown;
  readonly shard?: unknown;
}

function parse(data: Buffer): Message | undefined {
  try {
    const value: unknown = JSON.parse(data.toString("utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
