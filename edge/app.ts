import { Hono, type Context } from "hono";
import type { Inspector } from "../crdt/inspect/inspector.ts";
import type { Socket, World } from "../crdt/ports.ts";
import { CLOSE } from "./close.ts";
import { Feeds } from "./feed.ts";
import type { HlsSources } from "./hls.ts";
import type { Broadcaster } from "./jwks.ts";
import { Buckets, type Limit, type Limits } from "./limits.ts";
import { Rooms } from "./room.ts";
import { ballotTaker, castBallot, castPlainBallot, listOwnBallots } from "./routes/ballots.ts";
import { showContent, showPicture } from "./routes/content.ts";
import type { Locate, Pages, RouteContext, RouteHandler, UpgradeWebSocket } from "./routes/context.ts";
import { listEdges, showNearest } from "./routes/edges.ts";
import { showOpenApi, showSchema } from "./routes/documents.ts";
import { allowOrigins, refuseMistake, refuseUnknown } from "./routes/fallback.ts";
import { showHls } from "./routes/hls.ts";
import { showInspection } from "./routes/inspect.ts";
import { listOwnOrders, listProducts, placeOrder } from "./routes/orders.ts";
import { showHealth, showMetrics, showReadiness } from "./routes/operations.ts";
import { redirectToPage, showAsset, showPage } from "./routes/pages.ts";
import { publishPage, publishPicture, withdrawContent } from "./routes/publishing.ts";
import { showOwnReceipt } from "./routes/receipts.ts";
import { admitReceiver } from "./routes/receivers.ts";
import { showAllResults, showResults } from "./routes/results.ts";
import {
  commandPoll,
  createShow,
  nameLost,
  openPoll,
  schedulePoll,
  showAudit,
  showShow,
  startRundown,
  forgetShow,
  stopShow,
  unschedulePoll,
} from "./routes/shows.ts";
import { commandProduct, decideOrder, showSelling } from "./routes/selling.ts";
import { showGraphics } from "./routes/graphics.ts";
import { joinLive, joinRoom, resumeSession } from "./routes/sockets.ts";
import { connectionsOf, type Connections } from "./metrics.ts";
import type { Refusal } from "./refusal.ts";
import { commandThreshold, putThreshold, showThresholds } from "./routes/thresholds.ts";
import { showStreamEvents } from "./routes/stream-events.ts";
import type { EdgeService, EdgeWatcher } from "./service.ts";
import { Nearby } from "./steering/nearby.ts";
import type { Probe } from "./steering/report.ts";
import type { KeptSession } from "./session.ts";
import { SocketCounts } from "./socket-counts.ts";
import type { TokenKeys } from "./token.ts";
import { Tokens } from "./tokens.ts";

export type { Locate, Page, Pages, UpgradeWebSocket } from "./routes/context.ts";

/** What the application is made of; a runtime's door hands it in. */
export interface AppDeps {
  readonly edge: EdgeService;
  /** Absent where this edge watches no thresholds. */
  readonly watcher?: EdgeWatcher;
  readonly world: World;
  /** From the network's secret, by `deriveTokenKeys`. */
  readonly keys: TokenKeys;
  readonly limits: Limits;
  readonly upgrade: UpgradeWebSocket;
  /** Where the broadcaster's own tokens are taken too. */
  readonly broadcaster?: Broadcaster;
  /** IP address of who sent the request, trusted proxies accounted for. */
  readonly clientAddress: (c: Context) => string;
  /** Where the shows' pictures are had from; left out, this edge serves none. */
  readonly hls?: HlsSources;
  /** The pages that people use, as the build has made them. */
  readonly pages: Pages;
  /** How neighbours are asked how they are; left out, their links and their word on the board decide. */
  readonly probe?: Probe;
  /** Where a receiver is; left out, it is known by the country that it tells. */
  readonly locate?: Locate;
  /** Absent where inspecting is not configured: then its routes are not there. */
  readonly inspector?: Inspector;
  /** Keys that each rate limit remembers, in place of `MAX_BUCKETS`. */
  readonly maxBuckets?: number;
}

export interface App {
  readonly hono: Hono;
  /** Answers a request; `env` is handed to the routes as Hono's environment. */
  fetch(request: Request, env?: unknown): Response | Promise<Response>;
  /** Closes every WebSocket and says to come back, at another edge if there is one: for draining. */
  dismiss(): void;
  /** WebSockets that are open. */
  sockets(): Connections;
  /** Goes on with a receiver's socket that outlived its program. Where it is refused the socket is the caller's still. */
  resume(socket: Socket, kept: KeptSession): Refusal | undefined;
}

/**
 * The routes of an edge. They are open to pages of any origin: a receiver or a console whose edge is gone goes on at
 * another, and a token in a header, which no browser sends by itself, is the control. There is no middleware on any.
 */
