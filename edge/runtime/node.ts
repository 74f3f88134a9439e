// The Node door: `node edge/runtime/node.ts --config FILE` is an edge or a process.
import { openProcess, openWatch } from "../../monitor/host.ts";
import { runMember } from "./host/run-member.ts";
import { startEdge } from "./host/start-edge.ts";
import { startProcess } from "./host/start-process.ts";
import { nodeDoor } from "./node/door.ts";

await runMember(nodeDoor, {
  edge: (config, surroundings) => startEdge(config, surroundings, openWatch),
  process: (config, surroundings) => startProcess(config, surroundings, openProcess),
});
