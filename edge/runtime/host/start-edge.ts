import type { Socket } from "../../../crdt/ports.ts";
import { Member } from "../../../crdt/member.ts";
import { openLibsqlStore } from "../../../crdt/store/libsql.ts";
import type { App } from "../../app.ts";
import type { EdgeConfig } from "../../config.ts";
import { Edge } from "../../edge.ts";
import { NO_GEO } from "../../steering/geo.ts";
import { MAX_LINK_MESSAGE_BYTES, MAX_PUBLIC_MESSAGE_BYTES, type Listener } from "./door.ts";
import { edgeApp } from "./edge-app.ts";
import { factsOf, inspectorOf } from "./inspector.ts";
import { openLocator } from "./geo.ts";
import { memberOptions, type Running } from "./member.ts";
import type { Surroundings } from "./run-member.ts";
import type { MonitorProcess } from "./opened-process.ts";

/** How long requests under way and closing sockets may take when an edge stops, ms. */
const CLOSE_GRACE_MS = 2000;

/** A watcher of thresholds beside an edge, as monitor/ makes it. */
export interface OpenedWatch {
  create(member: Member): MonitorProcess;
  close(): Promise<void>;
}

/** Puts an edge together: its log, its replicas and links, its routes, its two listeners. */
export async function startEdge(
  config: EdgeConfig,
  surroundings: Surroundings,
  openWatch: (config: EdgeConfig) => OpenedWatch,
): Promise<Running> {
  const { door, world, onlost } = surroundings;
  const store = await openLibsqlStore(config.store.url, { timers: world.timers, onbroken: onlost });
  const member = await Member.open(memberOptions(config, store, surroundings));
  const edge = new Edge(member, edgeOptions(config));
  const inspector = inspectorOf(config, member, () => ({ ...factsOf(door.runtime), ...app.sockets() }));
  const locate = await openLocator(config.geo ?? NO_GEO);
  const watch = config.watch ? openWatch(config) : undefined;
  const watcher = watch?.create(member);
  const app = edgeApp(config, edge, world, locate, { inspector, watcher });
  const backbone = await door.listenBackbone(
    { ...config.backbone, maxMessageBytes: MAX_LINK_MESSAGE_BYTES },
    (socket: Socket) => member.backbone.accept(socket),
  );
  watcher?.start();
  edge.start();
  const onerror = (error: unknown) => world.log("error", "answering a request failed", { error });
  const listener = await door.servePublic(
    { ...config.public, maxMessageBytes: MAX_PUBLIC_MESSAGE_BYTES, onerror },
    (request, client) => app.fetch(request, client),
  );
  const { boot } = member;
  const { address } = config.public;
  const { runtime } = door;
  world.log("info", "edge is up", { boot, address, backbone: `${backbone.host}:${backbone.port}`, runtime });
  const closeStore = async () => {
    await watch?.close();
    await store.close();
  };
  const stop = async () => {
    await watcher?.stop();
    const hasLeft = await stopEdge(edge, app, [listener, backbone], closeStore);
    if (!hasLeft) world.log("warn", "results wait for this boot: the recorder does not have all of it", { boot });
  };
  return { stop };
}

function edgeOptions({ region, place, capacity, public: { address }, keys: { network } }: EdgeConfig) {
  return { region, address, capacity, network, ...(place ? { place } : {}) };
}

/**
 * Refuses what is new, makes durable and pushes what was taken, lets go of receivers, then leaves: results shall not wait
 * for an edge that never comes back. Only then lets go of links.
 */
async function stopEdge(
  edge: Edge,
  app: App,
  listeners: readonly Listener[],
  closeStore: () => Promise<void>,
): Promise<boolean> {
  await edge.drain();
  app.dismiss();
  const [listener, backbone] = listeners;
  await listener?.close(CLOSE_GRACE_MS);
  const hasLeft = await edge.leave();
  edge.stop();
  await backbone?.close(CLOSE_GRACE_MS);
  await closeStore();
  return hasLeft;
}
