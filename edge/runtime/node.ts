// The Node door: `node edge/runtime/node.ts --config FILE` is an edge or a process. Sections as in deno.ts.
import { openProcess, openWatch } from "../../monitor/host.ts";
import { listenBackbone } from "./host/backbone.ts";
import type { Door } from "./host/door.ts";
import { runMember } from "./host/run-member.ts";
import { startEdge } from "./host/start-edge.ts";
import { startProcess } from "./host/start-process.ts";
import { dialLink } from "./host/websocket.ts";
import { servePublic } from "./node/public.ts";

const door: Door = {
  runtime: "node",
  servePublic,
  listenBackbone,
  dial: dialLink,
};

await runMember(door, {
  edge: (config, surroundings) => startEdge(config, surroundings, openWatch),
  process: (config, surroundings) => startProcess(config, surroundings, openProcess),
});
