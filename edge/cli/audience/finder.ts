import * as v from "valibot";
import { NearestBody } from "../../network-answers.ts";
import type { AudienceEdge } from "./carrier.ts";

/** Countries of the audience, with about how many viewers each has for every one of the smallest. */
const VIEWERS: Readonly<Record<string, number>> = {
  US: 8,
  BR: 5,
  DE: 4,
  FR: 3,
  GB: 3,
  ES: 2,
  MX: 2,
  JP: 3,
  AU: 2,
  IN: 4,
  ZA: 1,
  NZ: 1,
};
/** How long an answer of steering is kept, as a resolver keeps one: the next receivers of a country go by it, ms. */
export const KEPT_MS = 1000;
/** How long steering may take, ms: receivers that wait for it are not voting. */
const ASK_TIMEOUT_MS = 2000;

const COUNTRIES = Object.entries(VIEWERS).flatMap(([country, viewers]) => Array<string>(viewers).fill(country));

/** Finds receivers' edges as their sets would: by asking steering, each for its own country. */
export class Finder {
  readonly #edges: readonly AudienceEdge[];
  /** Country → number of the edge that steering gives. */
  readonly #found = new Map<string, number>();
  readonly #given: number[];
  #timer: NodeJS.Timeout | undefined;

  constructor(edges: readonly AudienceEdge[]) {
    this.#edges = edges;
    this.#given = edges.map(() => 0);
  }

  /** Resolves once every country was asked for; goes on asking until `stop`. */
  async start(): Promise<void> {
    await this.#askAll();
    this.#timer = setInterval(() => void this.#askAll(), KEPT_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The number of receiver `receiver`'s edge; undefined where steering has not told any. */
  edgeOf(receiver: number): number | undefined {
    const edge = this.#found.get(countryOf(receiver));
    if (edge !== undefined) this.#given[edge]! += 1;
    return edge;
  }

  /** How many receivers each edge was given, by its address. */
  given(): { readonly address: string; readonly receivers: number }[] {
    return this.#edges.map(({ address }, i) => ({ address, receivers: this.#given[i]! }));
  }

  async #askAll(): Promise<void> {
    await Promise.all(Object.keys(VIEWERS).map((country, i) => this.#ask(country, i)));
  }

  /** Any edge answers; each country has its own to begin with, and goes on to the next where that is silent. */
  async #ask(country: string, first: number): Promise<void> {
    for (let i = 0; i < this.#edges.length; i++) {
      const { address } = this.#edges[(first + i) % this.#edges.length]!;
      const answer = await askNearest(address, country);
      const edge = this.#edges.findIndex((each) => each.address === answer?.edges[0]?.address);
      if (edge < 0) continue;
      this.#found.set(country, edge);
      return;
    }
  }
}

function countryOf(receiver: number): string {
  return COUNTRIES[receiver % COUNTRIES.length]!;
}

async function askNearest(address: string, country: string): Promise<NearestBody | undefined> {
  try {
    const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
    const response = await fetch(`${address}/v1/edges/nearest?country=${country}`, { signal });
    const read = v.safeParse(NearestBody, await response.json());
    return read.success ? read.output : undefined;
  } catch {
    return undefined; // It was killed, perhaps.
  }
}
