import type { EdgeWish, FirstPorts } from "./plan.ts";

/** Edges of a network on one machine. */
export const LOCAL_EDGES: readonly string[] = ["fra", "nyc", "syd"];

/**
 * On Linux all of 127.0.0.0/8 is this machine: each edge has an address of its own and all have one port, so that names
 * lead to them as they would in the world. Elsewhere they have one address, and ports counted up. The front is a proxy of
 * theirs, whose word on a client's address they take.
 */
export function localEdges(ports: FirstPorts, platform: NodeJS.Platform = process.platform): Required<EdgeWish>[] {
  return LOCAL_EDGES.map((name, i) => {
    const [host, shift] = platform === "linux" ? [`127.0.0.${i + 1}`, 0] : ["127.0.0.1", i];
    return {
      name,
      region: name,
      publicHost: host,
      backboneHost: host,
      ports: { public: ports.public + shift, backbone: ports.backbone + shift },
      proxies: ["127.0.0.1"],
    };
  });
}
