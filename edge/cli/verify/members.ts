import type { NetworkFolder } from "../network/folder.ts";
import type { VerifyOptions } from "./verify.ts";

/** Where a network's edges and logs are, as its folder says. */
export function membersOf(folder: NetworkFolder): Pick<VerifyOptions, "edges" | "recorder" | "secret"> {
  const edges = folder.edges.map(({ name, address, config }) => ({
    name,
    address,
    store: folder.configOf(config).store,
  }));
  const recorder = folder.processes.find(({ role }) => role === "recorder" || role === "monitor");
  return { edges, secret: folder.secret(), ...(recorder ? { recorder: folder.configOf(recorder.config).store } : {}) };
}
