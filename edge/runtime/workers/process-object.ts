import { DurableObject } from "cloudflare:workers";
import { standingOf } from "../../../crdt/arming.ts";
import type { Board } from "../../../crdt/board.ts";
import { Member } from "../../../crdt/member.ts";
import { pollState } from "../../../crdt/poll.ts";
import type { World } from "../../../crdt/ports.ts";
import type { Poll } from "../../../crdt/show.ts";
import { ConfigError } from "../../config.ts";
import type { MonitorProcess, OpenedProcess } from "../host/opened-process.ts";
import { ALARM_MS } from "./edge-object.ts";
import type { Env } from "./env.ts";
import { inspectorOf } from "./inspector.ts";
import { dialFrom } from "./links.ts";
import { objectIdentity, peersOf, RECORDER_NAME } from "./members.ts";
import { assertSameNetwork, readSettings, type DatabaseSettings, type Settings } from "./settings.ts";
import { LINGER_MS } from "./wakefulness.ts";
import { workersWorld } from "./world.ts";

/** A database that cannot be opened is tried again after so long, ms. */
const REOPEN_MS = 5000;
const WATCH_INTERVAL_MS = 1000;

/** A process between its waking and its sleep: it dials every edge, and so keeps all of them awake. */
interface ProcessLife {
  readonly member: Member;
  readonly process: MonitorProcess;
  readonly close: () => Promise<void>;
}

/** The settings of a deployment that has a permanent database. */
export type MonitorSettings = Settings & { readonly database: DatabaseSettings };

/**
 * The recorder as an object, which watches thresholds, too: it sleeps while no edge needs it. What it does when awake,
 * monitor/ says.
 */
export abstract class ProcessObject extends DurableObject<Env> {
  readonly #world: World;
  #life: ProcessLife | undefined;
  #opening: Promise<void> | undefined;
  #failure: string | undefined;
  #neededAt = 0;
  #alarmAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#world = workersWorld(RECORDER_NAME);
  }

  /** Opens what the process keeps, on the libSQL server; called anew for each life, so that no client outlives it. */
  protected abstract openProcess(settings: MonitorSettings): Promise<OpenedProcess>;

  /** An edge needs it: it wakes, and stays awake for a while. */
  async need(): Promise<void> {
    this.#neededAt = this.#world.clock.now();
    await this.#wake();
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
    return JSON.stringify({ state, process: RECORDER_NAME, ok: problems.length === 0, problems });
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = 0;
    await this.#wake();
    if (this.#life) await this.#setAlarm(ALARM_MS);
  }

  #wake(): Promise<void> {
    if (this.#life) return Promise.resolve();
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #open(): Promise<void> {
    try {
      const settings = readSettings(this.env);
      const { database } = settings;
      if (!database) throw new Error("got no database, wanted a libSQL server's address");
      await assertSameNetwork(this.ctx.storage, settings.network);
      const opened = await this.openProcess({ ...settings, database });
      const self = { role: "recorder", name: RECORDER_NAME } as const;
      const member = await Member.open({
        identity: objectIdentity(self, settings.network),
        listens: false,
        peers: peersOf(self, settings),
        store: opened.store,
        world: this.#world,
        dial: dialFrom(this.env, settings),
        subscribe: (shards) => Array.from({ length: shards }, (_, shard) => shard),
        permanent: true,
        keepsVoters: settings.watches,
        tables: settings.watches ? "all" : "none",
      });
      inspectorOf(settings, member);
      const process = opened.create(member);
      process.start();
      member.start();
      this.#life = { member, process, close: () => opened.close() };
      this.#failure = undefined;
      this.#neededAt = this.#world.clock.now();
      await this.#setAlarm(ALARM_MS);
      this.#watch();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#failure = error instanceof ConfigError ? message : `LIBSQL_URL and LIBSQL_AUTH_TOKEN: ${message}`;
      this.#world.log("error", "the recorder cannot open its database", { error });
      await this.#setAlarm(REOPEN_MS);
    }
  }

  #watch(): void {
    this.#world.timers.after(WATCH_INTERVAL_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    const now = this.#world.clock.now();
    if (isBusy(life.member)) this.#neededAt = now;
    if (now - this.#neededAt >= LINGER_MS) return this.#sleep(life);
    if (now > this.#alarmAt - ALARM_MS / 3) await this.#setAlarm(ALARM_MS);
    this.#watch();
  }

  async #sleep(life: ProcessLife): Promise<void> {
    this.#life = undefined;
    await life.process.stop();
    life.member.stop();
    await life.close();
    if (!this.#life && !this.#opening) await this.ctx.storage.deleteAlarm();
  }

  async #setAlarm(inMs: number): Promise<void> {
    this.#alarmAt = this.#world.clock.now() + inMs;
    await this.ctx.storage.setAlarm(this.#alarmAt);
  }
}

/** Whether some poll takes ballots, is about to, or waits for its result; or a threshold may be crossed. */
function isBusy(member: Member): boolean {
  const now = member.clock.now();
  return [...member.replicas()].some(
    ({ board }) => board.polls().some((poll) => isPollBusy(board, poll, now)) || isWatched(board),
  );
}

function isPollBusy(board: Board, poll: Poll, now: number): boolean {
  const state = pollState(poll, board.transitions(poll.id), now);
  return state === "armed" || state === "open" || state === "closing" || state === "closed";
}

function isWatched(board: Board): boolean {
  return board.thresholds().some((threshold) => {
    const { is } = standingOf(board, threshold);
    return is === "arming" || is === "armed";
  });
}
