import type { Socket } from "../../../crdt/ports.ts";

/** A WebSocket as the port that deciding code knows. It holds its object in memory as long as it is open. */
export function socketOf(ws: WebSocket): Socket {
  const socket = new ObjectSocket(ws);
  ws.addEventListener("message", ({ data }) => socket.onmessage(messageOf(data)));
  ws.addEventListener("close", ({ code, reason }) => socket.closed(code, reason));
  ws.addEventListener("error", () => socket.closed(ABNORMAL, "the connection failed"));
  return socket;
}

/** RFC 6455, 7.4.1: the connection ended without a close. */
const ABNORMAL = 1006;

/** The platform gives binary messages as buffers, or as Blobs where a program is older than 2026. */
export function messageOf(data: unknown): Uint8Array | string {
  if (typeof data === "string") return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError(`reading a WebSocket's message: got ${typeof data}, wanted text or an ArrayBuffer`);
}

/** Either kind of WebSocket: events come by `addEventListener`, or through the object's own handlers. */
export class ObjectSocket implements Socket {
  onmessage: Socket["onmessage"] = () => {};
  onclose: Socket["onclose"] = () => {};
  readonly keep: NonNullable<Socket["keep"]>;
  readonly #ws: WebSocket;
  #isClosed = false;

  constructor(ws: WebSocket) {
    this.#ws = ws;
    this.keep = (state) => ws.serializeAttachment(state);
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount ?? 0;
  }

  send(message: Uint8Array | string): void {
    if (this.#isClosed || this.#ws.readyState !== WebSocket.OPEN) return;
    try {
      this.#ws.send(message);
    } catch {
      // It broke since; the platform says so with an event of its own.
    }
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    try {
      this.#ws.close(code, reason);
    } catch {
      // The same.
    }
  }

  /** The other end has closed, or the connection broke: completes the handshake of the close, and tells once. */
  closed(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.close(code === ABNORMAL || code === NO_STATUS ? NORMAL : code, reason);
    this.#isClosed = true;
    this.onclose(code, reason);
  }
}

const NORMAL = 1000;
/** RFC 6455, 7.4.1: a close without a code, which may not be sent itself. */
const NO_STATUS = 1005;
