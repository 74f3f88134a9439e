import { connect, type Socket } from "node:net";
import type { Answer } from "./books.ts";

/**
 * One kept-alive HTTP/1.1 connection with one request under way at a time: as little as a load generator can do, so
 * that on a small machine the server gets the CPU.
 */
export class HttpClient {
  readonly #socket: Socket;
  #received: Buffer = EMPTY;
  #settle: ((answer: Answer) => void) | undefined;

  constructor(host: string, port: number) {
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => this.#ondata(chunk));
    this.#socket.on("error", (error) => this.#finish(error));
    this.#socket.on("close", () => this.#finish(new Error("the connection was closed")));
  }

  /** Sends a whole request; `settle` is called once. */
  send(request: string | Buffer, settle: (answer: Answer) => void): void {
    this.#settle = settle;
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #ondata(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const head = this.#received.indexOf("\r\n\r\n");
    if (head === -1) return;
    const text = this.#received.toString("latin1", 0, head);
    const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
    if (length === undefined) return this.#finish(new Error(`got an answer without its length: ${text.slice(0, 60)}`));
    if (this.#received.length < head + 4 + Number(length)) return;
    const [status, end] = [Number(text.slice(9, 12)), head + 4 + Number(length)];
    const code = status < 400 ? undefined : /"code":"(\w+)"/.exec(this.#received.toString("latin1", head, end))?.[1];
    this.#received = this.#received.subarray(end);
    this.#finish(code === undefined ? { status } : { status, code });
  }

  #finish(outcome: Answer): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(outcome);
  }
}

const EMPTY = Buffer.alloc(0);
