import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { PROCESS_ROLES, type Config, type ProcessRole } from "../../config.ts";
import { readConfigFile } from "../../runtime/host/config-file.ts";
import { deriveTokenKeys, type OperatorRole, type TokenKeys } from "../../token.ts";
import { UserError } from "../user-error.ts";
import type { NetworkPlan } from "./plan.ts";

/** Where `up` keeps its network, and `network new` writes one. */
export const DEFAULT_FOLDER = ".redbutton";

const member = { name: v.string(), config: v.string() };
const status = v.optional(v.string());
const manifest = v.object({
  version: v.literal(1),
  edges: v.array(v.object({ ...member, region: v.string(), address: v.string() })),
  processes: v.array(v.object({ ...member, role: v.picklist(PROCESS_ROLES), status })),
  programs: v.optional(
    v.array(v.object({ ...member, entry: v.string(), runtime: v.exactOptional(v.literal("node")), status })),
    [],
  ),
});
type Manifest = v.InferOutput<typeof manifest>;

export interface NetworkEdge {
  readonly name: string;
  readonly region: string;
  /** Address that receivers use. */
  readonly address: string;
  /** Its configuration file, absolute. */
  readonly config: string;
}

export interface NetworkProcess {
  readonly name: string;
  readonly role: ProcessRole;
  /** Where its /healthz is, if anywhere. */
  readonly status?: string | undefined;
  readonly config: string;
}

/** A program that is no member of the backbone. */
export interface NetworkProgram {
  readonly name: string;
  /** Its module, from the repository's root. */
  readonly entry: string;
  /** Where it runs on one runtime only. */
  readonly runtime?: "node";
  readonly status?: string | undefined;
  readonly config: string;
}

/** A network's folder: its members' configurations and what is needed to talk to them. */
export class NetworkFolder {
  readonly path: string;
  readonly edges: readonly NetworkEdge[];
  readonly processes: readonly NetworkProcess[];
  readonly programs: readonly NetworkProgram[];

  constructor(path: string, { edges, processes, programs }: Manifest) {
    this.path = path;
    this.edges = edges.map((edge) => ({ ...edge, config: join(path, edge.config) }));
    this.processes = processes.map((process) => ({ ...process, config: join(path, process.config) }));
    this.programs = programs.map((program) => ({ ...program, config: join(path, program.config) }));
  }

  /** Any member's configuration holds the network's secret; the first edge's is read. */
  secret(): Uint8Array {
    return this.configOf(this.edges[0]!.config).keys.network;
  }

  configOf(path: string): Config {
    return readConfigFile(path);
  }

  tokenKeys(): TokenKeys {
    return deriveTokenKeys(this.secret());
  }

  /** A token for this run of a command; nothing keeps it. */
  operatorToken(role: OperatorRole, minutes = 60): string {
    const exp = Math.floor(Date.now() / 1000) + minutes * 60;
    return this.tokenKeys().operators.sign({ sub: "redbutton-cli", exp, role, shows: "*" });
  }

  /** The network vouches for this receiver, as a broadcaster does for its viewers: it may buy. */
  receiverToken(subject: string, minutes: number): string {
    const exp = Math.floor(Date.now() / 1000) + minutes * 60;
    return this.tokenKeys().receivers.sign({ sub: subject, exp, role: "receiver", anon: false });
  }

  /** The edges named in a comma-separated list, or all. */
  edgesNamed(list: string | undefined): readonly NetworkEdge[] {
    if (list === undefined) return this.edges;
    return list.split(",").map((name) => {
      const edge = this.edges.find((each) => each.name === name.trim());
      if (!edge)
        throw new UserError(
          `there is no edge "${name}" in "${this.path}"; it has ${this.edges.map((each) => each.name).join(", ")}`,
        );
      return edge;
    });
  }

  get booksFolder(): string {
    return join(this.path, "books");
  }
}

/** Reads a network's folder; undefined where there is none. */
export function findFolder(path: string): NetworkFolder | undefined {
  const file = join(path, "network.json");
  if (!existsSync(file)) return undefined;
  const read = v.safeParse(manifest, JSON.parse(readFileSync(file, "utf8")));
  if (!read.success) throw new UserError(`"${file}" is no network of this version: ${read.issues[0].message}`);
  return new NetworkFolder(resolve(path), read.output);
}

/** The same, where there has to be one. */
export function openFolder(path: string): NetworkFolder {
  const folder = findFolder(path);
  if (!folder)
    throw new UserError(`there is no network in "${path}": \`redbutton up\` makes one, \`redbutton network new\` too`);
  return folder;
}

/** Writes a network down. Files with keys can be read by their owner alone. */
export function writeFolder(path: string, plan: NetworkPlan): NetworkFolder {
  if (existsSync(join(path, "network.json")))
    throw new UserError(`there is a network in "${path}" already: its keys are not overwritten`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  for (const { name, config } of [...plan.edges, ...plan.processes, ...plan.programs])
    writeFileSync(join(path, `${name}.json`), json(config), { mode: 0o600, flag: "wx" });
  const written: Manifest = {
    version: 1,
    edges: plan.edges.map(({ name, region, address }) => ({ name, region, address, config: `${name}.json` })),
    processes: plan.processes.map(({ config: _, ...process }) => ({ ...process, config: `${process.name}.json` })),
    programs: plan.programs.map(({ config: _, secret: _secret, ...program }) => ({
      ...program,
      config: `${program.name}.json`,
    })),
  };
  writeFileSync(join(path, "network.json"), json(written));
  return new NetworkFolder(resolve(path), written);
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
