import type { World } from "../../crdt/ports.ts";
import { afterCheck, ASSUMED_UP, DEFAULT_THRESHOLDS, type HealthState, type Thresholds } from "./health.ts";
import type { Load } from "./load.ts";
import type { Probe, Report } from "./report.ts";

/** A report older than this says nothing about an edge's load any more. */
export const LOAD_EXPIRES_MS = 10_000;

export interface LookoutOptions {
  readonly probe: Probe;
  readonly world: World;
  /** From one check's start to the next, ms. */
  readonly intervalMs: number;
  readonly thresholds?: Thresholds;
  /** Stops asking when nobody has looked for so long, ms; never, where it is left out. */
  readonly idleMs?: number;
  /** An edge's health, or its word that it drains, has changed. */
  readonly onchange?: (edge: string, sighting: Sighting) => void;
}

/** What is known of an edge. */
export interface Sighting {
  readonly health: "up" | "down";
  readonly draining: boolean;
  /** Of its last report, while that is fresh. */
  readonly load?: Load;
  /** Whether it was asked at all lately. */
  readonly fresh: boolean;
  /** Why the last check failed. */
  readonly failure?: string;
}

/** Where an edge is asked. */
export interface Watched {
  readonly edge: string;
  readonly address: string;
}

interface Watch extends Watched {
  state: HealthState;
  report: Report | undefined;
  failure: string | undefined;
  /** When the last check ended, ms since 1970. */
  checkedAt: number;
  said: string;
  cancel: (() => void) | undefined;
}

/** Asks edges at intervals how they are, and remembers what they said. */
export class Lookout {
  readonly #options: LookoutOptions;
  readonly #watches = new Map<string, Watch>();
  #lookedAt = -Infinity;
  #stopped = false;

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  /** Sets whom to ask, and goes on asking. What is known of an edge stays as long as its address does. */
  watch(edges: readonly Watched[]): void {
    this.#lookedAt = this.#now();
    const addresses = new Map(edges.map(({ edge, address }) => [edge, address]));
    for (const watch of this.#watches.values()) if (addresses.get(watch.edge) !== watch.address) this.#forget(watch);
    for (const each of edges) if (!this.#watches.has(each.edge)) this.#watches.set(each.edge, newWatch(each));
    for (const watch of this.#watches.values()) if (!watch.cancel) this.#check(watch);
  }

  of(edge: string): Sighting {
    const watch = this.#watches.get(edge);
    if (!watch) return UNSEEN;
    return sightingOf(watch, this.#now());
  }

  stop(): void {
    this.#stopped = true;
    for (const watch of this.#watches.values()) this.#forget(watch);
  }

  #check(watch: Watch): void {
    const { world, intervalMs } = this.#options;
    const startedAt = this.#now();
    watch.cancel = () => {};
    void this.#ask(watch).then(() => {
      if (this.#stopped || this.#watches.get(watch.edge) !== watch) return;
      this.#tell(watch);
      const pause = Math.max(0, intervalMs - (this.#now() - startedAt));
      watch.cancel = this.#isIdle() ? undefined : world.timers.after(pause, () => this.#check(watch));
    });
  }

  async #ask(watch: Watch): Promise<void> {
    const { probe, thresholds = DEFAULT_THRESHOLDS } = this.#options;
    const outcome = await probe(watch.address).then(
      (report) => judge(watch, report),
      (error: unknown) => ({ failure: reasonOf(error) }),
    );
    watch.checkedAt = this.#now();
    watch.failure = "failure" in outcome ? outcome.failure : undefined;
    if ("report" in outcome) watch.report = outcome.report;
    watch.state = afterCheck(watch.state, watch.failure === undefined, thresholds);
  }

  #tell(watch: Watch): void {
    const sighting = sightingOf(watch, this.#now());
    const said = `${sighting.health} ${sighting.draining}`;
    if (said === watch.said) return;
    watch.said = said;
    this.#options.onchange?.(watch.edge, sighting);
  }

  #isIdle(): boolean {
    const { idleMs } = this.#options;
    return idleMs !== undefined && this.#now() - this.#lookedAt >= idleMs;
  }

  #forget(watch: Watch): void {
    watch.cancel?.();
    this.#watches.delete(watch.edge);
  }

  #now(): number {
    return this.#options.world.clock.now();
  }
}

const UNSEEN: Sighting = { health: "up", draining: false, fresh: false };

function newWatch({ edge, address }: Watched): Watch {
  const said = "up false";
  return {
    edge,
    address,
    state: ASSUMED_UP,
    report: undefined,
    failure: undefined,
    checkedAt: -Infinity,
    said,
    cancel: undefined,
  };
}

/** `fetch` says what happened in its error's cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** An edge that answers is well if it is the one that was asked for, and takes receivers; one that drains is well too. */
function judge({ edge }: Watched, report: Report): { report: Report; failure?: string } | { failure: string } {
  if (report.edge !== edge) return { failure: `"${report.edge}" answers in its place` };
  if (report.draining || report.ready) return { report };
  return { report, failure: "it says that it is not ready" };
}

function sightingOf({ state, report, failure, checkedAt }: Watch, now: number): Sighting {
  const fresh = now - checkedAt < LOAD_EXPIRES_MS;
  return {
    health: state.is,
    draining: report?.draining ?? false,
    fresh,
    ...(report && fresh ? { load: report.load } : {}),
    ...(failure === undefined ? {} : { failure }),
  };
}
