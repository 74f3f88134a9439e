import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { WebSocketServer } from "ws";
import type { Socket } from "../../../crdt/ports.ts";
import { LISTEN_BACKLOG, type Client, type Listener, type PublicHandler, type PublicOptions } from "../host/door.ts";
import { closeSockets, keepAlive, socketOf, webSocketServer } from "../host/websocket.ts";
import { ConnectionStream } from "./stream.ts";

/** What Deno's own node:http once upgraded with: gives the connection itself after the request's head. */
interface UpgradeRaw {
  (request: Request): { readonly response: Response; readonly conn: Deno.Conn };
}

/** Deno's way to a raw connection, where this Deno has it: it is no part of Deno's public interface. */
export function upgradeRaw(): UpgradeRaw | undefined {
  const internals: unknown = Reflect.get(Deno, Reflect.get(Deno, "internal") as PropertyKey);
  const found: unknown = typeof internals === "object" && internals && Reflect.get(internals, "upgradeHttpRaw");
  return typeof found === "function" ? (found as UpgradeRaw) : undefined;
}

/** Serves by `Deno.serve`, the cheapest HTTP there is here, with `ws` for the upgraded connections. */
export function servePublic(options: PublicOptions, handler: PublicHandler, raw: UpgradeRaw): Promise<Listener> {
  const sockets = webSocketServer(options.maxMessageBytes);
  const stopPings = keepAlive(sockets);
  const abort = new AbortController();
  const server = Deno.serve(
    {
      hostname: options.host,
      port: options.port,
      tcpBacklog: LISTEN_BACKLOG,
      signal: abort.signal,
      onListen: () => {},
      onError: (error) => {
        options.onerror(error);
        return new Response(null, { status: 500 });
      },
    },
    // Nothing is awaited here: a promise more for each of the thousands that wait costs more than it looks.
    (request, info) => handler(request, new DenoClient(request, info, sockets, raw)),
  );
  const close = async (graceMs: number) => {
    stopPings();
    const timer = setTimeout(() => abort.abort(), graceMs);
    await Promise.all([closeSockets(sockets, graceMs), server.shutdown()]);
    clearTimeout(timer);
  };
  return Promise.resolve({ host: server.addr.hostname, port: server.addr.port, close });
}

class DenoClient implements Client {
  #address: string | undefined;
  readonly #request: Request;
  readonly #info: Deno.ServeHandlerInfo<Deno.NetAddr>;
  readonly #sockets: WebSocketServer;
  readonly #raw: UpgradeRaw;

  constructor(request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>, sockets: WebSocketServer, raw: UpgradeRaw) {
    this.#request = request;
    this.#info = info;
    this.#sockets = sockets;
    this.#raw = raw;
  }

  get address(): string {
    return (this.#address ??= this.#info.remoteAddr.hostname);
  }

  upgrade(accept: (socket: Socket) => void): Response {
    const headers = Object.fromEntries(this.#request.headers);
    if (!isHandshake(headers)) return new Response(null, { status: 426, headers: { upgrade: "websocket" } });
    // Deno forgets the request with its upgrade.
    this.#address = this.address;
    const { response, conn } = this.#raw(this.#request);
    const stream = new ConnectionStream(conn);
    this.#sockets.handleUpgrade(handshake(headers), stream, Buffer.alloc(0), (ws, request) => {
      this.#sockets.emit("connection", ws, request);
      const socket = socketOf(ws, stream);
      stream.ontext = (text) => socket.onmessage(text);
      accept(socket);
    });
    return response;
  }
}

/** Whether `ws` will accept it: what it refuses it would answer itself, and the raw connection takes only a 101. */
function isHandshake(headers: Readonly<Record<string, string>>): boolean {
  return (
    headers["upgrade"]?.toLowerCase() === "websocket" &&
    headers["sec-websocket-version"] === "13" &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers["sec-websocket-key"] ?? "")
  );
}

/** The parts of a node request that `ws` looks at. Subprotocols and extensions are declined by being left out. */
function handshake(headers: Readonly<Record<string, string>>): IncomingMessage {
  const { upgrade, "sec-websocket-key": key, "sec-websocket-version": version } = headers;
  const known = { upgrade, "sec-websocket-key": key, "sec-websocket-version": version };
  return { method: "GET", url: "/", headers: known } as IncomingMessage;
}
