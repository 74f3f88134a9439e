// The links of a network through proxies, for partitions.
import type { NetworkPlan } from "../../edge/cli/network/plan.ts";
import { Proxy, type Passage } from "./proxy.ts";

const HOST = "127.0.0.1";

interface PlannedPeer {
  readonly name: string;
  readonly role: string;
  readonly address?: string;
}

interface PlannedMember {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A proxy a link. */
export class Links {
  /** "a b", the names in order. */
  readonly #proxies = new Map<string, Proxy>();

  /** The plan with every link leading through a proxy of ours. */
  async through(plan: NetworkPlan): Promise<NetworkPlan> {
    return {
      ...plan,
      edges: await Promise.all(plan.edges.map((member) => this.#planned(member))),
      processes: await Promise.all(plan.processes.map((member) => this.#planned(member))),
    };
  }

  /** The proxy of the link of two members, whoever dials. */
  between(a: string, b: string): Proxy {
    const proxy = this.#proxies.get([a, b].sort().join(" "));
    if (!proxy) throw new Error(`there is no proxy between "${a}" and "${b}"`);
    return proxy;
  }

  /** Cuts a member off from everyone. */
  cut(name: string, how: Exclude<Passage, { is: "open" }>): void {
    for (const proxy of this.#of(name)) proxy.become(how);
  }

  mend(name: string): void {
    for (const proxy of this.#of(name)) proxy.become({ is: "open" });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
  }

  #of(name: string): Proxy[] {
    return [...this.#proxies].filter(([key]) => key.split(" ").includes(name)).map(([, proxy]) => proxy);
  }

  async #planned<T extends PlannedMember>(member: T): Promise<T> {
    const { name, config } = member;
    const peers = (config["peers"] as PlannedPeer[]).map((peer) => this.#peer(name, config, peer));
    return { ...member, config: { ...config, peers: await Promise.all(peers) } };
  }

  /** Both members of a pair are told of the proxy; only one of them dials. */
  async #peer(name: string, config: PlannedMember["config"], peer: PlannedPeer): Promise<PlannedPeer> {
    if (peer.address === undefined || !dials(name, config, peer)) return peer;
    const proxy = await Proxy.listen(Number(new URL(peer.address).port));
    this.#proxies.set([name, peer.name].sort().join(" "), proxy);
    return { ...peer, address: `ws://${HOST}:${proxy.port}/link` };
  }
}

/** Processes dial edges; of two that listen, the one whose name comes first dials the other. */
function dials(name: string, { role, backbone }: PlannedMember["config"], peer: PlannedPeer): boolean {
  if ((role === "edge") !== (peer.role === "edge")) return role !== "edge";
  return backbone === undefined || name < peer.name;
}
