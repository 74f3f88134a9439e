import type { Buffer } from "node:buffer";
import { WebSocket, WebSocketServer } from "ws";
import type { Socket } from "../../../crdt/ports.ts";
import { MAX_LINK_MESSAGE_BYTES, PING_INTERVAL_MS } from "./door.ts";
import { textFrame } from "./frame.ts";

// Both runtimes speak WebSocket through `ws`, in Deno too: Deno's own has no limit to the length of a fragmented
// message, so that one receiver could fill an edge's memory. Measured, `ws` costs 1 µs more a message there.

/** A server of WebSockets without a port: connections are handed to it. */
export function webSocketServer(maxMessageBytes: number): WebSocketServer {
  return new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false });
}

/** Takes whole frames past `ws`, in the order of everything that `ws` itself writes there. */
export interface Wire {
  writeFrame(frame: Uint8Array): void;
  /** Bytes of such frames that were not written yet, and that `ws` does not count. */
  readonly waiting: number;
}

/** A `ws` socket as the port that deciding code knows; with a `wire` its texts go past `ws`, which takes 3 µs for each. */
export function socketOf(ws: WebSocket, wire?: Wire): Socket {
  const socket = new WsSocket(ws, wire);
  ws.on("message", (data: Buffer, isBinary: boolean) => socket.onmessage(isBinary ? data : data.toString("utf8")));
  ws.on("close", (code: number, reason: Buffer) => socket.onclose(code, reason.toString("utf8")));
  // Garbage, oversized frames, resets: `ws` closes the socket by itself after it, and "close" tells the owner.
  ws.on("error", () => {});
  return socket;
}

class WsSocket implements Socket {
  onmessage: Socket["onmessage"] = () => {};
  onclose: Socket["onclose"] = () => {};
  readonly #ws: WebSocket;
  readonly #wire: Wire | undefined;

  constructor(ws: WebSocket, wire: Wire | undefined) {
    this.#ws = ws;
    this.#wire = wire;
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount + (this.#wire?.waiting ?? 0);
  }

  send(message: Uint8Array | string): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (this.#wire && typeof message === "string") this.#wire.writeFrame(textFrame(message));
    else this.#ws.send(message, onSent);
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }
}

/** A failed write closes the socket, of which "close" tells; without this callback `ws` would throw it. */
function onSent(): void {}

/** Opens a link's WebSocket; rejects when the address cannot be reached or is no link. */
export function dialLink(address: string): Promise<Socket> {
  const ws = new WebSocket(address, {
    maxPayload: MAX_LINK_MESSAGE_BYTES,
    perMessageDeflate: false,
    handshakeTimeout: DIAL_TIMEOUT_MS,
  });
  return new Promise((resolve, reject) => {
    ws.once("error", (error) => reject(new Error(`dialing "${address}": ${error.message}`)));
    ws.once("open", () => {
      // Nothing may arrive before the one who awaits this has set its handlers.
      ws.pause();
      setImmediate(() => ws.resume());
      resolve(socketOf(ws));
    });
  });
}

/** Pings every socket, and ends those that did not answer the last ping. Returns how to stop it. */
export function keepAlive(server: WebSocketServer): () => void {
  const answered = new WeakSet<WebSocket>();
  server.on("connection", (ws: WebSocket) => {
    answered.add(ws);
    ws.on("pong", () => answered.add(ws));
  });
  const timer = setInterval(() => {
    for (const ws of server.clients) {
      if (!answered.delete(ws)) ws.terminate();
      else ws.ping();
    }
  }, PING_INTERVAL_MS);
  return () => clearInterval(timer);
}

/** Closes every socket of a server that goes away; what does not close in time is cut. */
export async function closeSockets(server: WebSocketServer, graceMs: number): Promise<void> {
  const open = [...server.clients];
  const closed = Promise.all(open.map((ws) => new Promise((resolve) => ws.once("close", resolve))));
  for (const ws of open) ws.close(GOING_AWAY, "going away");
  const timer = setTimeout(() => open.forEach((ws) => ws.terminate()), graceMs);
  await closed;
  clearTimeout(timer);
}

/** RFC 6455, 7.4.1: try again, here or elsewhere. */
const GOING_AWAY = 1001;
const DIAL_TIMEOUT_MS = 5000;
