import type { Member } from "../crdt/member.ts";
import type { Replica } from "../crdt/replica.ts";
import { MAX_BOOTS } from "../crdt/replicate/introduction.ts";
import { TALLIES_INTERVAL_MS } from "../crdt/tallies.ts";
import { Creation } from "./creation.ts";
import { EdgeShow } from "./edge-show.ts";
import { Rate } from "./rate.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { knownEdges, type KnownEdge } from "./roster.ts";
import type { EdgeService, Health, ShowDefinition, ShowService } from "./service.ts";
import { DEFAULT_CAPACITY, type Capacity } from "./steering/load.ts";
import type { Place } from "./steering/place.ts";
import type { EdgePlace, LifeStage } from "./upkeep.ts";

/** How long an edge that stops waits for the recorder to have all that it wrote, ms: most of what a stop may take. */
export const LEAVE_PATIENCE_MS = 4000;

const TOO_MANY_BOOTS = `the documents here hold something of ${MAX_BOOTS} boots, and no more are taken; a show on new logs has room`;

export interface EdgeOptions {
  readonly region: string;
  /** Address that receivers use, for the roster. */
  readonly address: string;
  /** Where it stands, if the operator said so. */
  readonly place?: Place;
  /** How much work it is built for. */
  readonly capacity?: Capacity;
  /** The network's secret, 32 bytes. */
  readonly network: Uint8Array;
  /** At once where it is left out: see `EdgePlace`. */
  readonly joins?: EdgePlace["joins"];
}

/** An edge: answers receivers, and holds a replica of each show. */
export class Edge implements EdgeService {
  readonly region: string;
  readonly #member: Member;
  readonly #options: EdgeOptions;
  readonly #shows = new Map<string, EdgeShow>();
  readonly #creation: Creation;
  readonly #rate = new Rate();
  readonly #since: number;
  #stage: LifeStage = "live";
  #leaving: Promise<boolean> | undefined;
  #onleft: ((hasLeft: boolean) => void) | undefined;
  #admits = false;
  #cancelTick: (() => void) | undefined;

