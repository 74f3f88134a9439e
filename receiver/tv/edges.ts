/** Failures in a row after which another edge is asked. */
var FAILURES_TO_MOVE = 2;
var FIRST_PAUSE_MS = 500;
var LONGEST_PAUSE_MS = 8000;

/** The edges that this receiver may ask, the best one first, and how it fares with the one in use. */
export interface Edges {
  /** Called when an edge says that others keep this receiver's shard. */
  onshard: (shard: number) => void;
  /** Called when another edge is used from now on. */
  onmoved: () => void;
  /** Failures since an edge last answered, at whatever edge. */
  readonly failures: () => number;
  readonly current: () => string;
  /** Takes the order that steering gives, and begins with its first. */
  readonly replace: (list: readonly string[]) => void;
  readonly answered: () => void;
  readonly failed: () => void;
  readonly move: () => void;
}

export function createEdges(first: readonly string[]): Edges {
  var list = first.slice();
  var index = 0;
  var failures = 0;
  var failuresHere = 0;

  function move(): void {
    failuresHere = 0;
    if (list.length < 2) return;
    index = (index + 1) % list.length;
    edges.onmoved();
  }

  var edges: Edges = {
    onshard: () => {},
    onmoved: () => {},
    failures: () => failures,
    current: () => list[index]!,
    replace: (better) => {
      list = better.slice();
      index = failuresHere = 0;
    },
    answered: () => {
      failures = failuresHere = 0;
    },
    failed: () => {
      failures += 1;
      failuresHere += 1;
      if (failuresHere >= FAILURES_TO_MOVE) move();
    },
    move,
  };
  return edges;
}

/** Full jitter: an audience that was refused together does not come back together. Milliseconds. */
export function pause(tries: number, retryAfterS: number): number {
  return retryAfterS * 1000 + Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * Math.pow(2, tries));
}
