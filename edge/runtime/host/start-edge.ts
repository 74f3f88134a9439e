import type { Context } from "hono";
import type { Socket } from "../../../crdt/ports.ts";
import type { Inspector } from "../../../crdt/inspect/inspector.ts";
import { Member } from "../../../crdt/member.ts";
import { openLibsqlStore } from "../../../crdt/store/libsql.ts";
import { createApp, type App } from "../../app.ts";
import type { EdgeConfig } from "../../config.ts";
import { Edge } from "../../edge.ts";
import { Broadcaster } from "../../jwks.ts";
import { parseAddress } from "../../steering/address.ts";
import { NO_GEO } from "../../steering/geo.ts";
import type { Locator } from "../../steering/locator.ts";
import type { Place } from "../../steering/place.ts";
import { httpProbe } from "../../steering/probe.ts";
import { deriveTokenKeys } from "../../token.ts";
import { clientAddress } from "./client-address.ts";
import { MAX_LINK_MESSAGE_BYTES, MAX_PUBLIC_MESSAGE_BYTES, type Client, type Listener } from "./door.ts";
import { hlsSources } from "./hls.ts";
import { factsOf, inspectorOf } from "./inspector.ts";
import { openLocator } from "./geo.ts";
import { memberOptions, type Running } from "./member.ts";
import { readPages } from "./pages.ts";
import type { Surroundings } from "./run-member.ts";
import type { MonitorProcess } from "./opened-process.ts";

/** How long requests under way and closing sockets may take when an edge stops, ms. */
const CLOSE_GRACE_MS = 2000;

/** A watcher of thresholds beside an edge, as monitor/ makes it. */
export interface OpenedWatch {
  create(member: Member): Pick<MonitorProcess, "start" | "stop">;
  close(): Promise<void>;
}

/** Puts an edge together: its log, its replicas and links, its routes, its two listeners. */
export async function startEdge(
  config: EdgeConfig,
  surroundings: Surroundings,
  openWatch: (config: EdgeConfig) => OpenedWatch,
): Promise<Running> {
  const { door, world } = surroundings;
  const store = await openLibsqlStore(config.store.url, { timers: world.timers });
  const member = await Member.open(memberOptions(config, store, surroundings));
  const { region, place, capacity } = config;
  const { address } = config.public;
  const options = { region, address, capacity, network: config.keys.network, ...(place ? { place } : {}) };
  const edge = new Edge(member, options);
  const inspector = inspectorOf(config, member, () => ({ ...factsOf(door.runtime), ...app.sockets() }));
  const locate = await openLocator(config.geo ?? NO_GEO);
  const app = edgeApp(config, edge, world, locate, inspector);
  const backbone = await door.listenBackbone(
    { ...config.backbone, maxMessageBytes: MAX_LINK_MESSAGE_BYTES },
    (socket: Socket) => member.backbone.accept(socket),
  );
  const watch = config.watch ? openWatch(config) : undefined;
  const watcher = watch?.create(member);
  watcher?.start();
  edge.start();
  const listener = await door.servePublic(
    {
      ...config.public,
      maxMessageBytes: MAX_PUBLIC_MESSAGE_BYTES,
      onerror: (error) => world.log("error", "answering a request failed", { error }),
    },
    (request, client) => app.fetch(request, client),
  );
  world.log("info", "edge is up", {
    boot: member.boot,
    address,
    backbone: `${backbone.host}:${backbone.port}`,
    runtime: door.runtime,
  });
  const closeStore = async () => {
    await watch?.close();
    await store.close();
  };
  const stop = async () => {
    await watcher?.stop();
    await stopEdge(edge, app, [listener, backbone], closeStore);
  };
  return { stop };
}

function edgeApp(
  config: EdgeConfig,
  edge: Edge,
  world: Surroundings["world"],
  locate: Locator,
  inspector?: Inspector,
): App {
  const proxies = new Set(config.proxies);
  const addressOf = (c: Context) =>
    clientAddress(clientOf(c).address, c.req.raw.headers.get("x-forwarded-for"), proxies);
  return createApp({
    edge,
    world,
    keys: deriveTokenKeys(config.keys.network),
    limits: config.limits,
    upgrade: (c, accept) => clientOf(c).upgrade(accept),
    clientAddress: addressOf,
    pages: readPages(),
    hls: hlsSources(config.hls, () => world.clock.now()),
    probe: httpProbe,
    locate: (c) => placeAt(locate, addressOf(c)),
    ...(inspector ? { inspector } : {}),
    ...(config.jwks ? { broadcaster: new Broadcaster(config.jwks, world.clock) } : {}),
  });
}

function placeAt(locate: Locator, text: string): Place | undefined {
  const address = parseAddress(text);
  return address && locate(address).place;
}

/** The door hands every request's client to the routes as Hono's environment. */
function clientOf(c: Context): Client {
  return c.env as Client;
}

/** Refuses what is new, makes durable and pushes what was taken, and only then lets go of sockets and links. */
async function stopEdge(
  edge: Edge,
  app: App,
  listeners: readonly Listener[],
  closeStore: () => Promise<void>,
): Promise<void> {
  await edge.drain();
  app.dismiss();
  const [listener, backbone] = listeners;
  await listener?.close(CLOSE_GRACE_MS);
  edge.stop();
  await backbone?.close(CLOSE_GRACE_MS);
  await closeStore();
}
