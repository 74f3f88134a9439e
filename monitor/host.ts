import { readEnvelopeKey } from "../crdt/envelope.ts";
import type { Member } from "../crdt/member.ts";
import type { DatabaseOptions } from "../crdt/store/libsql-database.ts";
import { openLibsqlStore } from "../crdt/store/libsql.ts";
import type { World } from "../crdt/ports.ts";
import type { Store } from "../crdt/store/store.ts";
import type { CueEncoder } from "./cue.ts";
import { openLatch, openOrderBooks, openOrderDatabase, openPermanentDatabase } from "./database.ts";
import { metricsText } from "./metrics.ts";
import type { OrderBooks } from "./orders/books.ts";
import { OrderProcessor } from "./orders/processor.ts";
import { WebhookProvider } from "./orders/webhook.ts";
import { Process, type Duty, type ProcessHealth } from "./process.ts";
import { AutomationSystem, parseInjectors } from "./encoder/scte104/client.ts";
import { encoderToken, HttpEncoder } from "./recording-encoder/http.ts";
import { Recorder } from "./recorder.ts";
import { Materialiser } from "./results/materialiser.ts";
import type { CueLatch } from "./threshold/latch.ts";
import { LatchOnDemand } from "./threshold/latch-on-demand.ts";
import { Watcher } from "./threshold/watcher.ts";

/** What watching thresholds takes, as a configuration says it. */
export interface WatchPlan {
  /** The permanent database, where another program records into it. */
  readonly latch?: DatabasePlace;
  /** Address of the content encoder. */
  readonly encoder?: string;
  readonly keys: { readonly network: Uint8Array };
}

/** What a process is to be, as its configuration says it. */
export interface ProcessPlan extends WatchPlan {
  readonly role: "recorder" | "watcher" | "monitor" | "orders" | "hub";
  readonly store: DatabasePlace;
  /** An order processor's alone. */
  readonly orders?: OrderPlan;
}

/** What processing orders takes. */
export interface OrderPlan {
  readonly provider: { readonly url: string; readonly secret: string };
  /** Secrets of envelope keys in PKCS #8, the newest first. */
  readonly keys: readonly Uint8Array[];
  /** The books, where other processors share them; else they are in the process' own database. */
  readonly books?: DatabasePlace;
}

/** `file:PATH`, or a libSQL server. */
interface DatabasePlace {
  readonly url: string;
  readonly authToken?: string;
  readonly relaxed: boolean;
}

/** What a process keeps, opened before there is a member. */
export interface OpenedProcess extends OpenedWatch {
  /** The member's. */
  readonly store: Store;
}

/** The same for an edge that watches: its store is its own. */
export interface OpenedWatch {
  create(member: Member): HostedProcess;
  close(): Promise<void>;
}

/** A process as whoever runs it sees it. */
export interface HostedProcess {
  start(): void;
  round(): Promise<void>;
  stop(): Promise<void>;
  health(): ProcessHealth;
  /** In Prometheus' text format. */
  metrics(): string;
  /** An order processor's alone: its books of a show beside the provider's. */
  report?(show: string): Promise<object> | undefined;
  /** An order processor's alone: when it has something to do though nobody comes, ms since 1970. */
  nextDue?(): Promise<number | undefined>;
}

/** What surrounds a process whose database is a file. */
export interface FileHost {
  /** With timers the database lets others have the event loop meanwhile. */
  readonly world?: Pick<World, "timers">;
  /** The disk has failed: the process is to end, and to be started again. */
  readonly onlost?: (error: Error) => void;
}

/** Opens what the duties of a process keep. */
export async function openProcess(plan: ProcessPlan, host: FileHost = {}): Promise<OpenedProcess> {
  switch (plan.role) {
    case "watcher":
      return openWatcher(plan, host);
    case "orders":
      return openOrders(plan, host);
    case "hub":
      return openHub(plan, host);
    case "recorder":
    case "monitor":
      return openRecorder(plan, host);
  }
}

/** Watches thresholds beside whatever else a member does. */
export function openWatch(plan: WatchPlan): OpenedWatch {
  const latch = latchOf(plan);
  return {
    create: (member) => hosted(member, [watcherOf(member, latch, plan)]),
    close: async () => latch?.close(),
  };
}

/** A process with a log and duties of its own: for programs that are not in this repository. */
export async function openOwnProcess(
  { store: place }: Pick<ProcessPlan, "store">,
  duties: (member: Member) => readonly Duty[],
  host: FileHost = {},
): Promise<OpenedProcess> {
  const store = await openLibsqlStore(place.url, optionsOf(place, host));
  return { store, create: (member) => hosted(member, duties(member)), close: () => store.close() };
}

