import * as Y from "yjs";
import { Board } from "../../crdt/board.ts";
import type { ContentItem } from "../../crdt/content.ts";
import type { AuditEntry, Schedule } from "../../crdt/deed.ts";
import {
  closingTime,
  mayBecome,
  pollState,
  windowRefusal,
  type TransitionName,
  type Transitions,
} from "../../crdt/poll.ts";
import type { World } from "../../crdt/ports.ts";
import { OrderBook } from "../../crdt/order-book.ts";
import { Shop } from "../../crdt/shop.ts";
import { type Counts, type Final, type Poll, type Show } from "../../crdt/show.ts";
import type { KnownBallot } from "../../crdt/tally.ts";
import { refuseBallot } from "../../edge/admission.ts";
import type { DeedService, ScheduledTimes, Stopped } from "../../edge/deeds.ts";
import { unknownProduct, type OrderService } from "../../edge/order-desk.ts";
import type { Receipt, Settle } from "../../edge/receipt.ts";
import { isRefusal, refuse, type Refusal } from "../../edge/refusal.ts";
import type { KnownEdge } from "../../edge/roster.ts";
import type { BallotRequest, EdgeService, Health, PollView, ShowDefinition, ShowService } from "../../edge/service.ts";
import { Selling } from "../../edge/selling.ts";
import { Thresholds } from "../../edge/thresholds.ts";
import { setPoll } from "./documents.ts";

/**
 * An edge for tests of the application: keeps ballots in a map and is durable at once. It knows nothing of shards,
 * ledgers and peers; what it must get right is what the routes show.
 */
export class EdgeDouble implements EdgeService {
  readonly name = "fra";
  readonly region = "eu";
  readonly boot = "00000000000000b1";
  readonly world: World;
  readonly #shows = new Map<string, ShowDouble>();
  /** Given for every show, if set. */
  refusal: Refusal | undefined;
  reasons: string[] = [];
  draining = false;
  readonly capacity = { receivers: 100, ballotsPerS: 50 };
  /** Edges of the network beside this one. */
  others: KnownEdge[] = [];
  readonly closedLinks = new Set<string>();

  constructor(world: World) {
    this.world = world;
  }

  /** A show and its double, for tests that reach behind the contract. */
  add(definition: ShowDefinition): ShowDouble {
    const show = new ShowDouble(definition, this.world);
    this.#shows.set(definition.id, show);
    return show;
  }

  show(id: string): ShowService | Refusal {
    return this.refusal ?? this.#shows.get(id) ?? refuse("unknown_show", `there is no show "${id}"`);
  }

  edges(): KnownEdge[] {
    const { name: edge, region, boot } = this;
    const own = {
      edge,
      region,
      boot,
      address: "https://fra.example.org",
      state: "live",
      shards: {},
      since: 0,
    } as const;
    return [own, ...this.others];
  }

  shows(): string[] {
    return [...this.#shows.keys()];
  }

  async createShow(definition: ShowDefinition, by: string): Promise<ShowService | Refusal> {
    if (this.#shows.has(definition.id)) return refuse("show_exists", `there is a show "${definition.id}" already`);
    const show = this.add(definition);
    show.note("create", definition.id, by);
    return show;
  }

  readiness(): { ready: boolean; reasons: string[] } {
    return { ready: this.reasons.length === 0, reasons: this.reasons };
  }

  health(): Health {
    const shows = [...this.#shows.values()].map((show) => ({
      id: show.definition.id,
      ready: true,
      receivers: show.present(),
      unprunedBatches: 2,
      waitingBatches: 0,
      forks: 0,
      tableBytes: 1024,
      lagMs: { nyc: 12 },
    }));
    const figures = { roundTripMs: 80, bytesIn: 5, bytesOut: 7 };
    const closed = [...this.closedLinks].map((peer) => ({ peer, open: false, ...figures }));
    const links = [{ peer: "nyc", open: true, ...figures }, ...closed];
    const written = { ballots: 3, flushes: 2, ballotsPerS: 1.4 };
    const { capacity, draining } = this;
    return { clock: { trusted: true, skewMs: 1 }, links, alarms: [], shows, ...written, capacity, draining };
  }

  async drain(): Promise<void> {}
}

