import { DurableObject } from "cloudflare:workers";
import type { World } from "../../../crdt/ports.ts";
import { CLOSE } from "../../close.ts";
import { ConfigError } from "../../config.ts";
import { OPENING_SOON_MS } from "../../programme.ts";
import { isRefusal } from "../../refusal.ts";
import type { Load } from "../../steering/load.ts";
import { LINK_PATH } from "../host/door.ts";
import { EdgeLife } from "./edge-life.ts";
import type { Env } from "./env.ts";
import { Keeper } from "./keeper.ts";
import { BACKBONE_PATH, ordersStub, recorderStub } from "./links.ts";
import { objectMembers, ORDERS, RECORDER, type ObjectMember } from "./members.ts";
import { assertSameNetwork, readSettings, refuseSettings, type Settings } from "./settings.ts";
import { ownReason, reasonToStay, type Circumstances } from "./wakefulness.ts";
import { workersWorld } from "./world.ts";

/** How often it is looked whether the object may sleep, ms. */
const WATCH_INTERVAL_MS = 1000;
/** An alarm finds the object that was taken out of memory while it was needed, so long after, ms. */
export const ALARM_MS = 30_000;

/** An edge in one region, for its part of every show's shards. Its name is its member's. */
export class EdgeObject extends DurableObject<Env> {
  readonly #world: World;
  #settings: Settings | undefined;
  #life: EdgeLife | undefined;
  #waking: Promise<EdgeLife> | undefined;
  /** While a life writes what it still has to: the next one reads the log only then. */
  #sleeping: Promise<void> = Promise.resolve();
  #wokenAt = 0;
  #askedAt = 0;
  #alarmAt = 0;
  readonly #recorder = new Keeper(() => recorderStub(this.env).need());
  readonly #orders = new Keeper(() => ordersStub(this.env).need());

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#world = workersWorld(ctx.id.name ?? "an edge without a name");
  }

  override async fetch(request: Request): Promise<Response> {
    try {
      const life = this.#life ?? (await this.#wake());
      if (isLink(request)) return life.link();
      this.#askedAt = this.#world.clock.now();
      await life.settled;
      return await life.fetch(request);
    } catch (error) {
      if (error instanceof ConfigError) return refuseSettings(error);
      throw error;
    }
  }

  /** Where a show's receivers are to be found; undefined where the show is not known here. */
  async showOf(id: string): Promise<{ shards: number; wrappedKey: string } | undefined> {
    const life = this.#life ?? (await this.#wake());
    await life.settled;
    const show = life.edge.show(id);
    if (isRefusal(show)) return undefined;
    const { shards, wrappedKey } = show.definition;
    return { shards, wrappedKey };
  }

  /** Goes to sleep now, as it does by itself once it has no reason to stay awake; the next event wakes it. */
  async rest(): Promise<void> {
    this.#askedAt = 0;
    if (this.#life) await this.#sleep(this.#life);
  }

  /** The boot of this life; undefined while it sleeps. */
  get boot(): string | undefined {
    return this.#life?.edge.boot;
  }

  /** Whether a show needs it now; not where it sleeps. */
  get isBusy(): boolean {
    return this.#life?.edge.isBusy ?? false;
  }

  /** Its work at the moment; undefined where it sleeps, and goes on doing so. */
  load(): Load | undefined {
    return this.#life?.load;
  }

  override async webSocketMessage(ws: WebSocket, message: ArrayBuffer | string): Promise<void> {
    this.#askedAt = this.#world.clock.now();
    const life = this.#life ?? (await this.#wake());
    await life.settled;
    if (life.receivers.onmessage(ws, message)) return;
    if (ws.readyState === WebSocket.OPEN) ws.close(CLOSE.unavailable, "this edge is not ready");
  }

  override webSocketClose(ws: WebSocket, code: number, reason: string): void {
    this.#life?.receivers.onclose(ws, code, reason);
  }

  override webSocketError(ws: WebSocket): void {
    this.#life?.receivers.onclose(ws, 1006, "the connection failed");
  }

  /** Set while awake: an object that comes here without a life was taken out of memory. */
  override async alarm(): Promise<void> {
    this.#alarmAt = 0;
    if (!this.#life) await this.#wake();
    else await this.#setAlarm();
  }

  #wake(): Promise<EdgeLife> {
    this.#waking ??= this.#open().finally(() => (this.#waking = undefined));
    return this.#waking;
  }

  async #open(): Promise<EdgeLife> {
    const settings = (this.#settings ??= readSettings(this.env));
    const self = memberOf(this.ctx.id.name, settings);
    await assertSameNetwork(this.ctx.storage, settings.network);
    await this.#sleeping;
    const life = await EdgeLife.open(self, settings, this.env, this.ctx, this.#world);
    this.#wokenAt = this.#world.clock.now();
    this.#life = life;
    await this.#setAlarm();
    this.#watch();
    return life;
  }

  #watch(): void {
    this.#world.timers.after(WATCH_INTERVAL_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    life.receivers.resumeAll();
    const circumstances = this.#circumstances(life);
    if (reasonToStay(circumstances) === undefined) return this.#sleep(life);
    if (ownReason(circumstances) !== undefined) this.#keepProcesses(life, circumstances);
    if (circumstances.now > this.#alarmAt - ALARM_MS / 3) await this.#setAlarm();
    this.#watch();
  }

  #circumstances(life: EdgeLife): Circumstances {
    return {
      now: this.#world.clock.now(),
      wokenAt: this.#wokenAt,
      askedAt: this.#askedAt,
      isBusy: life.edge.isBusy,
      hasReaders: life.hasReaders,
      isRecorded: life.isLinkedWith(RECORDER.name),
    };
  }

  async #sleep(life: EdgeLife): Promise<void> {
    this.#life = undefined;
    const opening = life.edge.nextOpening;
    // Were it rejected, no later life would begin; what is not written is what a crash would lose: nothing acknowledged.
    this.#sleeping = life
      .sleep()
      .catch((error: unknown) => this.#world.log("error", "going to sleep failed", { error: String(error) }));
    await this.#sleeping;
    // Whoever came meanwhile has begun the next life, and set its alarm.
    if (this.#life || this.#waking) return;
    if (opening === undefined) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(opening - OPENING_SOON_MS);
  }

  #keepProcesses(life: EdgeLife, { now, isRecorded }: Circumstances): void {
    const unreachable = (error: unknown) =>
      this.#world.log("warn", "a process could not be woken", { error: String(error) });
    if (this.#settings?.database) this.#recorder.keep(now, isRecorded).catch(unreachable);
    if (this.#settings?.selling && life.edge.sells)
      this.#orders.keep(now, life.isLinkedWith(ORDERS.name)).catch(unreachable);
  }

  async #setAlarm(): Promise<void> {
    this.#alarmAt = this.#world.clock.now() + ALARM_MS;
    await this.ctx.storage.setAlarm(this.#alarmAt);
  }
}

function isLink(request: Request): boolean {
  // Asked for each ballot: most are told from links by this alone.
  if (!request.url.includes(BACKBONE_PATH)) return false;
  const { pathname } = new URL(request.url);
  return pathname.startsWith(BACKBONE_PATH) && pathname.endsWith(LINK_PATH);
}

function memberOf(name: string | undefined, settings: Settings): Extract<ObjectMember, { role: "edge" }> {
  const found = objectMembers(settings).find((member) => member.name === name);
  if (found?.role === "edge") return found;
  throw new ConfigError("variables of the Worker", [`REGIONS and OBJECTS: they have no edge "${name ?? ""}"`]);
}
