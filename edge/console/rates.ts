import type { HealthBody } from "../network-answers.ts";

/** How many seconds of the past the chart shows. */
export const HISTORY_S = 120;

/** What each edge took a second, for the last two minutes: columns of the same length, as uPlot wants them. */
export interface Rates {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  /** Edge → ballots a second; null where it did not answer. */
  readonly byEdge: Readonly<Record<string, readonly (number | null)[]>>;
}

export const NO_RATES: Rates = { times: [], byEdge: {} };

/** Adds one look at all edges; edges that are new have said nothing before it. */
export function addRates(rates: Rates, at: number, health: ReadonlyMap<string, HealthBody | undefined>): Rates {
  const kept = Math.max(0, rates.times.length - HISTORY_S + 1);
  const names = new Set([...Object.keys(rates.byEdge), ...health.keys()]);
  const byEdge = Object.fromEntries(
    [...names].map((name) => {
      const past = rates.byEdge[name] ?? rates.times.map(() => null);
      return [name, [...past.slice(kept), health.get(name)?.load.ballots_per_s ?? null]] as const;
    }),
  );
  return { times: [...rates.times.slice(kept), at / 1000], byEdge };
}
