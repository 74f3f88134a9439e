import type { Candidate } from "../../steering/candidate.ts";
import type { Capacity, Load } from "../../steering/load.ts";
import { policyNamed, type Policy } from "../../steering/policy.ts";
import type { Place } from "../../steering/place.ts";
import { steer } from "../../steering/steer.ts";
import { objectMembers } from "./members.ts";
import { PLACE_OF_HINT } from "./places.ts";
import type { Settings } from "./settings.ts";

/**
 * What one object is built for: Cloudflare takes up to 32,768 WebSockets that hibernate, and calls 1,000 requests a
 * second the soft limit of an object.
 */
export const OBJECT_CAPACITY: Capacity = { receivers: 32_000, ballotsPerS: 1000 };
/** An object that failed is passed over so long, ms: it has started again by then. */
export const DOWN_MS = 2000;
/** A load is believed so long, ms; then it is asked for again. */
export const LOAD_MS = 5000;

const NOBODY: string[] = [];

interface Known {
  readonly load: Load | undefined;
  readonly askedAt: number;
}

/** What a Worker asks of an object before it steers. */
export interface SteeringWish {
  readonly place: () => Place | undefined;
  /** Number of the object in its region. */
  readonly index: number;
}

/** Chooses objects, by what this isolate has seen of them. */
export class Steering {
  readonly #names: ReadonlySet<string>;
  readonly #candidates: readonly Candidate[];
  /** By number, where one region has all there is. */
  readonly #only: readonly (readonly string[])[];
  readonly #policy: Policy;
  readonly #now: () => number;
  readonly #draw: () => number;
  readonly #downUntil = new Map<string, number>();
  readonly #loads = new Map<string, Known>();
  #turn = 0;

  constructor(settings: Settings, now: () => number, draw: () => number) {
    this.#names = new Set(objectMembers(settings).flatMap(({ name, role }) => (role === "edge" ? [name] : [])));
    this.#candidates = candidatesOf(settings);
    const isSingle = settings.regions.length === 1 || settings.pinned !== undefined;
    this.#only = isSingle ? this.#candidates.map(({ edge }) => [edge]) : [];
    this.#policy = policyNamed(
      settings.policy,
      settings.regions.map(({ name }) => name),
    );
    this.#now = now;
    this.#draw = draw;
  }

  /** Names of objects that may take the request, best first. `place` is asked for only where there is a choice. */
  order({ place: placeOf, index }: SteeringWish): readonly string[] {
    const only = this.#only[index];
    if (only) return only;
    const place = placeOf();
    const now = this.#now();
    const candidates = this.#candidates.map((candidate): Candidate => {
      const load = this.#loads.get(candidate.edge)?.load;
      const health = (this.#downUntil.get(candidate.edge) ?? 0) > now ? "down" : "up";
      return { ...candidate, health, ...(load ? { load } : {}) };
    });
    const ask = { shard: index, draw: this.#draw, turn: this.#turn++, ...(place ? { place } : {}) };
    return steer(candidates, this.#policy, ask).ranked.map(({ candidate }) => candidate.edge);
  }

  /** Whether there is an edge object of this name. */
  knows(name: string): boolean {
    return this.#names.has(name);
  }

  /** An object failed to answer. */
  failed(name: string): void {
    this.#downUntil.set(name, this.#now() + DOWN_MS);
  }

  /** Objects with this number whose load should be asked for; each once in `LOAD_MS`. */
  stale(index: number): string[] {
    if (this.#only.length > 0) return NOBODY;
    const now = this.#now();
    const names = this.#candidates.filter(({ shards }) => shards?.includes(index)).map(({ edge }) => edge);
    const stale = names.filter((name) => (this.#loads.get(name)?.askedAt ?? -Infinity) + LOAD_MS <= now);
    for (const name of stale) this.#loads.set(name, { load: this.#loads.get(name)?.load, askedAt: now });
    return stale;
  }

  /** Undefined: it is asleep, and so has no load to speak of. */
  learn(name: string, load: Load | undefined): void {
    this.#loads.set(name, { load, askedAt: this.#now() });
  }
}

/** Every edge object with its place; of a Worker that is pinned to a region, that region's only. */
function candidatesOf(settings: Settings): Candidate[] {
  const { regions, address, pinned } = settings;
  return objectMembers(settings).flatMap((member): Candidate[] => {
    if (member.role !== "edge" || (pinned !== undefined && member.region !== pinned)) return [];
    const place = PLACE_OF_HINT[regions.find(({ name }) => name === member.region)!.hint];
    return [
      { edge: member.name, region: member.region, address, place, admin: "up", health: "up", shards: [member.index] },
    ];
  });
}
