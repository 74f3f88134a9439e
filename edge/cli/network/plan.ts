import { randomBytes } from "node:crypto";
import { bytesToHex } from "@noble/hashes/utils.js";
import { EDGE_NAME } from "../../../crdt/batch.ts";
import { newIdentity, publicKeyHex, type Identity } from "../../../crdt/replicate/introduction.ts";
import type { ProcessRole } from "../../config.ts";
import { KEY_BYTES } from "../../secrets.ts";
import { LINK_PATH } from "../../runtime/host/door.ts";
import { placeOfRegion } from "./places.ts";

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
  /** Proxies in front of it, whose word on a client's address is taken. */
  readonly proxies?: readonly string[];
}

export interface NetworkWish {
  readonly edges: readonly EdgeWish[];
  readonly processes?: readonly ProcessWish[];
  readonly programs?: readonly PlannedProgram[];
  /** Further settings of every edge's configuration. */
  readonly edgeSettings?: Readonly<Record<string, unknown>>;
  /** Of the first edge on a host; the others there count up. */
  readonly ports: FirstPorts;
  /** Folder on each host for its log; beside the configuration where none is named. */
  readonly data?: string;
  /** Members answer the inspector. */
  readonly inspect?: boolean;
  /** Where a hub takes links: then everyone is linked with it, and with nobody else. */
  readonly hub?: { readonly host: string; readonly backbone: number };
}

/** A process of the backbone as an operator asks for it. */
export interface ProcessWish {
  readonly name: string;
  readonly role: ProcessRole;
  /** Its log, or the permanent database: `file:PATH` or a server's address. */
  readonly store: string;
  /** Where other processes and its supervisor find it; without, it only dials. */
  readonly listen?: { readonly host: string; readonly backbone?: number; readonly status?: number };
  /** Further settings of its configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** The recorder as most networks have it. */
export const RECORDER: ProcessWish = { name: "recorder", role: "recorder", store: "file:recorder.db" };

/** A replica beside the front, at which all others meet. */
function hubAt(listen: { readonly host: string; readonly backbone: number }): ProcessWish {
  return { name: "hub", role: "hub", store: "file:hub.db", listen };
}

export interface FirstPorts {
  readonly public: number;
  readonly backbone: number;
}

export const DEFAULT_PORTS: FirstPorts = { public: 8101, backbone: 9101 };

/** A network before it is written down: a configuration file a member, and a program. */
export interface NetworkPlan {
  readonly edges: readonly PlannedEdge[];
  readonly processes: readonly PlannedProcess[];
  readonly programs: readonly PlannedProgram[];
}

export interface PlannedEdge {
  readonly name: string;
  readonly region: string;
  readonly address: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface PlannedProcess {
  readonly name: string;
  readonly role: ProcessRole;
  /** Where its /healthz is. */
  readonly status?: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A program that is supervised with the network and is no member of the backbone: an encoder, a name server. */
export interface PlannedProgram {
  readonly name: string;
  /** Its module, from the repository's root; it is given `--config FILE` and `--supervised`. */
  readonly entry: string;
  /** Where it runs on one runtime only. */
  readonly runtime?: "node";
  /** False: it is not told the network's secret. */
  readonly secret?: false;
  /** Where its /healthz is; without, it is well while it runs. */
  readonly status?: string;
  /** Its own settings; planning adds its name and the network's secret, as `keys.network`. */
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
  const wished = [...(wish.hub ? [hubAt(wish.hub)] : []), ...(wish.processes ?? [])];
  const processes = wished.map((process) => ({
    ...process,
    identity: identityOf(process.name, "process"),
  }));
  const peers = [
    ...edges.map(({ name, identity, backboneHost, ports }) => ({
      name,
      role: "edge",
      key: publicKeyHex(identity),
      address: linkAddress(backboneHost, ports.backbone),
    })),
    ...processes.map(({ name, role, identity, listen }) => ({
      name,
      role,
      key: publicKeyHex(identity),
      ...(listen?.backbone === undefined ? {} : { address: linkAddress(listen.host, listen.backbone) }),
    })),
  ];
  const isLinked = (one: string, other: string) => !wish.hub || one === "hub" || other === "hub";
  const memberOf = ({ name, identity }: { name: string; identity: Identity }) => ({
    name,
    peers: peers
      .filter((peer) => peer.name !== name)
      .map((peer) => (isLinked(name, peer.name) ? peer : { ...peer, address: undefined, linked: false })),
    keys: { private: bytesToHex(identity.secretKey), network },
    ...(wish.inspect === true && { inspect: true }),
  });
  const planned = edges.map((edge): PlannedEdge => {
    const address = httpAddress(edge.publicHost, edge.ports.public);
    const config = {
      ...memberOf(edge),
      role: "edge",
      region: edge.region,
      public: { host: edge.publicHost, port: edge.ports.public, address },
      backbone: { host: edge.backboneHost, port: edge.ports.backbone },
      place: placeOfRegion(edge.region),
      ...(edge.proxies ? { proxies: edge.proxies } : {}),
      store: `file:${wish.data === undefined ? "" : `${wish.data}/`}${edge.name}.db`,
      ...wish.edgeSettings,
    };
    return { name: edge.name, region: edge.region, address, config };
  });
  return {
    edges: planned,
    processes: processes.map((process) => plannedProcess(process, memberOf(process))),
    programs: (wish.programs ?? []).map((program) => ({
      ...program,
      config: { name: program.name, ...program.config, ...(program.secret === false ? {} : { keys: { network } }) },
    })),
  };
}

function plannedProcess({ name, role, store, listen, settings }: ProcessWish, member: object): PlannedProcess {
  const at = (port: number | undefined) => (listen && port !== undefined ? { host: listen.host, port } : undefined);
  const [backbone, status] = [at(listen?.backbone), at(listen?.status)];
  return {
    name,
    role,
    ...(status && { status: httpAddress(status.host, status.port) }),
    config: { ...member, role, store, ...(backbone && { backbone }), ...(status && { status }), ...settings },
  };
}

function linkAddress(host: string, port: number): string {
  return `ws://${bracketed(host)}:${port}${LINK_PATH}`;
}

function httpAddress(host: string, port: number): string {
  return `http://${bracketed(host)}:${port}`;
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
