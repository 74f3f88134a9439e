import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Socket } from "../../../crdt/ports.ts";
import { LINK_PATH, LISTEN_BACKLOG, type Address, type BackboneOptions, type Listener } from "./door.ts";
import { closeSockets, socketOf, webSocketServer } from "./websocket.ts";

/**
 * The backbone's listener, the same in Deno and Node: WebSockets on `/link`, nothing else. Who the other end is, the
 * link finds out.
 */
export async function listenBackbone(options: BackboneOptions, accept: (socket: Socket) => void): Promise<Listener> {
  const sockets = webSocketServer(options.maxMessageBytes);
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on("error", () => stream.destroy());
    if (request.url === LINK_PATH) sockets.handleUpgrade(request, stream, head, (ws) => accept(socketOf(ws)));
    else stream.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  const { address: host, port } = await listen(server, options);
  const close = async (graceMs: number) => {
    const closed = new Promise((resolve) => server.close(resolve));
    await closeSockets(sockets, graceMs);
    server.closeAllConnections();
    await closed;
  };
  return { host, port, close };
}

/** Resolves once the server takes connections; rejects where the address is taken or not ours. */
export function listen(server: Server, { host, port }: Address): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new Error(`listening on "${host}:${port}": ${error.message}`)));
    server.listen({ host, port, backlog: LISTEN_BACKLOG }, () => resolve(server.address() as AddressInfo));
  });
}
