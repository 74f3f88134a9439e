import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFolder, type NetworkFolder } from "../../../edge/cli/network/folder.ts";
import { planNetwork, RECORDER, type FirstPorts } from "../../../edge/cli/network/plan.ts";
import { freePorts as anyPorts } from "../../../edge/cli/network/ports.ts";
import { memberProgram, type RuntimeName } from "../../../edge/cli/supervise/program.ts";
import { POLL_DEFINITION, POLL_ID, SHOW_ID } from "./ballots.ts";
import { cpuOf } from "./cpu.ts";
import { Program } from "./program.ts";

export interface MembersWish {
  readonly edges: readonly string[];
  readonly recorder: boolean;
  /** Members answer the inspector. */
  readonly inspect?: boolean;
}

/** Longest time for an edge to be ready, ms. */
const READY_WITHIN_MS = 30_000;
/** Longest time for a member to stop, ms. */
const STOP_WITHIN_MS = 10_000;
const HOST = "127.0.0.1";

/** One edge's process. */
export interface EdgeProcess {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
}

/** A network of real processes, planned, configured and started as `redbutton up` does. */
export class Members {
  readonly folder: NetworkFolder;
  readonly #programs = new Map<string, Program>();

  static async plan(wish: MembersWish): Promise<Members> {
    const ports = await freePorts(wish.edges.length);
    const [status] = (await anyPorts(1)) as [number];
    const edges = wish.edges.map((name) => ({ name, region: name, publicHost: HOST, backboneHost: HOST }));
    const processes = wish.recorder ? [{ ...RECORDER, listen: { host: HOST, status } }] : [];
    const path = join(mkdtempSync(join(tmpdir(), "redbutton-bench-")), "network");
    return new Members(writeFolder(path, planNetwork({ edges, ports, processes, inspect: wish.inspect ?? false })));
  }

  private constructor(folder: NetworkFolder) {
    this.folder = folder;
  }

  /** Starts every member, and waits until every edge takes receivers. */
  async start(runtime: RuntimeName): Promise<void> {
    for (const { name, config } of [...this.folder.edges, ...this.folder.processes]) {
      const { command, args } = memberProgram(config, runtime, ["--supervised"]);
      this.#programs.set(name, new Program([command, ...profiled(args)]));
    }
    for (const { address } of this.folder.edges) await until(`${address}/readyz`, (response) => response.ok);
  }

