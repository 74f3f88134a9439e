// A supervised network of real processes with two or three watchers, whose links and database lead through proxies.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EdgeApi } from "../../edge/cli/api.ts";
import { writeFolder, type NetworkFolder } from "../../edge/cli/network/folder.ts";
import { CUE_JOURNAL, localProcesses } from "../../edge/cli/network/local.ts";
import {
  DEFAULT_PORTS,
  planNetwork,
  type NetworkPlan,
  type NetworkWish,
  type PlannedProgram,
} from "../../edge/cli/network/plan.ts";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { RunningNetwork } from "../../edge/cli/supervise/network.ts";
import type { JournalledCue } from "../../monitor/recording-encoder/journal.ts";
import { Proxy } from "../support/proxy.ts";
import { startSqld, type Sqld } from "../support/sqld.ts";

const EDGES = ["fra", "nyc"];
const HOST = "127.0.0.1";
const START_TIMEOUT_MS = 60_000;

/** Where cues are latched. */
export type DatabaseKind = "file" | "server";

export class Ground {
  readonly folder: NetworkFolder;
  readonly network: RunningNetwork;
  /** "monitor fra" → the proxy of that link. */
  readonly proxies: ReadonlyMap<string, Proxy>;
  readonly output: string[] = [];
  readonly #path: string;
  readonly #database: Server | undefined;

  static async start(kind: DatabaseKind): Promise<Ground> {
    const path = mkdtempSync(join(tmpdir(), "redbutton-faults-"));
    const database = kind === "server" ? await Server.start(path) : undefined;
    const proxies = new Map<string, Proxy>();
    const plan = await withProxies(await planOf(database?.url), proxies);
    const ground = new Ground(path, writeFolder(join(path, "network"), plan), proxies, database);
    ground.network.start();
    if (!(await ground.network.whenWhole(START_TIMEOUT_MS)))
      throw new Error(`the network did not come up:\n${ground.output.slice(-40).join("\n")}`);
    return ground;
  }

  private constructor(
    path: string,
    folder: NetworkFolder,
    proxies: ReadonlyMap<string, Proxy>,
    database: Server | undefined,
  ) {
    this.#path = path;
    this.folder = folder;
    this.proxies = proxies;
    this.#database = database;
    this.network = new RunningNetwork(folder, undefined, {
      online: (name, line) => this.output.push(`${name} ${line}`),
      onevent: (name, message) => this.output.push(`${name} ${message}`),
    });
  }

  /** Processes that watch. */
  get watchers(): string[] {
    return this.folder.processes.filter(({ role }) => role !== "recorder").map(({ name }) => name);
  }

  api(edge: number): EdgeApi {
    return new EdgeApi(this.folder.edges[edge]!.address, this.folder.operatorToken("producer", 600));
  }

  /** Lines of the encoder's journal, as they are on its disk: nothing has looked for doubles in them. */
  journalled(): JournalledCue[] {
    const text = readFileSync(join(this.folder.path, CUE_JOURNAL), "utf8");
    const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as JournalledCue);
  }

  /** Ends the database's server as by kill -9, and starts it again on the same disk. */
  async restartDatabase(awayMs: number): Promise<void> {
    await this.#database?.restart(awayMs);
  }

  async end(): Promise<void> {
    await this.network.stop();
    for (const proxy of this.proxies.values()) await proxy.close();
    await this.#database?.stop();
    rmSync(this.#path, { recursive: true, force: true });
  }
}

/** A libSQL server that comes back under the same address. */
class Server {
  readonly #path: string;
  readonly #proxy: Proxy;
  #sqld: Sqld;

  static async start(path: string): Promise<Server> {
    const sqld = await startSqld(path);
    return new Server(path, await Proxy.listen(portOf(sqld)), sqld);
  }

  private constructor(path: string, proxy: Proxy, sqld: Sqld) {
    this.#path = path;
    this.#proxy = proxy;
    this.#sqld = sqld;
  }

  get url(): string {
    return `http://${HOST}:${this.#proxy.port}`;
  }

  async restart(awayMs: number): Promise<void> {
    await this.#sqld.kill();
    await sleep(awayMs);
    this.#sqld = await startSqld(this.#path);
    this.#proxy.target = portOf(this.#sqld);
  }

  async stop(): Promise<void> {
    await this.#proxy.close();
    await this.#sqld.kill();
  }
}

function portOf(sqld: Sqld): number {
  return Number(new URL(sqld.url).port);
}

/** With a server: a recorder, two watchers that latch there, and an edge that watches as well. */
async function planOf(server: string | undefined): Promise<NetworkPlan> {
  const ports = await freePorts(EDGES.length * 2 + 4);
  const [backbone, monitor, watcher, encoder] = ports.slice(EDGES.length * 2) as [number, number, number, number];
  const edges = EDGES.map((name, i) => ({
    name,
    region: name,
    publicHost: HOST,
    backboneHost: HOST,
    ports: { public: ports[i]!, backbone: ports[EDGES.length + i]! },
  }));
  const recording = recordingEncoder(encoder);
  const address = recording.status!;
  const local = localProcesses({ backbone, status: [monitor, watcher, 0], encoder, stream: 0 }).processes;
  const recorded = local.map((process) => ({ ...process, settings: { ...process.settings, encoder: address } }));
  const processes = server === undefined ? recorded : serverProcesses(server, address);
  const plan = planNetwork({ edges, processes, programs: [recording], ports: DEFAULT_PORTS });
  if (server === undefined) return plan;
  const watching = { watch: true, latch: server, encoder: address };
  return {
    ...plan,
    edges: plan.edges.map((edge) =>
      edge.name === EDGES[0] ? { ...edge, config: { ...edge.config, ...watching } } : edge,
    ),
  };
}

/** An encoder without video: what it was sent stands in its journal. */
function recordingEncoder(port: number): PlannedProgram {
  const config = { listen: { host: HOST, port }, journal: CUE_JOURNAL };
  const entry = "edge/runtime/recording-encoder.ts";
  return { name: "encoder", entry, status: `http://${HOST}:${port}`, config };
}

function serverProcesses(server: string, encoder: string): NonNullable<NetworkWish["processes"]> {
  const settings = { latch: server, encoder };
  return [
    { name: "recorder", role: "recorder", store: server },
    { name: "watcher-a", role: "watcher", store: "file:watcher-a.db", settings },
    { name: "watcher-b", role: "watcher", store: "file:watcher-b.db", settings },
  ];
}

/** Processes dial through proxies: their links are what a partition cuts. */
async function withProxies(plan: NetworkPlan, proxies: Map<string, Proxy>): Promise<NetworkPlan> {
  const processes = plan.processes.map(async (process) => {
    const peers = (process.config["peers"] as { name: string; address?: string }[]).map(async (peer) => {
      if (peer.address === undefined) return peer;
      const proxy = await Proxy.listen(Number(new URL(peer.address).port));
      proxies.set(`${process.name} ${peer.name}`, proxy);
      return { ...peer, address: `ws://${HOST}:${proxy.port}/link` };
    });
    return { ...process, config: { ...process.config, peers: await Promise.all(peers) } };
  });
  return { ...plan, processes: await Promise.all(processes) };
}
