import * as v from "valibot";
import type { NetworkEdge } from "../network/folder.ts";

/** What is read of a process' /healthz, and of what an edge's says of its watcher. */
const processHealth = v.object({ ok: v.boolean(), problems: v.optional(v.array(v.string()), []) });
/** What is read of an edge's /healthz. */
const health = v.object({
  ready: v.boolean(),
  reasons: v.array(v.string()),
  links: v.array(v.object({ peer: v.string(), open: v.boolean() })),
  shows: v.array(v.object({ id: v.string(), ready: v.boolean(), lag_ms: v.record(v.string(), v.number()) })),
  watcher: v.exactOptional(processHealth),
});
export type EdgeHealth = v.InferOutput<typeof health>;

export interface EdgeStatus {
  readonly edge: NetworkEdge;
  /** Undefined where it does not answer. */
  readonly health: EdgeHealth | undefined;
}

/** A network at one moment, as its edges see it. */
export interface NetworkStatus {
  readonly edges: readonly EdgeStatus[];
  readonly processes: readonly ProcessStatus[];
}

export interface ProcessStatus {
  readonly name: string;
  readonly ok: boolean;
  /** What it says is wrong. */
  readonly problems: readonly string[];
}

/** A process or program that is asked how it is. */
export interface AskedProcess {
  readonly name: string;
  /** Where its /healthz is, if anywhere. */
  readonly status: string | undefined;
  readonly runs: boolean;
}

/** How long an edge may take to say how it is, ms. */
const HEALTH_TIMEOUT_MS = 2000;

/** Asks everyone how it is. A process that cannot be asked is well while it runs and an edge that answers has a link with it. */
export async function askStatus(
  edges: readonly NetworkEdge[],
  processes: readonly AskedProcess[],
): Promise<NetworkStatus> {
  const asked = await Promise.all(edges.map(async (edge) => ({ edge, health: await askHealth(edge.address) })));
  const links = asked.flatMap(({ health: its }) => its?.links ?? []);
  const statuses = processes.map(async ({ name, status, runs }): Promise<ProcessStatus> => {
    if (status !== undefined) return { name, ...(await askProcess(status)) };
    const known = links.filter(({ peer }) => peer === name);
    return { name, ok: known.length > 0 ? known.some(({ open }) => open) : runs, problems: [] };
  });
  return { edges: asked, processes: await Promise.all(statuses) };
}

async function askProcess(address: string): Promise<Omit<ProcessStatus, "name">> {
  const answered = await askJson(`${address}/healthz`);
  const read = v.safeParse(processHealth, answered);
  return read.success ? read.output : { ok: false, problems: [] };
}

export async function askHealth(address: string): Promise<EdgeHealth | undefined> {
  const read = v.safeParse(health, await askJson(`${address}/healthz`));
  return read.success ? read.output : undefined;
}

/** Undefined where nobody answers, or not yet. */
async function askJson(address: string): Promise<unknown> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
    return await response.json();
  } catch {
    return undefined;
  }
}

/** Edges that receivers may be sent to, linked with every other that is live. */
export function liveEdges(status: NetworkStatus): NetworkEdge[] {
  return status.edges.filter(({ health: its }) => its?.ready).map(({ edge }) => edge);
}

export function isWhole(status: NetworkStatus): boolean {
  const linked = status.edges.every(({ health: its }) => its?.links.every((link) => link.open));
  const live = liveEdges(status).length === status.edges.length;
  return linked && live && status.processes.every(({ ok }) => ok) && edgeWatchers(status).every(({ ok }) => ok);
}

/** Watchers of thresholds inside edges, as processes. */
function edgeWatchers({ edges }: NetworkStatus): ProcessStatus[] {
  return edges.flatMap(({ edge, health: its }) =>
    its?.watcher ? [{ name: `watcher in ${edge.name}`, ...its.watcher }] : [],
  );
}

/** The longest time for which some edge misses what another has written, ms. */
export function lagOf(status: NetworkStatus): number {
  const lags = status.edges.flatMap(
    ({ health: its }) => its?.shows.flatMap((show) => Object.values(show.lag_ms)) ?? [],
  );
  return Math.max(0, ...lags);
}

/** `fra, nyc, syd: 3 of 3 live, lag 0 ms · recorder ok`. */
export function statusLine(status: NetworkStatus): string {
  const names = status.edges.map(({ edge }) => edge.name).join(", ");
  const missing = status.edges.filter(({ health: its }) => !its?.ready).map(({ edge }) => edge.name);
  const live = `${liveEdges(status).length} of ${status.edges.length} live`;
  const processes = [...status.processes, ...edgeWatchers(status)].map(
    ({ name, ok, problems }) => `${name} ${ok ? "ok" : (problems[0] ?? "away")}`,
  );
  const edges = `${names}: ${live}${missing.length > 0 ? ` (without ${missing.join(", ")})` : ""}, lag ${Math.round(lagOf(status))} ms`;
  return [edges, ...processes].join(" · ");
}
