import type { Context } from "hono";
import type { Socket, World } from "../../crdt/ports.ts";
import type { Casting } from "../casting.ts";
import type { Feeds } from "../feed.ts";
import type { HlsSources } from "../hls.ts";
import type { Buckets, Limits } from "../limits.ts";
import type { Rooms } from "../room.ts";
import type { EdgeService, EdgeWatcher } from "../service.ts";
import type { Nearby } from "../steering/nearby.ts";
import type { Place } from "../steering/place.ts";
import type { Session } from "../session.ts";
import type { SocketCounts } from "../socket-counts.ts";
import type { Tokens } from "../tokens.ts";

/** Answers a request with a WebSocket. The runtime's door hands it in; its response has to be the handler's. */
export type UpgradeWebSocket = (c: Context, accept: (socket: Socket) => void) => Response | Promise<Response>;

/** A file of the pages. */
export interface Page {
  readonly type: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** Files by their path, e.g. "tv/index.html", "assets/tv-3Q5VZ7KX.js". */
export type Pages = ReadonlyMap<string, Page>;

/** What the routes work with. */
export interface RouteContext {
  readonly edge: EdgeService;
  /** Where this edge watches thresholds. */
  readonly watcher: EdgeWatcher | undefined;
  readonly world: World;
  readonly tokens: Tokens;
  readonly limits: Limits;
  readonly perAddress: Buckets;
  readonly perSubnet: Buckets;
  readonly casting: Casting;
  /** Orders by receiver. */
  readonly orders: Buckets;
  readonly feeds: Feeds;
  readonly rooms: Rooms;
  readonly sessions: Set<Session>;
  readonly sockets: SocketCounts;
  readonly pages: Pages;
  readonly hls: HlsSources;
  readonly nearby: Nearby;
  readonly locate: Locate;
  readonly upgrade: UpgradeWebSocket;
  /** IP address of who sent the request. */
  readonly clientAddress: (c: Context) => string;
}

/** Where whoever sent a request is, as far as the platform or the operator's data can tell. */
export interface Locate {
  (c: Context): Place | undefined;
}

export type RouteHandler = (c: Context) => Response | Promise<Response>;

/** A parameter of the route's own path; that it is there is the route table's promise. */
export function pathParam(c: Context, name: string): string {
  const value = c.req.param(name);
  if (value === undefined) throw new Error(`the route of "${c.req.path}" has no ":${name}"`);
  return value;
}
