import * as v from "valibot";
import type { Capacity, Load } from "./load.ts";

/** What an edge says of itself in /healthz, as far as steering reads it. */
export interface Report {
  readonly edge: string;
  /** Whether receivers may be sent there. */
  readonly ready: boolean;
  readonly draining: boolean;
  readonly load: Load;
}

/** Asks the edge at `address` how it is. Rejects where it does not answer in time, or not as an edge does. */
export interface Probe {
  (address: string): Promise<Report>;
}

/** What an edge may claim: a lie within these is bounded by the weights, one beyond them is no report. */
const amount = v.pipe(v.number(), v.minValue(0), v.maxValue(1e9));
const size = v.pipe(v.number(), v.minValue(1), v.maxValue(1e9));

/** The part of /healthz's body that says how loaded the edge is. */
export const LoadBody = v.object({
  receivers: amount,
  ballots_per_s: amount,
  capacity: v.object({ receivers: size, ballots_per_s: size }),
});
export type LoadBody = v.InferOutput<typeof LoadBody>;

const HealthBody = v.object({ edge: v.string(), ready: v.boolean(), draining: v.boolean(), load: LoadBody });

export function loadBody(receivers: number, ballotsPerS: number, capacity: Capacity): LoadBody {
  return {
    receivers,
    ballots_per_s: ballotsPerS,
    capacity: { receivers: capacity.receivers, ballots_per_s: capacity.ballotsPerS },
  };
}

/** Reads the body of /healthz; throws with what is wrong. */
export function readReport(body: unknown): Report {
  const read = v.safeParse(HealthBody, body);
  if (!read.success) throw new Error(`got ${describe(read.issues[0])} in /healthz`);
  const { edge, ready, draining, load } = read.output;
  const capacity = { receivers: load.capacity.receivers, ballotsPerS: load.capacity.ballots_per_s };
  return { edge, ready, draining, load: { receivers: load.receivers, ballotsPerS: load.ballots_per_s, capacity } };
}

function describe(issue: v.BaseIssue<unknown>): string {
  return `${issue.received} as "${v.getDotPath(issue) ?? "the body"}"`;
}
