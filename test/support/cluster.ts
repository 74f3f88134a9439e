// A network of real processes for tests of faults: nobody restarts what is killed, and links may lead through proxies.
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFolder, type NetworkFolder } from "../../edge/cli/network/folder.ts";
import { planNetwork, RECORDER, type NetworkPlan, type ProcessWish } from "../../edge/cli/network/plan.ts";
import { askHealth, type EdgeHealth } from "../../edge/cli/supervise/status.ts";
import type { RuntimeName } from "../../edge/cli/supervise/program.ts";
import { deriveTokenKeys, type OperatorRole, type TokenKeys } from "../../edge/token.ts";
import { EdgeClient } from "./edge-client.ts";
import { MemberProcess } from "./member-process.ts";
import { Links } from "./links.ts";
import type { Passage, Proxy } from "./proxy.ts";
import { soon } from "./soon.ts";

export interface ClusterWish {
  readonly edges?: readonly string[];
  /** Processes beside the recorder; a module of their own runs them, where one is named. */
  readonly processes?: readonly (ProcessWish & { readonly entry?: string })[];
  /** Store of the recorder; false where there is none. */
  readonly recorder?: string | false;
  readonly runtime?: RuntimeName;
  /** Every link leads through a proxy. */
  readonly proxied?: boolean;
  /** Edges that are configured and have no process: the test speaks for them. */
  readonly absent?: readonly string[];
  /** Changes a member's configuration before it is written. */
  readonly configure?: (name: string, config: Record<string, unknown>) => Record<string, unknown>;
}

/** What a test says of a show: the rest of its file it does not care about. */
export interface ShowFile {
  readonly id: string;
  readonly polls: readonly { readonly id: string }[];
}

export type Cut = Exclude<Passage, { is: "open" }>;

const HOST = "127.0.0.1";
const DAY_S = 86_400;

export class Cluster {
  readonly folder: NetworkFolder;
  readonly keys: TokenKeys;
  readonly #members: ReadonlyMap<string, MemberProcess>;
  readonly #links: Links;

  /** Plans and starts a network; everyone is live and linked when this resolves. */
  static async start(wish: ClusterWish = {}): Promise<Cluster> {
    const cluster = await Cluster.plan(wish);
    try {
      for (const member of cluster.#members.values()) member.start();
      await cluster.whole();
      return cluster;
    } catch (error) {
      await cluster.end();
      const output = [...cluster.#members.values()].flatMap(({ name, output: lines }) =>
        lines.map((line) => `${name}: ${line}`),
      );
      throw new Error(`starting a network:\n${output.join("\n")}`, { cause: error });
    }
  }

  /** The same with nothing started. */
  static async plan(wish: ClusterWish = {}): Promise<Cluster> {
    const names = [...(wish.edges ?? ["fra", "nyc", "syd"]), ...(wish.absent ?? [])];
    const store = wish.recorder ?? RECORDER.store;
    const plan = planNetwork({
      edges: names.map((name) => ({ name, region: name, publicHost: HOST, backboneHost: HOST })),
      processes: [...(store === false ? [] : [{ ...RECORDER, store }]), ...(wish.processes ?? [])],
      ports: await freeRun(names.length),
    });
    const links = new Links();
    const planned = await configured(plan, wish, links);
    const folder = writeFolder(join(mkdtempSync(join(tmpdir(), "redbutton-process-")), "network"), planned);
    return new Cluster(folder, wish, links);
  }

  private constructor(folder: NetworkFolder, wish: ClusterWish, links: Links) {
    this.folder = folder;
    this.keys = deriveTokenKeys(folder.secret());
    this.#links = links;
    const members = [...folder.edges, ...folder.processes].filter(({ name }) => !wish.absent?.includes(name));
    const entryOf = (name: string) => wish.processes?.find((process) => process.name === name)?.entry;
    this.#members = new Map(
      members.map(({ name, config }) => [name, new MemberProcess(name, config, wish.runtime ?? "deno", entryOf(name))]),
    );
  }

