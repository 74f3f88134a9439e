/** Time over which orders a second are taken, ms: long enough to be read, short enough to follow a rush. */
export const RATE_WINDOW_MS = 5000;

/** How many orders there were, at moments of the last seconds. */
export type OrderTotals = readonly { readonly at: number; readonly total: number }[];

/** Adds a look; one that knows fewer orders than the last comes from another edge, and begins anew. */
export function addTotal(totals: OrderTotals, at: number, total: number): OrderTotals {
  const last = totals.at(-1);
  const kept = last && last.total <= total ? totals.filter((each) => each.at >= at - RATE_WINDOW_MS) : [];
  return [...kept, { at, total }];
}

/** 0 before there are two looks. */
export function ordersPerSecond(totals: OrderTotals): number {
  const [first, last] = [totals.at(0), totals.at(-1)];
  return first && last && last.at > first.at ? ((last.total - first.total) * 1000) / (last.at - first.at) : 0;
}
