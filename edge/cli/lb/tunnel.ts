import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { forwardHeaders } from "../../steering/forward.ts";
import { askOf, forwardedOf } from "./ask.ts";
import { MAX_TRIES, type FrontOptions } from "./front-options.ts";
import { connectEdge, whenConnected } from "./upstream.ts";

/** Connects with the first edge that can be reached, says there what the client said, and gets out of the way. */
export function openTunnel(incoming: IncomingMessage, socket: Duplex, head: Buffer, options: FrontOptions): void {
  options.figures.count("tunnels_total");
  const edges = options.choose(askOf(incoming, options.proxies)).slice(0, MAX_TRIES);
  const tryNext = (i: number): void => {
    const edge = edges[i];
    if (!edge)
      return void socket.end("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\r\n");
    const upstream = connectEdge(edge);
    const onfailure = () => {
      upstream.destroy();
      options.figures.count("failures_total", "edge", edge.edge);
      if (!socket.destroyed) tryNext(i + 1);
    };
    upstream.once("error", onfailure).once("timeout", onfailure);
    whenConnected(upstream, () => {
      upstream.off("error", onfailure).off("timeout", onfailure).setTimeout(0);
      join(socket, upstream, Buffer.concat([headOf(incoming), head]));
    });
  };
  tryNext(0);
}

/** Bytes go both ways until either end closes. */
function join(client: Duplex, upstream: Socket, first: Buffer): void {
  upstream.setNoDelay(true);
  upstream.on("error", () => client.destroy());
  client.on("error", () => upstream.destroy());
  client.once("close", () => upstream.destroy());
  upstream.once("close", () => client.end());
  upstream.write(first);
  client.pipe(upstream).pipe(client);
}

function headOf(incoming: IncomingMessage): Buffer {
  const headers = forwardHeaders(incoming.rawHeaders, forwardedOf(incoming), incoming.headers.upgrade ?? "websocket");
  const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
