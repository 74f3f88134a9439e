import * as Y from "yjs";

/** Items of one client in a row, each the origin of the next, as Yjs merges them; and what the first follows. */
export interface Chain {
  readonly client: number;
  readonly start: number;
  readonly origin: Y.ID | null;
}

/** Looks at items that one judgement may take: a few milliseconds. Honest updates take a handful, or a few thousand. */
export const MAX_STEPS = 100_000;

/** A way up the tree goes through a chain up to this clock. */
interface Step extends Chain {
  readonly at: number;
}

/**
 * The order in which Yjs keeps the items of one key. Without right origins it is that of a tree whose parents are the
 * origins: an item before its children, and those by ascending client. The last item is the key's value.
 */
export class Order {
  readonly #chainOf: (id: Y.ID) => Chain;
  #steps = 0;

  constructor(chainOf: (id: Y.ID) => Chain) {
    this.#chainOf = chainOf;
  }

  /** Counts one look at an item; false where there were too many. */
  step(): boolean {
    this.#steps += 1;
    return !this.isExhausted;
  }

  get isExhausted(): boolean {
    return this.#steps > MAX_STEPS;
  }

  /** Whether `a` comes behind `b`. Means nothing once the order is exhausted. */
  isBehind(a: Y.ID, b: Y.ID): boolean {
    const [up, other] = [new Way(a), new Way(b)];
    while (up.next || other.next) {
      for (const [way, against] of [
        [up, other],
        [other, up],
      ] as const) {
        if (!way.next) continue;
        if (!this.step()) return false;
        const step = way.climb(this.#chainOf(way.next));
        const met = against.through(step);
        if (met) return way === up ? isBelow(up, step, other, met) : isBelow(up, met, other, step);
      }
    }
    return isLater(up.top, other.top);
  }
}

/** The chains from an item up to its key. */
class Way {
  next: Y.ID | null;
  readonly #steps: Step[] = [];
  readonly #byStart = new Map<string, Step>();

  constructor(from: Y.ID) {
    this.next = from;
  }

  climb(chain: Chain): Step {
    const step = { ...chain, at: this.next!.clock };
    this.#steps.push(step);
    this.#byStart.set(`${chain.client}/${chain.start}`, step);
    this.next = chain.origin;
    return step;
  }

  through(step: Step): Step | undefined {
    return this.#byStart.get(`${step.client}/${step.start}`);
  }

  /** Where this way leaves the chain of `step` below `clock`: the child there; undefined where the way begins there. */
  childOf(step: Step, clock: number): Y.ID | undefined {
    if (step.at > clock) return Y.createID(step.client, clock + 1);
    const below = this.#steps[this.#steps.indexOf(step) - 1];
    return below && Y.createID(below.client, below.start);
  }

  get top(): Y.ID {
    const { client, start } = this.#steps.at(-1)!;
    return Y.createID(client, start);
  }
}

/** Two ways meet in a chain: at its lower clock they have their last item in common. */
function isBelow(a: Way, stepA: Step, b: Way, stepB: Step): boolean {
  const common = Math.min(stepA.at, stepB.at);
  const [childA, childB] = [a.childOf(stepA, common), b.childOf(stepB, common)];
  if (!childA) return false;
  return !childB || isLater(childA, childB);
}

/** Of two children of one item. A client never has two, but Yjs would put the newer one first. */
function isLater(a: Y.ID, b: Y.ID): boolean {
  return a.client === b.client ? a.clock < b.clock : a.client > b.client;
}
