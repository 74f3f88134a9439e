// The Deno door: `deno run -P edge/runtime/deno.ts --config FILE` is an edge or a process.
import { openProcess, openWatch } from "../../monitor/host.ts";
import { servePublic, upgradeRaw } from "./deno/public.ts";
import { listenBackbone } from "./host/backbone.ts";
import type { Door } from "./host/door.ts";
import { runMember } from "./host/run-member.ts";
import { startEdge } from "./host/start-edge.ts";
import { startProcess } from "./host/start-process.ts";
import { dialLink } from "./host/websocket.ts";
import { servePublic as serveByNode } from "./node/public.ts";

const raw = upgradeRaw();

const door: Door = {
  runtime: "deno",
  // A Deno without raw upgrades serves as Node does: 8 µs more a request, and the limits still hold.
  servePublic: raw ? (options, handler) => servePublic(options, handler, raw) : serveByNode,
  listenBackbone,
  dial: dialLink,
};

await runMember(door, {
  edge: (config, surroundings) => startEdge(config, surroundings, openWatch),
  process: (config, surroundings) => startProcess(config, surroundings, openProcess),
});
