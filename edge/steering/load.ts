/** What an edge says of its work. */
export interface Load {
  /** Receivers connected. */
  readonly receivers: number;
  /** Ballots made durable, a second. */
  readonly ballotsPerS: number;
  readonly capacity: Capacity;
}

/** How much work an edge is built for. */
export interface Capacity {
  readonly receivers: number;
  readonly ballotsPerS: number;
}

/**
 * Of one core that runs the edge on Deno, with room to spare: `npm run bench` measures some 23,000 ballots a
 * CPU-second, and a socket takes some 20 kB.
 */
export const DEFAULT_CAPACITY: Capacity = { receivers: 50_000, ballotsPerS: 10_000 };

/** Weight of an edge that is full, or says so: never 0, or an edge that lies about being full is never heard of again. */
export const LEAST_WEIGHT = 0.02;
/** Times the median of all capacities that one edge is believed to have: a lie draws four times its share at most. */
export const MOST_OF_MEDIAN = 4;
/** From this share of its capacity on an edge is full: whoever may go elsewhere does. */
export const FULL_SHARE = 0.95;

/** The share of its capacity that an edge uses, 0 to 1: of receivers or ballots, whichever is more. */
export function usedShare({ receivers, ballotsPerS, capacity }: Load): number {
  const used = Math.max(receivers / capacity.receivers, ballotsPerS / capacity.ballotsPerS);
  return Number.isFinite(used) ? Math.min(1, Math.max(0, used)) : 1;
}

/** Whether an edge is full; one of which nothing is known is not. */
export function isFull(load: Load | undefined): boolean {
  return load !== undefined && usedShare(load) >= FULL_SHARE;
}

/**
 * A weight for each edge by its free capacity, in the same order. Unknown loads get the median of the known ones: an edge
 * that has just come is neither shunned nor flooded.
 */
export function weights(loads: readonly (Load | undefined)[]): number[] {
  const known = loads.filter((load) => load !== undefined);
  const most = MOST_OF_MEDIAN * median(known.map(sizeOf));
  const unit = median(known.map((load) => Math.min(sizeOf(load), most))) || 1;
  const free = known.map((load) => (Math.min(sizeOf(load), most) / unit) * (1 - usedShare(load)));
  const usual = known.length === 0 ? 1 : median(free);
  let next = 0;
  return loads.map((load) => Math.max(LEAST_WEIGHT, load === undefined ? usual : free[next++]!));
}

/** One number for a capacity: the geometric mean, since receivers and ballots a second have no common unit. */
function sizeOf({ capacity }: Load): number {
  const size = Math.sqrt(capacity.receivers * capacity.ballotsPerS);
  return Number.isFinite(size) && size > 0 ? size : 0;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
