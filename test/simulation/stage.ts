import { VirtualTime } from "../support/virtual-world.ts";
import { Dice } from "./dice.ts";
import { Trace } from "./trace.ts";

/** What a run showed to be wrong. */
export interface Violation {
  /** The invariant's name. */
  readonly invariant: string;
  readonly detail: string;
  /** Virtual ms since the run began. */
  readonly at: number;
}

/** What came of a run. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** What happened at least once, and how often. */
  readonly seen: Readonly<Record<string, number>>;
  /** Of the trace: two runs of a seed must agree on it. */
  readonly hash: string;
}

/** What everyone in a run shares: time, chance, the trace, what was seen, and what was found wrong. */
export class Stage {
  readonly seed: number;
  readonly time = new VirtualTime();
  readonly trace: Trace;
  /** What happened at least once, and how often: see `SOMETIMES`. */
  readonly seen = new Map<string, number>();
  readonly violations: Violation[] = [];
  readonly #start: number;

  constructor(seed: number, print?: (line: string) => void) {
    this.seed = seed;
    this.trace = new Trace(print);
    this.#start = this.time.now;
  }

  /** Virtual ms since the run began. */
  get now(): number {
    return this.time.now - this.#start;
  }

  get outcome(): Outcome {
    const { seed, violations, seen, trace } = this;
    return { seed, violations, seen: Object.fromEntries(seen), hash: trace.hash };
  }

  dice(purpose: string): Dice {
    return Dice.for(this.seed, purpose);
  }

  after(ms: number, task: () => void): () => void {
    return this.time.after(ms, task);
  }

  note(what: string, detail: string | number = ""): void {
    this.trace.note(this.now, what, detail);
  }

  saw(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  violate(invariant: string, detail: string): void {
    this.note(`VIOLATION ${invariant}`, detail);
    this.violations.push({ invariant, detail, at: this.now });
  }

  /** Lets time pass until `isOver`, or until something is found wrong. Nothing runs but what is due, one after another. */
  async play(isOver: () => boolean): Promise<void> {
    while (this.violations.length === 0 && !isOver() && this.time.next()) await turn();
  }
}

/** Ends once everything that is under way in promises has come to its end: a turn of the real event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