export class ShowDouble implements ShowService, DeedService {
  readonly deeds = this;
  readonly definition: Show;
  revision = 1;
  /** What `vote` waits for, or throws. */
  beforeVote: (() => Promise<void>) | undefined;
  readonly arrived = new Map<string, boolean>();
  /** Given to whoever arrives, if set. */
  arrivalRefusal: Refusal | undefined;
  readonly requests: BallotRequest[] = [];
  readonly documents = { board: new Y.Doc(), tallies: new Y.Doc() };
  readonly board = new Board(this.documents.board);
  /** The real decisions, over the board. */
  readonly thresholds = new Thresholds({
    board: this.board,
    pollState: (id) => this.#polls.get(id)?.view(this.#world.clock.now()).state,
    deed: (action, target, by, edit) => {
      edit(this.board, this.#world.clock.now());
      this.note(action, target, by);
      return Promise.resolve(undefined);
    },
  });
  readonly selling = new Selling({
    show: "double",
    shop: new Shop(this.documents.board),
    orders: () => new OrderBook().states,
    order: () => undefined,
    deed: (action, target, by, edit) => {
      edit(this.board, this.#world.clock.now());
      this.note(action, target, by);
      return Promise.resolve(undefined);
    },
  });
  /** Takes no orders: the real edge has its own tests. */
  orders: OrderService = {
    place: ({ product }) => Promise.resolve(unknownProduct("double", product)),
    mine: () => [],
    follow: () => () => {},
  };
  readonly #world: World;
  readonly #polls = new Map<string, PollDouble>();
  readonly #content = new Map<string, ContentItem>();
  readonly #pictures = new Map<string, Uint8Array>();
  readonly #audit: AuditEntry[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #lost = new Set<string>();

  constructor({ polls, ...show }: ShowDefinition, world: World) {
    this.#world = world;
    this.definition = { ...show, created: world.clock.now(), wrappedKey: "5ec2e7" };
    polls.forEach((poll, index) => this.#polls.set(poll.id, new PollDouble({ ...poll, index })));
    polls.forEach((poll, index) => setPoll(this.board, { ...poll, index }));
  }

  polls(): PollView[] {
    return [...this.#polls.values()].map((poll) => poll.view(this.#world.clock.now()));
  }

  poll(id: string): PollView | Refusal {
    const poll = this.#find(id);
    return isRefusal(poll) ? poll : poll.view(this.#world.clock.now());
  }

  content(): ContentItem[] {
    return [...this.#content.values()];
  }

  picture(hash: string): Uint8Array | undefined {
    return this.#pictures.get(hash);
  }

  audit(): AuditEntry[] {
    return this.#audit;
  }

  roster() {
    const entry = {
      edge: "fra",
      boot: "b1",
      state: "live",
      region: "eu",
      shards: [0],
      address: "http://fra",
      since: 1,
    } as const;
    return [{ ...entry, lost: this.#lost.has("fra/b1") }];
  }

  counts(id: string): Counts | Refusal {
    const poll = this.#find(id);
    return isRefusal(poll) ? poll : poll.counts();
  }

  late(): number {
    return 0;
  }

  present(): number {
    return this.arrived.size;
  }

  ballotsOf(subject: string, id: string): readonly KnownBallot[] | Refusal {
    const poll = this.#find(id);
    return isRefusal(poll) ? poll : poll.known(subject);
  }

  /** No receipt is known here: the real edge has its own tests. */
  ownReceipt(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  arrive(subject: string, signed: boolean): Refusal | undefined {
    if (!this.arrivalRefusal) this.arrived.set(subject, signed);
    return this.arrivalRefusal;
  }

  vote(request: BallotRequest, settle: Settle): void {
    this.#answer(request).then(settle, settle);
  }

  async #answer(request: BallotRequest): Promise<Receipt | Refusal> {
    this.requests.push(request);
    await this.beforeVote?.();
    const poll = this.#find(request.poll);
    if (isRefusal(poll)) return poll;
    const time = this.#world.clock.now();
    const refusal = poll.take(request, time);
    if (refusal) return refusal;
    if (poll.view(time).countsVisible) this.change();
    const { poll: name, option, press, k, level } = request;
    const place = { shard: 0, edge: "fra", boot: "b1", sequence: this.requests.length };
    return { code: `RB-00000${press}`, show: this.definition.id, poll: name, option, press, k, ...place, level, time };
  }

  arm = (id: string, by: string) => this.#transition(id, "armed", by);
  close = (id: string, by: string) => this.#transition(id, "closing", by);
  void = (id: string, by: string) => this.#transition(id, "void", by);

  open(id: string, by: string, durationMs?: number): Promise<PollView | Refusal> {
    return this.#transition(id, "open", by, durationMs);
  }

  async release(id: string, by: string): Promise<PollView | Refusal> {
    const poll = this.#find(id);
    if (isRefusal(poll)) return poll;
    poll.released = true;
    this.note("release", id, by);
    return this.poll(id);
  }

  async schedule(id: string, times: ScheduledTimes | undefined, by: string): Promise<PollView | Refusal> {
    const poll = this.#find(id);
    if (isRefusal(poll)) return poll;
    poll.schedule = times && { ...times, by };
    this.note("schedule", id, by);
    return this.poll(id);
  }

  async startRundown(startsAt: number, by: string): Promise<void | Refusal> {
    const { rundown } = this.definition;
    if (!rundown) return refuse("malformed", "no rundown");
    for (const { poll, afterMs } of rundown) await this.schedule(poll, { opensAt: startsAt + afterMs }, by);
  }

  async forget(by: string): Promise<{ at: number; by: string }> {
    this.note("forget", this.definition.id, by);
    return { at: this.#world.clock.now(), by };
  }

  async stop(by: string): Promise<Stopped> {
    const open = [...this.#polls.values()].filter((poll) => poll.view(this.#world.clock.now()).state === "open");
    const closed = open.map(({ definition }) => definition.id);
    const withdrawn = [...this.#content.keys()];
    for (const id of closed) await this.close(id, by);
    this.#content.clear();
    this.note("stop", this.definition.id, by);
    return { closed, unscheduled: [], disarmed: [], withdrawn };
  }

  async withdraw(id: string, by: string): Promise<ContentItem | Refusal> {
    const item = this.#content.get(id);
    if (!item) return refuse("unknown_content", `nothing is published as "${id}"`);
    this.#content.delete(id);
    this.note("withdraw", id, by);
    return item;
  }

  async nameLost(edge: string, boot: string, by: string): Promise<void | Refusal> {
    if (edge !== "fra") return refuse("malformed", `the roster has no "${edge}/${boot}"`);
    this.#lost.add(`${edge}/${boot}`);
    this.note("lost", `${edge}/${boot}`, by);
  }

  async publish(item: ContentItem, picture: Uint8Array | undefined, by: string): Promise<ContentItem> {
    this.#content.set(item.id, item);
    this.board.publish(item);
    if (picture && item.hash) this.#pictures.set(item.hash, picture);
    this.note("publish", item.id, by);
    return item;
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get watchers(): number {
    return this.#listeners.size;
  }

  document(kind: "board" | "tallies"): Y.Doc {
    return this.documents[kind];
  }

  /** Latches what is counted now as the poll's final. */
  finish(id: string): void {
    const poll = this.#polls.get(id)!;
    const at = this.#world.clock.now();
    poll.final = { poll: id, counts: poll.counts(), cut: { "0/fra/b1": 7 }, lost: ["syd/b2"], at };
    poll.transitions = { ...poll.transitions, final: { at, by: "recorder" } };
    this.change();
  }

  note(action: string, target: string, by: string): void {
    this.#audit.push({ at: this.#world.clock.now(), by, edge: "fra", action, target });
    this.change();
  }

  change(): void {
    this.revision += 1;
    for (const listener of this.#listeners) listener();
  }

  #find(id: string): PollDouble | Refusal {
    return this.#polls.get(id) ?? refuse("unknown_poll", `show "${this.definition.id}" has no poll "${id}"`);
  }

  async #transition(id: string, name: Exclude<TransitionName, "final">, by: string, durationMs?: number) {
    const poll = this.#find(id);
    if (isRefusal(poll)) return poll;
    const at = this.#world.clock.now();
    const { state } = poll.view(at);
    if (!mayBecome(state, name))
      return refuse("poll_state", `poll "${id}" is ${state} and cannot become ${name}`, { extra: { state } });
    poll.transitions = {
      ...poll.transitions,
      [name]: { at, by, ...(durationMs ? { closesAt: at + durationMs } : {}) },
    };
    this.note(name, id, by);
    return this.poll(id);
  }
}

class PollDouble {
  readonly definition: Poll;
  transitions: Transitions = {};
  released = false;
  schedule: Schedule | undefined;
  final: Final | undefined;
  /** subject/k → ballot. */
  readonly #ballots = new Map<string, KnownBallot & { readonly signed: boolean }>();

  constructor(definition: Poll) {
    this.definition = definition;
  }

  view(now: number): PollView {
    const closesAt = closingTime(this.transitions);
    return {
      definition: this.definition,
      state: pollState(this.definition, this.transitions, now),
      released: this.released,
      ...(this.schedule ? { schedule: this.schedule } : {}),
      countsVisible: this.released || this.definition.results === "live",
      waitingFor: [],
      ...(this.transitions.open ? { opensAt: this.transitions.open.at } : {}),
      ...(closesAt === undefined ? {} : { closesAt }),
      ...(this.final ? { final: this.final } : {}),
    };
  }

  take({ subject, signed, option, press, k }: BallotRequest, now: number): Refusal | undefined {
    const { state } = this.view(now);
    const outside = windowRefusal(state);
    if (outside) return refuse(outside, `the poll is ${state}`, outside === "poll_not_open" ? { retryAfterS: 1 } : {});
    const index = this.definition.options.findIndex(({ id }) => id === option);
    if (index < 0) return refuse("unknown_option", `the poll has no option "${option}"`);
    const refusal = refuseBallot(this.definition, { option: index, press, k }, this.known(subject));
    if (!refusal) this.#ballots.set(`${subject}/${k}`, { press, option: index, k, signed });
    return refusal;
  }

  known(subject: string): KnownBallot[] {
    return [...this.#ballots]
      .filter(([key]) => key.startsWith(`${subject}/`))
      .map(([, { press, option, k }]) => ({ press, option, k }));
  }

  counts(): Counts {
    const count = (signed: boolean) =>
      this.definition.options.map(
        (_, index) => [...this.#ballots.values()].filter((b) => b.option === index && b.signed === signed).length,
      );
    return { anonymous: count(false), signed: count(true) };
  }
}
