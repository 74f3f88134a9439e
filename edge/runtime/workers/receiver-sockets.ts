import type { Socket } from "../../../crdt/ports.ts";
import { CLOSE, closeCodeOf } from "../../close.ts";
import type { Refusal } from "../../refusal.ts";
import type { KeptSession } from "../../session.ts";
import { messageOf, ObjectSocket } from "./socket.ts";

/**
 * Receivers' WebSockets by the hibernation API: they stay open while the object is not in memory, and what is needed to
 * go on is kept with each of them.
 */
export class ReceiverSockets {
  readonly #ctx: DurableObjectState;
  readonly #resume: (socket: Socket, kept: KeptSession) => Refusal | undefined;
  /** Those that this life of the object has a session for. */
  readonly #sockets = new Map<WebSocket, ObjectSocket>();

  constructor(ctx: DurableObjectState, resume: (socket: Socket, kept: KeptSession) => Refusal | undefined) {
    this.#ctx = ctx;
    this.#resume = resume;
  }

  /** Answers a request with a WebSocket that may hibernate. */
  accept(accept: (socket: Socket) => void): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    accept(this.#add(server));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Goes on with the sockets that were open before this life; those that cannot be yet stay as they are. */
  resumeAll(): void {
    for (const ws of this.#ctx.getWebSockets()) if (!this.#sockets.has(ws)) this.#resumeOne(ws);
  }

  /** False where the socket has no session in this life, and gets none now. */
  onmessage(ws: WebSocket, data: ArrayBuffer | string): boolean {
    const socket = this.#sockets.get(ws) ?? this.#resumeOne(ws);
    socket?.onmessage(messageOf(data));
    return socket !== undefined;
  }

  onclose(ws: WebSocket, code: number, reason: string): void {
    this.#sockets.get(ws)?.closed(code, reason);
    this.#sockets.delete(ws);
  }

  #resumeOne(ws: WebSocket): ObjectSocket | undefined {
    if (ws.readyState !== WebSocket.OPEN) return undefined;
    const kept: unknown = ws.deserializeAttachment();
    if (!isKept(kept)) {
      ws.close(CLOSE.silent, "the edge was restarted before the hello");
      return undefined;
    }
    const socket = this.#add(ws);
    const refusal = this.#resume(socket, kept);
    if (refusal === undefined) return socket;
    this.#sockets.delete(ws);
    const code = closeCodeOf(refusal.refused);
    if (code !== CLOSE.unavailable) ws.close(code, refusal.refused);
    return undefined;
  }

  #add(ws: WebSocket): ObjectSocket {
    const socket = new ObjectSocket(ws);
    this.#sockets.set(ws, socket);
    return socket;
  }
}

/** Our own words, kept by the platform; an attachment of an older program may still be something else. */
function isKept(value: unknown): value is KeptSession {
  return typeof value === "object" && value !== null && "show" in value && "receiver" in value;
}