  get edges(): EdgeProcess[] {
    return this.folder.edges.map(({ name, address }) => {
      const { hostname: host, port } = new URL(address);
      return { name, host, port: Number(port), pid: this.#programs.get(name)!.pid };
    });
  }

  /** CPU time so far of all members, or of those named, µs. */
  cpu(names: readonly string[] = [...this.#programs.keys()]): number {
    return names.reduce((sum, name) => sum + cpuOf(this.#programs.get(name)!.pid), 0);
  }

  /** Members, processes included. */
  get size(): number {
    return this.#programs.size;
  }

  /** Creates the show at the first edge, opens its poll, and waits until every edge has heard of that. */
  async openShow(): Promise<void> {
    const { graceMs, ...poll } = POLL_DEFINITION;
    const file = { id: SHOW_ID, title: "Final", polls: [{ ...poll, grace_ms: graceMs }] };
    await this.#command("/v1/shows", file);
    await this.#command(`/v1/shows/${SHOW_ID}/polls/${POLL_ID}/arm`);
    await this.#command(`/v1/shows/${SHOW_ID}/polls/${POLL_ID}/open`);
    for (const { address } of this.folder.edges)
      await until(`${address}/v1/shows/${SHOW_ID}/content`, async (response) =>
        (await response.text()).includes('"open"'),
      );
  }

  /** Ballots counted at each edge, by its own fold. */
  async counted(): Promise<number[]> {
    const headers = { Authorization: `Bearer ${this.folder.operatorToken("reader")}` };
    return Promise.all(
      this.folder.edges.map(async ({ address }) => {
        const response = await fetch(`${address}/v1/shows/${SHOW_ID}/polls/${POLL_ID}/results`, { headers });
        const { counts } = (await response.json()) as { counts: { anonymous: number; signed: number }[] };
        return counts.reduce((sum, { anonymous, signed }) => sum + anonymous + signed, 0);
      }),
    );
  }

  /** Waits until every edge counts `ballots`, or for so long; gives what each counts then. */
  async countedIn(ballots: number, withinMs: number): Promise<number[]> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const counted = await this.counted();
      if (counted.every((count) => count === ballots) || performance.now() > deadline) return counted;
      await pause(100);
    }
  }

  /** Waits until all edges count the same. */
  async everywhere(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    for (;;) {
      const counted = await this.counted();
      if (new Set(counted).size === 1) return;
      if (performance.now() > deadline) throw new Error(`waiting for equal counts: got ${counted.join()}`);
      await pause(100);
    }
  }

  /** Sums of the edges' metrics by name, over labels; of all edges, or of those named. */
  async metrics(names?: readonly string[]): Promise<Record<string, number>> {
    const asked = this.folder.edges.filter(({ name }) => !names || names.includes(name));
    return metricsAt(asked.map(({ address }) => address));
  }

  /** The recorder's metrics. */
  recorderMetrics(): Promise<Record<string, number>> {
    return metricsAt(this.folder.processes.flatMap(({ status }) => status ?? []));
  }

  /** Asks the first edge for a view of the inspector, and reads the answer. */
  async inspect(view: string): Promise<void> {
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const claims = { sub: "bench", exp, role: "inspector", shows: "*", receivers: "pseudonyms" } as const;
    const headers = { Authorization: `Bearer ${this.folder.tokenKeys().inspectors.sign(claims)}` };
    const response = await fetch(`${this.folder.edges[0]!.address}/_inspect/v1/${view}`, { headers });
    if (!response.ok) throw new Error(`asking for "${view}": got ${response.status} ${await response.text()}`);
    await response.json();
  }

  /** Casts one more ballot at the first edge, of a receiver of its own each time; its receipt's code. */
  async receipt(): Promise<string> {
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const claims = { sub: crypto.randomUUID(), exp, role: "receiver", anon: true } as const;
    const headers = {
      Authorization: `Bearer ${this.folder.tokenKeys().receivers.sign(claims)}`,
      "Content-Type": "application/json",
    };
    const url = `${this.folder.edges[0]!.address}/v1/shows/${SHOW_ID}/polls/${POLL_ID}/ballots`;
    const body = JSON.stringify({ option: POLL_DEFINITION.options[0]!.id, press: 1 });
    const response = await fetch(url, { method: "POST", headers, body });
    if (response.status !== 202) throw new Error(`casting a ballot: got ${response.status} ${await response.text()}`);
    return ((await response.json()) as { code: string }).code;
  }

  /** Stops every member; their files stay. */
  async halt(): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program.stop(STOP_WITHIN_MS)));
    this.#programs.clear();
  }

  /** Stops every member, and removes all that they wrote. */
  async stop(): Promise<void> {
    await this.halt();
    rmSync(join(this.folder.path, ".."), { recursive: true, force: true });
  }

  async #command(path: string, body: object = {}): Promise<void> {
    const headers = {
      Authorization: `Bearer ${this.folder.operatorToken("producer")}`,
      "Content-Type": "application/json",
    };
    const { address } = this.folder.edges[0]!;
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    await until(
      `${address}${path}`,
      async (response) => {
        // A new show is not ready before the peers have it.
        if (response.ok || response.status === 503) return response.ok;
        throw new Error(`asking "${path}": got ${response.status} ${await response.text()}`);
      },
      request,
    );
  }
}

async function metricsAt(addresses: readonly string[]): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const address of addresses) {
    const text = await (await fetch(`${address}/metrics`)).text();
    for (const [, metric, value] of text.matchAll(/^redbutton_(\w+)(?:\{[^}]*\})? (\S+)$/gm))
      sums[metric!] = (sums[metric!] ?? 0) + Number(value);
  }
  return sums;
}

/** Asks again and again until the answer is right. */
export async function until(
  url: string,
  isRight: (response: Response) => boolean | Promise<boolean>,
  request: RequestInit = {},
): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const response = await fetch(url, request).catch(() => undefined);
    if (response && (await isRight(response))) return;
    await response?.body?.cancel().catch(() => undefined);
    if (performance.now() > deadline) throw new Error(`waiting for "${url}": not within ${READY_WITHIN_MS} ms`);
    await pause(20);
  }
}

/** With REDBUTTON_BENCH_PROFILE=FOLDER members leave profiles there; Deno and Node have the same options for it. */
function profiled(args: readonly string[]): string[] {
  const folder = process.env["REDBUTTON_BENCH_PROFILE"];
  const file = args.findIndex((arg) => arg.endsWith(".ts"));
  const flags = folder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${folder}`];
  return [...args.slice(0, file), ...flags, ...args.slice(file)];
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Runs of ports that nobody listens on, below those that the system hands to clients. */
async function freePorts(count: number): Promise<FirstPorts> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = 20_000 + Math.floor(Math.random() * 1000) * 10;
    const ports = Array.from({ length: count }, (_, i) => [first + i, first + count + i]).flat();
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return { public: first, backbone: first + count };
  }
  throw new Error("looking for free ports: found none between 20000 and 30000");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}
