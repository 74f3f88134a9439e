import type { Context } from "hono";
import type { Inspector } from "../../../crdt/inspect/inspector.ts";
import { createApp, type App } from "../../app.ts";
import type { EdgeConfig } from "../../config.ts";
import type { Edge } from "../../edge.ts";
import { Broadcaster } from "../../jwks.ts";
import type { EdgeWatcher } from "../../service.ts";
import { parseAddress } from "../../steering/address.ts";
import type { Locator } from "../../steering/locator.ts";
import type { Place } from "../../steering/place.ts";
import { httpProbe } from "../../steering/probe.ts";
import { deriveTokenKeys } from "../../token.ts";
import { clientAddress } from "./client-address.ts";
import type { Client } from "./door.ts";
import { hlsSources } from "./hls.ts";
import { readPages } from "./pages.ts";
import type { Surroundings } from "./run-member.ts";

/** An edge's routes, with what this host gives them: its files, its clients' addresses and places. */
export function edgeApp(
  config: EdgeConfig,
  edge: Edge,
  world: Surroundings["world"],
  locate: Locator,
  { inspector, watcher }: { readonly inspector?: Inspector | undefined; readonly watcher?: EdgeWatcher | undefined },
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
    ...(watcher ? { watcher } : {}),
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
