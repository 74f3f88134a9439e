import { randomBytes } from "node:crypto";
import { bytesToHex } from "@noble/hashes/utils.js";
import { newIdentity, publicKeyHex } from "../../crdt/replicate/introduction.ts";
import { KEY_BYTES } from "../secrets.ts";
import { writeFolder } from "./network/folder.ts";
import { DEFAULT_PORTS, parseEdges, planNetwork, RECORDER } from "./network/plan.ts";
import { objectPeers } from "./network/object-peers.ts";
import { say } from "./output.ts";
import { readSecretFile } from "./secret.ts";

export interface NewNetworkOptions {
  readonly edges: string;
  /** The recorder's database; `false` leaves the recorder out. */
  readonly recorder: string | false;
  /** Address of the content encoder, for the cues of thresholds. */
  readonly encoder?: string;
  readonly out: string;
  readonly data?: string;
  readonly port?: number;
  readonly backbonePort?: number;
  readonly inspect?: boolean;
  /** Host of a hub that everyone is linked with, and nobody else. */
  readonly hub?: string;
}

/** Where a hub takes links, counted from the first edge's. */
const HUB_PORT = 99;

/** Writes the configuration files of a new network, keys included. */
export function newNetwork(options: NewNetworkOptions): void {
  const ports = {
    public: options.port ?? DEFAULT_PORTS.public,
    backbone: options.backbonePort ?? DEFAULT_PORTS.backbone,
  };
  // It watches thresholds, too: one that is armed needs a watcher.
  const recorder = { ...RECORDER, role: "monitor" as const, store: String(options.recorder) };
  const settings = options.encoder === undefined ? {} : { settings: { encoder: options.encoder } };
  const processes = options.recorder === false ? [] : [{ ...recorder, ...settings }];
  const data = options.data === undefined ? {} : { data: options.data };
  const inspect = options.inspect === true;
  const hub = options.hub === undefined ? {} : { hub: { host: options.hub, backbone: ports.backbone + HUB_PORT } };
  const plan = planNetwork({ edges: parseEdges(options.edges), ports, processes, inspect, ...data, ...hub });
  const folder = writeFolder(options.out, plan);
  for (const { name, address, config } of folder.edges)
    say(`edge ${name} at ${address}: redbutton edge --config ${config}`);
  for (const { name, config } of folder.processes) say(`${name}: redbutton monitor --config ${config}`);
  say(`Each file goes to its own host. Keep "${folder.path}": the commands of the CLI read it.`);
}

export interface ObjectsOptions {
  readonly address: string;
  readonly secret: string;
  /** `NAME` or `NAME=HINT`, comma-separated. */
  readonly regions: string;
  readonly objects: number;
  readonly sells?: boolean;
}

/** Prints Durable Objects as peers, for the configuration of a member on a machine of its own. */
export function printObjects({ secret, regions, ...options }: ObjectsOptions): void {
  const names = regions.split(",").map((region) => region.trim().replace(/=.*/, ""));
  say(JSON.stringify(objectPeers({ ...options, regions: names, network: readSecretFile(secret) }), undefined, 2));
}

/** Prints keys for a configuration that is written by hand. */
export function newKeys(): void {
  const identity = newIdentity("new", "edge", { bytes: (length) => new Uint8Array(randomBytes(length)) });
  say(`private  ${bytesToHex(identity.secretKey)}`);
  say(`public   ${publicKeyHex(identity)}    for the other members' "peers"`);
  say(`network  ${bytesToHex(randomBytes(KEY_BYTES))}    the same at every member`);
}
