import * as v from "valibot";
import { Milliseconds } from "./answers.ts";

/** What an edge answers about itself and the others: described for /openapi.json. */

export const PlaceBody = v.pipe(
  v.object({ latitude: v.number(), longitude: v.number() }),
  v.description("degrees, north and east positive"),
);

/** Where a receiver may go, best first. */
export const NearestBody = v.object({
  edges: v.array(
    v.object({
      edge: v.string(),
      region: v.string(),
      address: v.pipe(v.string(), v.description("put the paths of this document behind it")),
      distance_km: v.exactOptional(v.number()),
      reason: v.string(),
    }),
  ),
  policy: v.string(),
  pool: v.picklist(["healthy", "draining", "fail open"]),
  place: v.exactOptional(v.pipe(PlaceBody, v.description("where the receiver is taken to be"))),
  left_out: v.array(v.object({ edge: v.string(), reason: v.string() })),
});
export type NearestBody = v.InferOutput<typeof NearestBody>;

/** Every edge that this one knows of. */
export const EdgesBody = v.object({
  edges: v.array(
    v.object({
      edge: v.string(),
      boot: v.string(),
      state: v.picklist(["live", "draining"]),
      region: v.string(),
      address: v.string(),
      place: v.exactOptional(PlaceBody),
      shards: v.pipe(v.record(v.string(), v.pipe(v.array(v.number()), v.readonly())), v.description("by show")),
      since: Milliseconds,
    }),
  ),
});
export type EdgesBody = v.InferOutput<typeof EdgesBody>;

/** How an edge is. */
export const HealthBody = v.object({
  edge: v.string(),
  region: v.string(),
  boot: v.string(),
  ready: v.boolean(),
  reasons: v.array(v.string()),
  draining: v.boolean(),
  load: v.object({
    receivers: v.number(),
    ballots_per_s: v.number(),
    capacity: v.object({ receivers: v.number(), ballots_per_s: v.number() }),
  }),
  clock: v.object({ trusted: v.boolean(), skew_ms: v.number() }),
  links: v.array(v.object({ peer: v.string(), open: v.boolean(), round_trip_ms: v.number() })),
  alarms: v.array(v.string()),
  watcher: v.exactOptional(
    v.pipe(
      v.object({ ok: v.boolean(), problems: v.array(v.string()) }),
      v.description("of an edge that watches thresholds; why something failed is in the edge's log"),
    ),
  ),
  shows: v.array(
    v.object({
      id: v.string(),
      ready: v.boolean(),
      lag_ms: v.pipe(
        v.record(v.string(), v.number()),
        v.description("by peer: since it covered all that this edge has"),
      ),
    }),
  ),
});
export type HealthBody = v.InferOutput<typeof HealthBody>;