  constructor(member: Member, options: EdgeOptions) {
    this.#member = member;
    this.#options = options;
    this.region = options.region;
    this.#creation = new Creation(member, options.network, (id) => this.#shows.get(id));
    this.#since = member.clock.now();
    member.watchShows((replica) => this.#addShow(replica));
  }

  get name(): string {
    return this.#member.name;
  }

  get boot(): string {
    return this.#member.boot;
  }

  /** Opens the links and starts what follows from time alone. */
  start(): void {
    this.#member.start();
    this.#tick();
  }

  stop(): void {
    this.#cancelTick?.();
    this.#member.stop();
  }

  show(id: string): ShowService | Refusal {
    const show = this.#shows.get(id);
    if (!show) return refuse("unknown_show", `there is no show "${id}"`);
    if (!show.ready)
      return refuse("not_ready", `edge "${this.name}" is catching up with its peers on show "${id}"`, {
        retryAfterS: 1,
      });
    return show;
  }

  shows(): string[] {
    return [...this.#shows.keys()];
  }

  edges(): KnownEdge[] {
    const { region, address, place } = this.#options;
    const shards = [...this.#member.replicas()].map((replica) => [replica.show, [...replica.shards().keys()]] as const);
    const own: KnownEdge = {
      edge: this.name,
      boot: this.boot,
      region,
      address,
      ...(place ? { place } : {}),
      state: this.#stage === "live" ? "live" : "draining",
      shards: Object.fromEntries(shards),
      since: this.#since,
    };
    return knownEdges(
      own,
      [...this.#shows].map(([show, its]) => ({ show, roster: its.roster() })),
    );
  }

  async createShow(definition: ShowDefinition, by: string): Promise<ShowService | Refusal> {
    return this.#refusal() ?? this.#creation.create(definition, by);
  }

  /** Whether some show needs this edge now, for what is to come or for what it has written: then it may not go to sleep. */
  get isBusy(): boolean {
    return [...this.#shows.values()].some((show) => show.isBusy);
  }

  /** Whether some show needs an order processor now. */
  get sells(): boolean {
    return [...this.#shows.values()].some((show) => show.sells);
  }

  /** When the next poll of any show opens by itself, ms since 1970: an edge that sleeps has to be awake by then. */
  get nextOpening(): number | undefined {
    const times = [...this.#shows.values()].flatMap((show) => show.nextOpening ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Whether every show that is known here is caught up with. */
  get isCaughtUp(): boolean {
    return [...this.#shows.values()].every((show) => show.ready);
  }

  readiness(): { ready: boolean; reasons: string[] } {
    const reasons = [...this.#shows.values()]
      .filter((show) => !show.admits)
      .map(({ ready, definition }) => `show "${definition.id}" ${ready ? "waits for the recorder" : "is catching up"}`);
    const refusal = this.#refusal();
    if (refusal) reasons.push(refusal.detail);
    return { ready: reasons.length === 0, reasons };
  }

  health(): Health {
    const shows = [...this.#shows.values()];
    return {
      clock: this.#member.clockTrust(),
      links: this.#member.links(),
      alarms: [
        ...[...this.#member.twins()].map((name) => `two programs run under the name "${name}"`),
        ...[...this.#member.turnedAway()].map((boot) => `boot "${boot}" is turned away: ${TOO_MANY_BOOTS}`),
      ],
      shows: shows.map((show) => show.health()),
      ...this.#member.written(),
      ballotsPerS: this.#rate.perSecond,
      capacity: this.#options.capacity ?? DEFAULT_CAPACITY,
      draining: this.#stage !== "live",
    };
  }

  async drain(): Promise<void> {
    this.#stage = "draining";
    this.#admits = false;
    for (const replica of this.#member.replicas()) await replica.flush();
    for (const show of this.#shows.values()) show.tick(this.#stage);
  }

  /**
   * Ends what this boot has written, after `drain` and when no request is under way. Resolves with true once the recorder
   * has it all: no result waits for this edge then, though it never comes back. With false where that took longer than
   * `LEAVE_PATIENCE_MS`; then it may have to be named lost.
   */
  leave(): Promise<boolean> {
    if (!this.#member.hasProcesses) return Promise.resolve(true);
    this.#stage = "leaving";
    this.#leaving ??= new Promise((resolve) => {
      const cancel = this.#member.world.timers.after(LEAVE_PATIENCE_MS, () => this.#onleft?.(false));
      this.#onleft = (hasLeft) => {
        cancel();
        this.#onleft = undefined;
        resolve(hasLeft);
      };
    });
    return this.#leaving;
  }

  #addShow(replica: Replica): void {
    if (this.#shows.has(replica.show)) return;
    const condition = { joins: "at once" as const, ...this.#options, refusal: () => this.#refusal() };
    const show = new EdgeShow(replica, this.#member, condition);
    this.#shows.set(replica.show, show);
    this.#creation.onshow(show);
  }

  /** Why nothing may be admitted now, whatever the show. Judged anew at each tick, or at each call while it is a no. */
  #refusal(): Refusal | undefined {
    if (this.#admits) return undefined;
    const refusal = this.#judge();
    this.#admits = refusal === undefined;
    return refusal;
  }

  #judge(): Refusal | undefined {
    if (this.#stage !== "live")
      return refuse("draining", `edge "${this.name}" is about to stop: another one answers`, { retryAfterS: 1 });
    if (this.#member.turnedAway().has(`${this.name}/${this.boot}`))
      return refuse("not_ready", `edge "${this.name}" cannot take part: ${TOO_MANY_BOOTS}`, { retryAfterS: 60 });
    const trust = this.#member.clockTrust();
    if (trust.trusted) return undefined;
    switch (trust.reason) {
      case "unmeasured":
        return refuse(
          "clock_untrusted",
          `edge "${this.name}" has not compared its clock with a peer since it started, or since the clock was set`,
          { retryAfterS: 1 },
        );
      case "skewed":
        return refuse(
          "clock_untrusted",
          `the clock of edge "${this.name}" is ${Math.round(trust.skewMs)} ms from its peers'`,
          { retryAfterS: 5 },
        );
    }
  }

  #tick(): void {
    this.#cancelTick = this.#member.world.timers.after(TALLIES_INTERVAL_MS, () => this.#tick());
    // Also where there is no show yet: the clock has to be looked at often.
    this.#admits = this.#judge() === undefined;
    this.#rate.sample(this.#member.written().ballots, this.#member.clock.now());
    const shows = [...this.#shows.values()];
    for (const show of shows) show.tick(this.#stage);
    if (this.#onleft && shows.every((show) => show.hasLeft)) this.#onleft(true);
  }
}