  /** Edges that have a process, running or not. */
  get edges(): string[] {
    return this.folder.edges.map(({ name }) => name).filter((name) => this.#members.has(name));
  }

  member(name: string): MemberProcess {
    const member = this.#members.get(name);
    if (!member) throw new Error(`there is no "${name}" in this network`);
    return member;
  }

  get recorder(): MemberProcess {
    return this.member("recorder");
  }

  address(edge: string): string {
    return this.folder.edges.find(({ name }) => name === edge)!.address;
  }

  /** Of all edges that have a process. */
  get addresses(): string[] {
    return this.edges.map((edge) => this.address(edge));
  }

  /** The edge as a producer of every show talks to it. */
  producer(edge: string): EdgeClient {
    return this.client(edge, this.operatorToken("producer"));
  }

  client(edge: string, token?: string): EdgeClient {
    return new EdgeClient(this.address(edge), token);
  }

  receiverToken(subject: string, { anonymous = true, exp = inADay() } = {}): string {
    return this.keys.receivers.sign({ sub: subject, exp, role: "receiver", anon: anonymous });
  }

  operatorToken(role: OperatorRole, shows: "*" | string[] = "*", exp = inADay()): string {
    return this.keys.operators.sign({ sub: `the ${role}`, exp, role, shows });
  }

  /** Throws where the edge does not answer. */
  async health(edge: string): Promise<EdgeHealth> {
    const health = await askHealth(this.address(edge));
    if (!health) throw new Error(`"${edge}" does not answer`);
    return health;
  }

  /** Waits until every running edge is ready and linked with everyone who runs. */
  async whole(): Promise<void> {
    const running = [...this.#members.values()].filter((member) => member.isRunning).map(({ name }) => name);
    await soon(async () => {
      for (const edge of this.edges.filter((name) => running.includes(name))) {
        const { ready, reasons, links } = await this.health(edge);
        if (!ready) throw new Error(`"${edge}" is not ready: ${reasons.join("; ")}`);
        const missing = links.filter(({ peer, open }) => !open && running.includes(peer));
        if (missing.length > 0) throw new Error(`"${edge}" has no link with ${missing.map(({ peer }) => peer).join()}`);
      }
    });
  }

  /** Creates a show and opens its polls, at one edge; every running edge takes ballots when this resolves. */
  async open(show: ShowFile, at = this.edges[0]!): Promise<void> {
    const producer = this.producer(at);
    await producer.create(show);
    for (const { id } of show.polls) await producer.command(show.id, id, "arm", "open");
    await this.whole();
    for (const edge of this.edges.filter((name) => this.member(name).isRunning))
      await soon(async () => {
        const { polls } = await this.producer(edge).show(show.id);
        if (polls.some(({ state }) => state !== "open")) throw new Error(`"${edge}" has not heard of the opening`);
      });
  }

  /** Starts a member again and waits until the network is whole. */
  async revive(name: string): Promise<void> {
    this.member(name).start();
    await this.whole();
  }

  /** Deletes a stopped member's log. */
  wipe(name: string): void {
    for (const file of readdirSync(this.folder.path))
      if (file.startsWith(`${name}.db`)) rmSync(join(this.folder.path, file));
  }

  file(name: string): string {
    return join(this.folder.path, `${name}.db`);
  }

  /** The proxy of the link of two members, whoever dials. */
  link(a: string, b: string): Proxy {
    return this.#links.between(a, b);
  }

  /** Cuts a member's links with all others. */
  isolate(name: string, how: Cut = { is: "refusing" }): void {
    this.#links.cut(name, how);
  }

  rejoin(name: string): void {
    this.#links.mend(name);
  }

  async end(): Promise<void> {
    await Promise.all([...this.#members.values()].map((member) => member.kill()));
    await this.#links.close();
    const parent = join(this.folder.path, "..");
    if (existsSync(parent)) rmSync(parent, { recursive: true, force: true });
  }
}

/** The plan with its proxies put in, and each configuration as the wish has it. */
async function configured(plan: NetworkPlan, wish: ClusterWish, links: Links): Promise<NetworkPlan> {
  const linked = wish.proxied ? await links.through(plan) : plan;
  const configure = <T extends { name: string; config: Readonly<Record<string, unknown>> }>(member: T) => ({
    ...member,
    config: wish.configure?.(member.name, { ...member.config }) ?? member.config,
  });
  return { ...linked, edges: linked.edges.map(configure), processes: linked.processes.map(configure) };
}

function inADay(): number {
  return Math.floor(Date.now() / 1000) + DAY_S;
}

/** Ports below those that the system hands to clients: a killed member finds its own free again. */
async function freeRun(count: number): Promise<{ public: number; backbone: number }> {
  for (let tries = 0; tries < 50; tries++) {
    const first = 10_000 + Math.floor(Math.random() * 1000) * 10;
    const ports = Array.from({ length: 2 * count }, (_, i) => first + i);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return { public: first, backbone: first + count };
  }
  throw new Error("looking for free ports: found none between 10000 and 20000");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}
