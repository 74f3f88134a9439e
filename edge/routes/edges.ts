import type { Context } from "hono";
import { EdgesBody, NearestBody } from "../network-answers.ts";
import { problem } from "../problem.ts";
import { isRefusal, refuse, type Refusal } from "../refusal.ts";
import type { Ask } from "../steering/candidate.ts";
import { countryPlace } from "../steering/countries.ts";
import type { Load } from "../steering/load.ts";
import { distanceKm, type Place } from "../steering/place.ts";
import { nearest, type Ranked } from "../steering/policy.ts";
import { steer } from "../steering/steer.ts";
import { drawFrom } from "../steering/draw.ts";
import { answer, ANY_ORIGIN, NO_STORE } from "./answer.ts";
import type { RouteContext, RouteHandler } from "./context.ts";
import { described } from "./describe.ts";

/** Edges that a receiver is told of: it races them, and three are enough to survive two that are slow or gone. */
export const NEAREST_EDGES = 3;

/** The best edges for whoever asks, with the reasons: for receivers that DNS sent astray, or that lost their edge. */
export function showNearest(context: RouteContext): RouteHandler {
  const { world, nearby } = context;
  const draw = drawFrom(world.random);
  let turn = 0;
  return described(NEAREST, (c) => {
    const wish = readWish(c);
    if (isRefusal(wish)) return problem(wish);
    const place = context.locate(c) ?? wish.place;
    const ask: Ask = { ...wish, draw, turn: turn++, ...(place ? { place } : {}) };
    const { ranked, pool, leftOut } = steer(nearby.candidates(wish.show, ownLoad(context)), nearest, ask);
    const body: NearestBody = {
      edges: ranked.slice(0, NEAREST_EDGES).map((each) => edgeBody(each, place)),
      policy: "nearest",
      pool,
      ...(place ? { place } : {}),
      left_out: leftOut.map(({ candidate: { edge }, reason }) => ({ edge, reason })),
    };
    return answer(body, 200, { ...ANY_ORIGIN, ...NO_STORE });
  });
}

/** Every edge that this one knows of, from the boards of its shows: what the other forms of steering begin with. */
export function listEdges({ edge }: RouteContext): RouteHandler {
  return described(EDGES, () => answer({ edges: [...edge.edges()] } satisfies EdgesBody, 200, NO_STORE));
}

/** What a receiver knows of itself: its country from its settings, its shard from a receipt. */
interface Wish {
  readonly place?: Place;
  readonly show?: string;
  readonly shard?: number;
}

function readWish(c: Context): Wish | Refusal {
  const { country, show, shard } = c.req.query();
  const place = country === undefined ? undefined : countryPlace(country);
  if (country !== undefined && !place)
    return refuse(
      "malformed",
      `reading "country": got "${country.slice(0, 20)}", wanted an ISO 3166-1 code of two letters`,
    );
  if (shard !== undefined && !/^\d{1,6}$/.test(shard))
    return refuse("malformed", `reading "shard": got "${shard.slice(0, 20)}", wanted a whole number`);
  return {
    ...(place ? { place } : {}),
    ...(show === undefined ? {} : { show }),
    ...(shard === undefined ? {} : { shard: Number(shard) }),
  };
}

function ownLoad({ edge, sessions }: RouteContext): Load {
  const { ballotsPerS, capacity } = edge.health();
  return { receivers: sessions.size, ballotsPerS, capacity };
}

function edgeBody({ candidate, reason }: Ranked, place: Place | undefined): NearestBody["edges"][number] {
  const { edge, region, address } = candidate;
  const distance = place && candidate.place && Math.round(distanceKm(place, candidate.place));
  return { edge, region, address, ...(distance === undefined ? {} : { distance_km: distance }), reason };
}

const NEAREST = {
  summary: "The edges to try, best first; race /readyz of each and keep the winner",
  tag: "receivers",
  query: {
    country: "the receiver's country, ISO 3166-1 of two letters: used where its address tells nothing",
    show: "the show it is in, with its shard",
    shard: "the receiver's shard, from a receipt or from a refusal with code wrong_shard",
  },
  answer: NearestBody,
  refusals: ["malformed"],
} as const;

const EDGES = {
  summary: "Every edge of the network that this one knows of",
  tag: "operations",
  answer: EdgesBody,
  refusals: [],
} as const;
