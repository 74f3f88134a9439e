import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { listen } from "../../runtime/host/backbone.ts";
import { Exchange } from "./exchange.ts";
import type { FrontOptions } from "./front-options.ts";
import { openTunnel } from "./tunnel.ts";
import { Upstream } from "./upstream.ts";

export interface Front {
  readonly host: string;
  readonly port: number;
  /** Takes nothing new, and waits up to `graceMs` for what is under way. */
  close(graceMs: number): Promise<void>;
}

/** Televisions ask again every few seconds: connections stay open meanwhile. Heads come at once, or are an attack. */
const TIMEOUTS = { keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: 30_000 };

/** A front for HTTP and WebSocket: bodies stream both ways, upgrades become tunnels. */
export async function openFront(options: FrontOptions): Promise<Front> {
  const upstream = new Upstream();
  let closing = false;
  const exchange = { ...options, upstream, isClosing: () => closing };
  const tunnels = new Set<Duplex>();
  const server = createServer(TIMEOUTS, (incoming, outgoing) => {
    // An answer that was begun before the front stops has said that its connection stays.
    outgoing.once("close", () => closing && server.closeIdleConnections());
    new Exchange(incoming, outgoing, exchange).start();
  });
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    tunnels.add(socket);
    socket.once("close", () => tunnels.delete(socket));
    socket.on("error", () => socket.destroy());
    openTunnel(incoming, socket, head, options);
  });
  const { address: host, port } = await listen(server, options);
  const close = async (graceMs: number) => {
    closing = true;
    const closed = new Promise((resolve) => server.close(resolve));
    // A tunnel that ends is a receiver's sign to come again, to another front.
    for (const socket of tunnels) socket.end();
    const timer = setTimeout(() => {
      server.closeAllConnections();
      for (const socket of tunnels) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
    upstream.close();
  };
  return { host, port, close };
}