export function createApp(deps: AppDeps): App {
  const context = routeContext(deps);
  const hono = new Hono();
  const open = (method: "GET" | "POST" | "PUT", path: string, handler: RouteHandler) =>
    hono.on(method, path, handler).options(path, allowOrigins());

  const mistake = refuseMistake(context.world);
  const take = ballotTaker(context, mistake);
  const castPlain = castPlainBallot(take);
  open("POST", "/v1/shows/:show/polls/:poll/ballots", castBallot(take));
  open("GET", "/v1/shows/:show/polls/:poll/ballots/mine", listOwnBallots(context));
  open("GET", "/v1/shows/:show/polls/:poll/results", showResults(context));
  open("GET", "/v1/shows/:show/results", showAllResults(context));
  open("GET", "/v1/shows/:show/content", showContent(context));
  open("GET", "/v1/shows/:show/pictures/:hash", showPicture(context));
  open("POST", "/v1/shows/:show/orders", placeOrder(context));
  open("GET", "/v1/shows/:show/orders/mine", listOwnOrders(context));
  open("GET", "/v1/shows/:show/products", listProducts(context));
  open("POST", "/v1/receivers", admitReceiver(context));
  open("GET", "/v1/receipts/:receipt", showOwnReceipt(context));
  open("GET", "/v1/edges/nearest", showNearest(context));
  open("GET", "/hls/:show/:file", showHls(context));
  open("GET", "/hbbtv/cue.xml", showStreamEvents());
  hono.get("/v1/shows/:show/live", joinLive(context));

  hono.get("/v1/edges", listEdges(context));
  hono.get("/v1/rooms/:show/board", joinRoom(context, "board"));
  hono.get("/v1/rooms/:show/tallies", joinRoom(context, "tallies"));

  open("POST", "/v1/shows", createShow(context));
  open("GET", "/v1/shows/:show", showShow(context));
  open("GET", "/v1/shows/:show/audit", showAudit(context));
  open("POST", "/v1/shows/:show/lost", nameLost(context));
  open("POST", "/v1/shows/:show/rundown", startRundown(context));
  open("POST", "/v1/shows/:show/stop", stopShow(context));
  open("POST", "/v1/shows/:show/forget", forgetShow(context));
  open("POST", "/v1/shows/:show/polls/:poll/arm", commandPoll(context, "arm"));
  open("POST", "/v1/shows/:show/polls/:poll/open", openPoll(context));
  open("POST", "/v1/shows/:show/polls/:poll/close", commandPoll(context, "close"));
  open("POST", "/v1/shows/:show/polls/:poll/void", commandPoll(context, "void"));
  open("POST", "/v1/shows/:show/polls/:poll/release", commandPoll(context, "release"));
  open("PUT", "/v1/shows/:show/polls/:poll/schedule", schedulePoll(context));
  hono.delete("/v1/shows/:show/polls/:poll/schedule", unschedulePoll(context));
  open("GET", "/v1/shows/:show/polls/:poll/graphics", showGraphics(context));
  open("GET", "/v1/shows/:show/thresholds", showThresholds(context));
  open("PUT", "/v1/shows/:show/thresholds/:threshold", putThreshold(context));
  open("POST", "/v1/shows/:show/thresholds/:threshold/arm", commandThreshold(context, "arm"));
  open("POST", "/v1/shows/:show/thresholds/:threshold/disarm", commandThreshold(context, "disarm"));
  open("PUT", "/v1/shows/:show/content/:id", publishPage(context));
  hono.delete("/v1/shows/:show/content/:id", withdrawContent(context));
  open("PUT", "/v1/shows/:show/content/:id/picture", publishPicture(context));

  open("GET", "/v1/shows/:show/selling", showSelling(context));
  open("POST", "/v1/shows/:show/products/:product/offer", commandProduct(context, "offer"));
  open("POST", "/v1/shows/:show/products/:product/withdraw", commandProduct(context, "withdraw"));
  open("POST", "/v1/shows/:show/decisions/:order", decideOrder(context));

  hono.get("/healthz", showHealth(context));
  hono.get("/readyz", showReadiness(context));
  hono.get("/metrics", showMetrics(context));
  if (deps.inspector) {
    hono.get("/_inspect/v1/:view", showInspection(context, deps.inspector));
    hono.get("/inspect", redirectToPage("inspect"));
    hono.get("/inspect/", showPage(context, "inspect"));
  }
  hono.get("/openapi.json", showOpenApi(hono));
  hono.get("/schemas/show.json", showSchema());
  hono.get("/tv", redirectToPage("tv"));
  hono.get("/tv/", showPage(context, "tv"));
  hono.get("/console", redirectToPage("console"));
  hono.get("/console/", showPage(context, "console"));
  hono.get("/graphics/:poll", showPage(context, "graphics"));
  hono.get("/assets/:file", showAsset(context));

  hono.notFound(refuseUnknown(hono));
  hono.onError((error, c) => mistake(error, c.req.raw));
  return {
    hono,
    fetch: (request, env) => castPlain(request) ?? hono.fetch(request, env),
    dismiss: () => dismiss(context),
    sockets: () => connectionsOf(context),
    resume: (socket, kept) => resumeSession(context, socket, kept),
  };
}

function routeContext(deps: AppDeps): RouteContext {
  const { edge, world, keys, limits, broadcaster, upgrade, clientAddress, pages, maxBuckets } = deps;
  const buckets = (limit: Limit) => new Buckets(limit, world.clock, maxBuckets);
  return {
    edge,
    watcher: deps.watcher,
    world,
    limits,
    upgrade,
    clientAddress,
    pages,
    hls: deps.hls ?? new Map(),
    tokens: new Tokens(keys, world.clock, broadcaster, () => edge.health().clock.trusted),
    perAddress: buckets(limits.receiversPerAddress),
    perSubnet: buckets(limits.receiversPerSubnet),
    casting: { ballots: buckets(limits.ballotsPerReceiver), random: world.random },
    orders: buckets(limits.ordersPerReceiver),
    feeds: new Feeds(edge.boot, world),
    rooms: new Rooms(world, limits.messagesPerReader),
    sessions: new Set(),
    sockets: new SocketCounts(),
    nearby: new Nearby(edge, world, deps.probe),
    locate: deps.locate ?? (() => undefined),
  };
}

function dismiss({ sessions, rooms, nearby }: RouteContext): void {
  nearby.stop();
  const reason = "this edge is about to stop";
  for (const session of sessions) session.close(CLOSE.unavailable, reason);
  rooms.close(CLOSE.unavailable, reason);
}
