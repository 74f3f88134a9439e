import { createServer, ServerResponse, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { WebSocketServer } from "ws";
import type { Socket } from "../../../crdt/ports.ts";
import { listen } from "../host/backbone.ts";
import type { Client, Listener, PublicHandler, PublicOptions } from "../host/door.ts";
import { closeSockets, keepAlive, socketOf, webSocketServer } from "../host/websocket.ts";

/** Serves by node:http and Hono's adapter, with `ws` for the upgraded connections. */
export async function servePublic(options: PublicOptions, handler: PublicHandler): Promise<Listener> {
  const sockets = webSocketServer(options.maxMessageBytes);
  const stopPings = keepAlive(sockets);
  const answer = getRequestListener(
    (request, bindings) => handler(request, new NodeClient(bindings as HttpBindings, sockets)),
    { errorHandler: (error) => failed(options, error) },
  );
  const server = createServer(TIMEOUTS, (incoming, outgoing) => void answer(incoming, outgoing));
  server.on("upgrade", (incoming: Upgrading, stream: Duplex, head: Buffer) => {
    stream.on("error", () => stream.destroy());
    incoming[HEAD] = head;
    void answer(incoming, responseOn(incoming, stream));
  });
  const { address: host, port } = await listen(server, options);
  const close = async (graceMs: number) => {
    stopPings();
    const closed = new Promise((resolve) => server.close(resolve));
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await Promise.all([closeSockets(sockets, graceMs), closed]);
    clearTimeout(timer);
  };
  return { host, port, close };
}

/** Televisions ask again every few seconds: connections stay open meanwhile. */
const TIMEOUTS = { keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: 30_000 };
const HEAD = Symbol("first bytes after the request's head");

interface Upgrading extends IncomingMessage {
  [HEAD]?: Buffer;
}

class NodeClient implements Client {
  readonly #bindings: HttpBindings;
  readonly #sockets: WebSocketServer;

  constructor(bindings: HttpBindings, sockets: WebSocketServer) {
    this.#bindings = bindings;
    this.#sockets = sockets;
  }

  get address(): string {
    return this.#bindings.incoming.socket.remoteAddress ?? "";
  }

  upgrade(accept: (socket: Socket) => void): Response {
    const incoming: Upgrading = this.#bindings.incoming;
    const head = incoming[HEAD];
    if (!head) return new Response(null, { status: 426, headers: { upgrade: "websocket" } });
    const stream = incoming.socket;
    this.#bindings.outgoing.detachSocket(stream);
    this.#sockets.handleUpgrade(incoming, stream, head, (ws, request) => {
      this.#sockets.emit("connection", ws, request);
      accept(socketOf(ws, { writeFrame: (frame) => stream.write(frame), waiting: 0 }));
    });
    return new Response(null, { headers: RESPONSE_ALREADY_SENT.headers });
  }
}

/** Until a route upgrades the request it is answered like any other, a refusal with its body included. */
function responseOn(incoming: IncomingMessage, stream: Duplex): ServerResponse {
  const outgoing = new ServerResponse(incoming);
  outgoing.shouldKeepAlive = false;
  outgoing.on("finish", () => stream.end());
  outgoing.assignSocket(incoming.socket);
  return outgoing;
}

function failed(options: PublicOptions, error: unknown): Response {
  options.onerror(error);
  return new Response(null, { status: 500 });
}
