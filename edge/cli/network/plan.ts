import { randomBytes } from "node:crypto";
import { bytesToHex } from "@noble/hashes/utils.js";
import { EDGE_NAME } from "../../../crdt/batch.ts";
import { newIdentity, publicKeyHex, type Identity } from "../../../crdt/replicate/introduction.ts";
import { KEY_BYTES } from "../../config.ts";
import { LINK_PATH } from "../../runtime/host/door.ts";

/** An edge as an operator asks for it. */
export interface EdgeWish {
  readonly name: string;
  readonly region: string;
  /** Where receivers come in. */
  readonly publicHost: string;
  /** Where links come in; the same machine, and better on an interface of its own. */
  readonly backboneHost: string;
  /** Where they are not counted up. */
  readonly ports?: FirstPorts;
}

export interface NetworkWish {
  readonly edges: readonly EdgeWish[];
  /** The recorder's database: `file:PATH` or a server's address. */
  readonly recorder?: { readonly store: string };
  /** Of the first edge on a host; the others there count up. */
  readonly ports: FirstPorts;
  /** Folder on each host for its log; beside the configuration where none is named. */
  readonly data?: string;
}

export interface FirstPorts {
  readonly public: number;
  readonly backbone: number;
}

export const DEFAULT_PORTS: FirstPorts = { public: 8101, backbone: 9101 };

/** A network before it is written down: a configuration file a member. */
export interface NetworkPlan {
  readonly edges: readonly PlannedEdge[];
  readonly processes: readonly PlannedProcess[];
}

export interface PlannedEdge {
  readonly name: string;
  readonly region: string;
  readonly address: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface PlannedProcess {
  readonly name: string;
  readonly role: "recorder";
  readonly config: Readonly<Record<string, unknown>>;
}

/** Makes keys and configurations for a network of these edges, each linked with every other. */
export function planNetwork(wish: NetworkWish): NetworkPlan {
  const network = bytesToHex(randomBytes(KEY_BYTES));
  const edges = wish.edges.map((edge, i) => ({
    ...edge,
    ports: portsOf(wish, i),
    identity: identityOf(edge.name, "edge"),
  }));
  const recorder = wish.recorder && { identity: identityOf("recorder", "process"), store: wish.recorder.store };
  const edgePeers = edges.map((edge) => ({
    name: edge.name,
    role: "edge",
    key: publicKeyHex(edge.identity),
    address: `ws://${bracketed(edge.backboneHost)}:${edge.ports.backbone}${LINK_PATH}`,
  }));
  const recorderPeer = recorder && { name: "recorder", role: "recorder", key: publicKeyHex(recorder.identity) };
  const planned = edges.map((edge): PlannedEdge => {
    const address = `http://${bracketed(edge.publicHost)}:${edge.ports.public}`;
    const config = {
      name: edge.name,
      role: "edge",
      region: edge.region,
      public: { host: edge.publicHost, port: edge.ports.public, address },
      backbone: { host: edge.backboneHost, port: edge.ports.backbone },
      peers: [...edgePeers.filter((peer) => peer.name !== edge.name), ...(recorderPeer ? [recorderPeer] : [])],
      store: `file:${wish.data === undefined ? "" : `${wish.data}/`}${edge.name}.db`,
      keys: { private: bytesToHex(edge.identity.secretKey), network },
    };
    return { name: edge.name, region: edge.region, address, config };
  });
  if (!recorder) return { edges: planned, processes: [] };
  const config = {
    name: "recorder",
    role: "recorder",
    peers: edgePeers,
    store: recorder.store,
    keys: { private: bytesToHex(recorder.identity.secretKey), network },
  };
  return { edges: planned, processes: [{ name: "recorder", role: "recorder", config }] };
}

/**
 * Reads `fra=203.0.113.7/10.0.0.1,nyc=…`: name, public host, and the backbone's host where it is another. Throws with
 * what is wrong.
 */
export function parseEdges(text: string): EdgeWish[] {
  const edges = text.split(",").map((part) => {
    const [, name = "", publicHost = "", backboneHost = publicHost] =
      /^([^=]*)=([^/]+)(?:\/(.+))?$/.exec(part.trim()) ?? [];
    if (!EDGE_NAME.test(name))
      throw new Error(`reading edges: got "${part}", wanted NAME=HOST or NAME=PUBLICHOST/BACKBONEHOST`);
    return { name, region: name, publicHost, backboneHost };
  });
  const twice = edges.find(({ name }, i) => edges.findIndex((other) => other.name === name) !== i);
  if (twice) throw new Error(`reading edges: got "${twice.name}" twice`);
  return edges;
}

function portsOf(wish: NetworkWish, i: number): FirstPorts {
  const own = wish.edges[i]!.ports;
  if (own) return own;
  const before = (key: "publicHost" | "backboneHost") =>
    wish.edges.slice(0, i).filter((edge) => edge[key] === wish.edges[i]![key]).length;
  return { public: wish.ports.public + before("publicHost"), backbone: wish.ports.backbone + before("backboneHost") };
}

function identityOf(name: string, role: "edge" | "process"): Identity {
  return newIdentity(name, role, { bytes: (length) => new Uint8Array(randomBytes(length)) });
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