/** A recorder, or a monitor: one that watches, too, and latches in the database that it records into. */
async function openRecorder(plan: ProcessPlan, host: FileHost): Promise<OpenedProcess> {
  const { url } = plan.store;
  const { store, cues, results, ...latches } = await openPermanentDatabase(url, optionsOf(plan.store, host));
  const duties = (member: Member): Duty[] => {
    const recording = [new Recorder(member, store, latches), new Materialiser(store, results, member.world)];
    return plan.role === "monitor" ? [...recording, watcherOf(member, cues, plan)] : recording;
  };
  return { store, create: (member) => hosted(member, duties(member)), close: () => store.close() };
}

/** A watcher with a log of its own. */
async function openWatcher(plan: ProcessPlan, host: FileHost): Promise<OpenedProcess> {
  const store = await openLibsqlStore(plan.store.url, optionsOf(plan.store, host));
  const watch = openWatch(plan);
  return {
    store,
    create: (member) => watch.create(member),
    close: async () => {
      await watch.close();
      await store.close();
    },
  };
}

/** An order processor: its log, and its books beside it, or on a server. */
async function openOrders({ store: place, orders }: ProcessPlan, host: FileHost): Promise<OpenedProcess> {
  if (!orders) throw new Error("opening an order processor: its plan says nothing of orders");
  const options = optionsOf(place, host);
  const { books: shared } = orders;
  if (shared) return openOrderProcessor(await openLibsqlStore(place.url, options), { ...orders, books: shared });
  const { store, books } = await openOrderDatabase(place.url, options);
  return orderProcessor(store, books, orders, () => store.close());
}

/** An order processor whose log is somewhere else than its books, which are on a server. */
export async function openOrderProcessor(
  log: Store,
  orders: OrderPlan & { readonly books: DatabasePlace },
): Promise<OpenedProcess> {
  const { url, ...options } = orders.books;
  const opened = await openOrderBooks(url, options);
  return orderProcessor(log, opened.books, orders, async () => {
    await opened.close();
    await log.close();
  });
}

async function orderProcessor(
  store: Store,
  books: OrderBooks,
  { keys: secrets, provider: place }: OrderPlan,
  close: () => Promise<void>,
): Promise<OpenedProcess> {
  const keys = await Promise.all(secrets.map(readEnvelopeKey));
  const create = (member: Member) => {
    const provider = new WebhookProvider({ ...place, clock: member.world.clock });
    const processor = new OrderProcessor({ member, books, provider, keys });
    return {
      ...hosted(member, [processor]),
      report: (show: string) => processor.report(show),
      nextDue: () => processor.nextDue(),
    };
  };
  return { store, create, close };
}

/** A replica that others meet at: it has no duties but to hold what there is, and to pass it on. */
async function openHub(plan: ProcessPlan, host: FileHost): Promise<OpenedProcess> {
  const store = await openLibsqlStore(plan.store.url, optionsOf(plan.store, host));
  return { store, create: (member) => hosted(member, []), close: () => store.close() };
}

function optionsOf({ authToken, relaxed }: DatabasePlace, { world, onlost }: FileHost): DatabaseOptions {
  return {
    relaxed,
    ...(authToken === undefined ? {} : { authToken }),
    ...(world ? { timers: world.timers } : {}),
    ...(onlost ? { onbroken: onlost } : {}),
  };
}

function latchOf({ latch }: WatchPlan): LatchOnDemand | undefined {
  if (!latch) return undefined;
  const { url, ...options } = latch;
  return new LatchOnDemand(() => openLatch(url, options));
}

function watcherOf(member: Member, latch: CueLatch | undefined, { encoder, keys }: WatchPlan): Watcher {
  return new Watcher({
    member,
    ...(latch ? { latch } : {}),
    ...(encoder === undefined ? {} : { encoder: encoderAt(encoder, keys.network, member.world) }),
  });
}

/** `scte104://HOST:PORT[,HOST:PORT]` is ours or a station's; `http://` one that only writes cues down. */
function encoderAt(address: string, networkSecret: Uint8Array, world: World): CueEncoder {
  const injectors = parseInjectors(address);
  if (injectors) return AutomationSystem.started(injectors, world);
  return new HttpEncoder(address, encoderToken(networkSecret));
}

function hosted(member: Member, duties: readonly Duty[]): HostedProcess {
  const process = new Process(member, duties);
  return {
    start: () => process.start(),
    round: () => process.round(),
    stop: () => process.stop(),
    health: () => process.health(),
    metrics: () => metricsText(process.health()),
  };
}
