import { lookup } from "node:dns/promises";
import * as v from "valibot";
import type { World } from "../../../crdt/ports.ts";
import { EdgesBody } from "../../network-answers.ts";
import { formatAddress, parseAddress } from "../../steering/address.ts";
import type { AdminState, Candidate } from "../../steering/candidate.ts";
import type { DnsEdge } from "../../steering/dns/zone.ts";
import { Lookout, type Sighting } from "../../steering/lookout.ts";
import { httpProbe, PROBE_TIMEOUT_MS, readAtMost } from "../../steering/probe.ts";
import type { ListedEdge, SteeringSettings } from "./settings.ts";

/** How often the roster is read: a new edge is known after that. */
export const ROSTER_INTERVAL_MS = 2000;
/** Bytes of a roster: some 300 an edge. */
const MAX_ROSTER_BYTES = 1024 * 1024;
/** Edges that are asked for the roster: of more, some have died, and the rest agree. */
const MAX_ASKED = 16;
/** Edges that one network may have here: what a seed says is bounded. */
const MAX_EDGES = 500;

type RosterEdge = EdgesBody["edges"][number];

/** The network's edges as they are now: who there is, by the boards and by hand, and how each is doing. */
export class Directory {
  readonly #world: World;
  readonly #lookout: Lookout;
  readonly #resolved = new Map<string, HostAddresses>();
  #settings: SteeringSettings;
  #roster: readonly RosterEdge[] = [];
  #cancel: (() => void) | undefined;
  #stopped = false;
  #heard: boolean | undefined;

  constructor(settings: SteeringSettings, world: World) {
    this.#world = world;
    this.#settings = settings;
    this.#lookout = new Lookout({
      probe: httpProbe,
      world,
      intervalMs: settings.checkEveryMs,
      onchange: (edge, sighting) => this.#say(edge, sighting),
    });
  }

  /** Resolves once the roster was read for the first time, or could not be. */
  async start(): Promise<void> {
    await this.#refresh();
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#lookout.stop();
  }

  /** Takes new settings without forgetting what is known. */
  async reload(settings: SteeringSettings): Promise<void> {
    this.#settings = settings;
    await this.#refresh();
  }

  edges(): DnsEdge[] {
    return this.#known().map((known) => this.#edgeOf(known));
  }

  /** As candidates for receivers of `show`, with their shards of it. */
  candidates(show: string | undefined): Candidate[] {
    return this.edges().map((edge) => (show === undefined ? edge : { ...edge, shards: edge.shows[show] ?? [] }));
  }

  async #refresh(): Promise<void> {
    const asked = new Set([...this.#settings.seeds, ...this.#known().map(({ address }) => address)]);
    const answers = await Promise.all([...asked].slice(0, MAX_ASKED).map(readRoster));
    const heard = answers.filter((edges) => edges !== undefined);
    // While nobody answers, those that were known may be back at any moment.
    if (heard.length > 0) this.#roster = newest(heard.flat()).slice(0, MAX_EDGES);
    this.#sayHeard(heard.length > 0, asked.size);
    await Promise.all(this.#known().map(({ address }) => this.#resolve(address)));
    if (!this.#stopped) this.#lookout.watch(this.#known());
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#cancel = this.#world.timers.after(
      ROSTER_INTERVAL_MS,
      () => void this.#refresh().then(() => this.#schedule()),
    );
  }

  /** The roster's edges with what the file says of them, then those that only the file knows. */
  #known(): (ListedEdge & Partial<RosterEdge>)[] {
    const listed = new Map(this.#settings.edges.map((each) => [each.edge, each]));
    const onRoster = this.#roster.map((entry) => ({ ...entry, ...listed.get(entry.edge) }));
    const names = new Set(this.#roster.map(({ edge }) => edge));
    return [...onRoster, ...this.#settings.edges.filter(({ edge }) => !names.has(edge))];
  }

  #edgeOf(known: ListedEdge & Partial<RosterEdge>): DnsEdge {
    const seen = this.#lookout.of(known.edge);
    const resolved = this.#resolved.get(known.address);
    return {
      edge: known.edge,
      region: known.region ?? known.edge,
      address: known.address,
      admin: this.#adminOf(known, seen),
      health: seen.health,
      v4: known.v4 ?? resolved?.v4 ?? [],
      v6: known.v6 ?? resolved?.v6 ?? [],
      shows: known.shards ?? {},
      ...(known.place ? { place: known.place } : {}),
      ...(seen.load ? { load: seen.load } : {}),
    };
  }

  /** The operator's word; else the edge's own, the fresher of which is /healthz. */
  #adminOf({ edge, state }: Partial<RosterEdge>, seen: Sighting): AdminState {
    const word = this.#settings.admin[edge ?? ""];
    if (word !== undefined) return word;
    const drains = seen.fresh ? seen.draining : state === "draining";
    return drains ? "draining" : "up";
  }

  async #resolve(address: string): Promise<void> {
    const addresses = await addressesOf(new URL(address).hostname);
    if (addresses) this.#resolved.set(address, addresses);
  }

  #sayHeard(heard: boolean, asked: number): void {
    if (heard === this.#heard) return;
    this.#heard = heard;
    if (heard) this.#world.log("info", "the roster is read", { edges: this.#roster.map(({ edge }) => edge).join(" ") });
    else this.#world.log("warn", "no edge gives the roster: who was known stays", { asked });
  }

  #say(edge: string, { health, draining, failure }: Sighting): void {
    const level = health === "down" ? "warn" : "info";
    this.#world.log(level, "an edge changed", { edge, health, draining, ...(failure ? { failure } : {}) });
  }
}

interface HostAddresses {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

/** The addresses of an edge's own host name; undefined where it cannot be resolved now. */
async function addressesOf(host: string): Promise<HostAddresses | undefined> {
  const literal = parseAddress(host);
  if (literal) return splitByFamily([formatAddress(literal)]);
  try {
    return splitByFamily((await lookup(host, { all: true })).map(({ address }) => address));
  } catch {
    return undefined;
  }
}

function splitByFamily(addresses: readonly string[]): HostAddresses {
  return {
    v4: addresses.filter((address) => !address.includes(":")),
    v6: addresses.filter((address) => address.includes(":")),
  };
}

async function readRoster(address: string): Promise<readonly RosterEdge[] | undefined> {
  try {
    const response = await fetch(`${address}/v1/edges`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    if (response.status !== 200) return undefined;
    return v.parse(EdgesBody, JSON.parse(await readAtMost(response, MAX_ROSTER_BYTES))).edges;
  } catch {
    return undefined; // Not there, or not now.
  }
}

/** Each edge once, as its newest boot has it. */
function newest(entries: readonly RosterEdge[]): RosterEdge[] {
  const byName = new Map<string, RosterEdge>();
  for (const entry of entries) {
    const known = byName.get(entry.edge);
    if (!known || entry.since > known.since) byName.set(entry.edge, entry);
  }
  return [...byName.values()].toSorted((a, b) => (a.edge < b.edge ? -1 : 1));
}
