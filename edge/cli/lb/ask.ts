import type { IncomingMessage } from "node:http";
import { clientAddress } from "../../runtime/host/client-address.ts";
import type { Forwarded } from "../../steering/forward.ts";

/** What a request tells of its receiver, for choosing its edge. */
export interface FrontAsk {
  /** IP address. */
  readonly client: string;
  /** Its token, or its address: whoever shows the same goes to the same edge. */
  readonly receiver: string;
  readonly show?: string;
  readonly shard?: number;
}

/** What is read of it. `proxies`: whose word on the client is taken. */
export function askOf(incoming: IncomingMessage, proxies: ReadonlySet<string>): FrontAsk {
  const { forwardedFor } = forwardedOf(incoming);
  const client = clientAddress(incoming.socket.remoteAddress ?? "", forwardedFor ?? null, proxies);
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://front");
  const show = /^\/v1\/shows\/([a-z0-9-]{1,40})(\/|$)/.exec(pathname)?.[1];
  const shard = searchParams.get("shard");
  return {
    client,
    receiver: incoming.headers.authorization ?? client,
    ...(show === undefined ? {} : { show }),
    ...(shard !== null && /^\d{1,6}$/.test(shard) ? { shard: Number(shard) } : {}),
  };
}

/** Who sent it, for the edge. */
export function forwardedOf(incoming: IncomingMessage): Forwarded {
  const { "x-forwarded-for": before, host } = incoming.headers;
  return {
    client: plainAddress(incoming),
    forwardedFor: Array.isArray(before) ? before.join(", ") : before,
    host,
    protocol: "http",
  };
}

function plainAddress(incoming: IncomingMessage): string {
  return (incoming.socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
}
