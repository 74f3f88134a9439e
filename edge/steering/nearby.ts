import type { World } from "../../crdt/ports.ts";
import type { KnownEdge } from "../roster.ts";
import type { EdgeService } from "../service.ts";
import type { Candidate } from "./candidate.ts";
import type { Load } from "./load.ts";
import { Lookout, type Sighting } from "./lookout.ts";
import type { Probe } from "./report.ts";

/** How often an edge asks its neighbours, while receivers ask it where to go. */
export const NEARBY_INTERVAL_MS = 2000;
/** So long after the last receiver's question it stops asking: an idle edge makes no requests. */
export const NEARBY_IDLE_MS = 30_000;

/** An edge and its neighbours, as candidates for the receivers that ask it. */
export class Nearby {
  readonly #edge: EdgeService;
  readonly #lookout: Lookout | undefined;

  /** Without a probe, neighbours are judged by their links and their word on the board. */
  constructor(edge: EdgeService, world: World, probe: Probe | undefined) {
    this.#edge = edge;
    const options = { world, intervalMs: NEARBY_INTERVAL_MS, idleMs: NEARBY_IDLE_MS };
    this.#lookout = probe && new Lookout({ probe, ...options });
  }

  /** For a receiver of `show`, if it said which; `load` is this edge's own. */
  candidates(show: string | undefined, load: Load): Candidate[] {
    const edges = this.#edge.edges();
    this.#lookout?.watch(edges.filter(({ edge }) => edge !== this.#edge.name));
    const links = new Map(this.#edge.health().links.map(({ peer, open }) => [peer, open]));
    return edges.map((known) => {
      const seen = known.edge === this.#edge.name ? this.#own(load) : this.#sighting(known.edge, links);
      return candidateOf(known, show, seen);
    });
  }

  stop(): void {
    this.#lookout?.stop();
  }

  #own(load: Load): Sighting {
    const health = this.#edge.readiness().ready ? "up" : "down";
    return { health, draining: false, fresh: true, load };
  }

  /** Receivers come in by HTTP, so that decides; until something was seen there, a closed link does. */
  #sighting(edge: string, links: ReadonlyMap<string, boolean>): Sighting {
    const seen = this.#lookout?.of(edge);
    if (seen?.fresh) return seen;
    const health = links.get(edge) === false ? "down" : (seen?.health ?? "up");
    return { draining: false, ...seen, health, fresh: false };
  }
}

function candidateOf(known: KnownEdge, show: string | undefined, seen: Sighting): Candidate {
  const { edge, region, address, place, state } = known;
  const shards = show === undefined ? undefined : known.shards[show];
  return {
    edge,
    region,
    address,
    admin: state === "live" && !seen.draining ? "up" : "draining",
    health: seen.health,
    ...(place ? { place } : {}),
    ...(seen.load ? { load: seen.load } : {}),
    ...(shards ? { shards } : {}),
  };
}
