import { DurableObject } from "cloudflare:workers";
import { Member, type MemberOptions } from "../../../crdt/member.ts";
import type { World } from "../../../crdt/ports.ts";
import { ConfigError } from "../../config.ts";
import type { MonitorProcess, OpenedProcess } from "../host/opened-process.ts";
import { ALARM_MS } from "./edge-object.ts";
import type { Env } from "./env.ts";
import { inspectorOf } from "./inspector.ts";
import { acceptSocket, dialFrom } from "./links.ts";
import { objectIdentity, peersOf, type ProcessMember } from "./members.ts";
import { assertSameNetwork, readSettings, type DatabaseSettings, type Settings } from "./settings.ts";
import { LINGER_MS } from "./wakefulness.ts";
import { workersWorld } from "./world.ts";

/** What cannot be opened is tried again after so long, ms. */
const REOPEN_MS = 5000;
const WATCH_INTERVAL_MS = 1000;

/** A process between its waking and its sleep: it dials every edge, and so keeps all of them awake. */
export interface ProcessLife {
  readonly member: Member;
  readonly process: MonitorProcess;
  readonly close: () => Promise<void>;
}

/** The settings of a deployment that has a permanent database. */
export type MonitorSettings = Settings & { readonly database: DatabaseSettings };

/** What a kind of process is besides what it is opened with. */
export interface ProcessKind {
  readonly self: ProcessMember;
  /** What has to be right for it to open, by its names in wrangler.toml. */
  readonly needs: string;
}

/**
 * A process of the backbone as an object: it sleeps while no edge needs it and nothing is due. What it does when awake,
 * monitor/ says.
 */
export abstract class ProcessObject extends DurableObject<Env> {
  readonly #world: World;
  readonly #kind: ProcessKind;
  #life: ProcessLife | undefined;
  #opening: Promise<void> | undefined;
  /** While a life writes what it still has to: the next one reads the log only then. */
  #sleeping: Promise<void> = Promise.resolve();
  #failure: string | undefined;
  #neededAt = 0;
  #alarmAt = 0;

  constructor(ctx: DurableObjectState, env: Env, kind: ProcessKind) {
    super(ctx, env);
    this.#kind = kind;
    this.#world = workersWorld(kind.self.name);
  }

  /** Opens what the process keeps; called anew for each life, so that no client of a server outlives it. */
  protected abstract openProcess(settings: MonitorSettings, world: World): Promise<OpenedProcess>;

  /** What its member has of its own. */
  protected abstract memberOptions(settings: Settings): Partial<MemberOptions>;

  /** When it has something to do though nobody comes, ms since 1970; undefined where there is nothing to come. */
  protected abstract nextDue(life: ProcessLife): Promise<number | undefined>;

  /** An edge needs it: it wakes, and stays awake for a while. */
  async need(): Promise<void> {
    this.#neededAt = this.#world.clock.now();
    await this.#wake();
  }

  /** Takes a link of another process. */
  override async fetch(): Promise<Response> {
    await this.need();
    const life = this.#life;
    return life ? acceptSocket((socket) => life.member.backbone.accept(socket)) : new Response(null, { status: 503 });
  }

  /** Goes to sleep now, as it does by itself once nobody needs it. */
  async rest(): Promise<void> {
    if (this.#life) await this.#sleep(this.#life);
  }

  /** How it is, in JSON. */
  condition(): string {
    if (this.#life) return JSON.stringify({ state: "awake", ...this.#life.process.health() });
    const problems = this.#failure === undefined ? [] : [this.#failure];
    const state = this.#failure === undefined ? "asleep" : "failed";
    return JSON.stringify({ state, process: this.#kind.self.name, ok: problems.length === 0, problems });
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = 0;
    await this.#wake();
    if (this.#life) await this.#setAlarm(this.#world.clock.now() + ALARM_MS);
  }

  #wake(): Promise<void> {
    if (this.#life) return Promise.resolve();
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #open(): Promise<void> {
    const { clock } = this.#world;
    try {
      const settings = readSettings(this.env);
      const { database } = settings;
      if (!database) throw new Error("got no database, wanted a libSQL server's address");
      await assertSameNetwork(this.ctx.storage, settings.network);
      await this.#sleeping;
      this.#life = await this.#begin({ ...settings, database });
      this.#failure = undefined;
      this.#neededAt = clock.now();
      await this.#setAlarm(clock.now() + ALARM_MS);
      this.#watch();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#failure = error instanceof ConfigError ? message : `${this.#kind.needs}: ${message}`;
      this.#world.log("error", "a process cannot open what it needs", { error });
      await this.#setAlarm(clock.now() + REOPEN_MS);
    }
  }

  async #begin(settings: MonitorSettings): Promise<ProcessLife> {
    const { self } = this.#kind;
    const opened = await this.openProcess(settings, this.#world);
    const member = await Member.open({
      identity: objectIdentity(self, settings.network),
      listens: false,
      peers: peersOf(self, settings),
      store: opened.store,
      world: this.#world,
      dial: dialFrom(this.env, settings),
      subscribe: (shards) => Array.from({ length: shards }, (_, shard) => shard),
      permanent: true,
      ...this.memberOptions(settings),
    });
    inspectorOf(settings, member);
    const process = opened.create(member);
    process.start();
    member.start();
    return { member, process, close: () => opened.close() };
  }

  #watch(): void {
    this.#world.timers.after(WATCH_INTERVAL_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    const due = await this.#dueOf(life);
    if (this.#life !== life) return;
    const now = this.#world.clock.now();
    if (due <= now) this.#neededAt = now;
    if (now - this.#neededAt >= LINGER_MS && due - now > LINGER_MS) return this.#sleep(life);
    if (now > this.#alarmAt - ALARM_MS / 3) await this.#setAlarm(now + ALARM_MS);
    this.#watch();
  }

  async #sleep(life: ProcessLife): Promise<void> {
    this.#life = undefined;
    const due = await this.#dueOf(life);
    this.#sleeping = endOf(life);
    await this.#sleeping;
    if (this.#life || this.#opening) return;
    // With work in hand it sleeps by an order from outside only, and then until somebody needs it.
    if (due === Infinity || due <= this.#world.clock.now()) await this.ctx.storage.deleteAlarm();
    else await this.#setAlarm(due);
  }

  /** Where it cannot be told, its database being away perhaps, it is now. */
  #dueOf(life: ProcessLife): Promise<number> {
    return this.nextDue(life).then(
      (due) => due ?? Infinity,
      () => this.#world.clock.now(),
    );
  }

  async #setAlarm(at: number): Promise<void> {
    this.#alarmAt = at;
    await this.ctx.storage.setAlarm(at);
  }
}

/** Lets go of links and timers, everything written: a write into a closed log would end the object. */
async function endOf({ member, process, close }: ProcessLife): Promise<void> {
  await process.stop();
  member.stop();
  for (const replica of member.replicas()) await replica.flush();
  await member.journal.end();
  await close();
}
