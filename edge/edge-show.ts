import type { Board } from "../crdt/board.ts";
import type { ContentItem } from "../crdt/content.ts";
import type { AuditEntry } from "../crdt/deed.ts";
import type { RosterEntry } from "../crdt/roster.ts";
import type { Member } from "../crdt/member.ts";
import type { PollState } from "../crdt/poll.ts";
import { ReceiverIds } from "../crdt/receiver.ts";
import type { Replica } from "../crdt/replica.ts";
import type { Counts, Show } from "../crdt/show.ts";
import { sumOrders } from "../crdt/order-book.ts";
import { Shop } from "../crdt/shop.ts";
import { bestSections, sumCounts, type Register } from "../crdt/tallies.ts";
import type { KnownBallot } from "../crdt/tally.ts";
import type * as Y from "yjs";
import { Deeds } from "./deeds.ts";
import { Gate, type GateView } from "./gate.ts";
import { Intake, unknownPoll } from "./intake.ts";
import { OrderDesk } from "./order-desk.ts";
import {
  countsVisible,
  isBusy,
  nextOpening,
  Programme,
  stateOf,
  viewOf,
  waitingFor,
  type StandingPoll,
} from "./programme.ts";
import { OwnRegister } from "./own-register.ts";
import { ownReceipt, type BatchName, type OwnReceipt } from "./own-receipt.ts";
import type { Settle } from "./receipt.ts";
import type { Refusal } from "./refusal.ts";
import type { BallotRequest, PollView, ShowHealth, ShowService } from "./service.ts";
import { Selling } from "./selling.ts";
import { unwrapShowKey } from "./show-key.ts";
import { Thresholds } from "./thresholds.ts";
import { Upkeep, type EdgePlace, type LifeStage } from "./upkeep.ts";

/** What an edge tells its shows of itself. */
export interface EdgeCondition extends EdgePlace {
  /** The network's secret. */
  readonly network: Uint8Array;
  /** Why nothing may be admitted now, whatever the show. */
  refusal(): Refusal | undefined;
}

/** One show at one edge. */
export class EdgeShow implements ShowService {
  readonly deeds: Deeds;
  readonly thresholds: Thresholds;
  readonly orders: OrderDesk;
  readonly selling: Selling;
  readonly #replica: Replica;
  readonly #member: Member;
  readonly #edge: EdgeCondition;
  readonly #gate: Gate;
  readonly #intake: Intake;
  readonly #shop: Shop;
  readonly #upkeep: Upkeep;
  readonly #register: OwnRegister;
  readonly #listeners = new Set<() => void>();
  readonly #current: GateView;
  #revision = 1;
  #states = "";
  #shown = "";

  /** `replica` holds the show's definition already. */
  constructor(replica: Replica, member: Member, edge: EdgeCondition) {
    this.#replica = replica;
    this.#member = member;
    this.#edge = edge;
    this.#current = { ...this.#readBoard(), unpruned: 0 };
    this.#shop = new Shop(replica.board.doc);
    this.#gate = new Gate(replica, member, this.#current, () => edge.refusal());
    this.#intake = new Intake(this.#gate);
    this.orders = new OrderDesk(this.#gate, this.#shop);
    this.#upkeep = new Upkeep(replica, member, edge);
    this.#register = new OwnRegister(replica);
    this.deeds = new Deeds({
      replica,
      member,
      refusal: () => edge.refusal(),
      programme: () => this.#programme,
      poll: (id) => this.poll(id),
      mayFire: () => this.thresholds.mayFire(),
    });
    const deed = this.deeds.write.bind(this.deeds);
    this.thresholds = new Thresholds({ board: replica.board, pollState: (id) => this.#stateOf(id), deed });
    this.selling = new Selling({
      show: replica.show,
      shop: this.#shop,
      orders: () => sumOrders([...replica.shards().values()].map(({ fold }) => fold.orders.states)),
      order: (id) => firstOf([...replica.shards().values()].map(({ fold }) => fold.orders.get(id))),
      deed,
    });
    replica.events.onboard = () => this.#onboard();
    replica.events.onfolded = (batches, from) => {
      this.#register.onfolded();
      member.onfolded(replica, batches, from);
      this.orders.onfolded(batches);
    };
  }

  get definition(): Show {
    return this.#board.show!;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Synced with a peer, and everything pruned is folded here. */
  get ready(): boolean {
    return this.#member.isReady(this.#replica);
  }

  /** Ready, and the recorder knows that this boot may admit ballots. */
  get admits(): boolean {
    return this.ready && this.#current.awaited;
  }

  polls(): PollView[] {
    return [...this.#programme.polls()].map((poll) => this.#view(poll));
  }

  poll(id: string): PollView | Refusal {
    const poll = this.#programme.poll(id);
    return poll ? this.#view(poll) : unknownPoll(this.#replica.show, id);
  }

  content(): ContentItem[] {
    return this.#board.content();
  }

  picture(hash: string): Uint8Array | undefined {
    return this.#board.picture(hash);
  }

  audit(): AuditEntry[] {
    return this.#board.audit();
  }

  roster(): (RosterEntry & { readonly lost: boolean })[] {
    return this.#board
      .roster()
      .map((entry) => ({ ...entry, lost: this.#board.lost(entry.edge, entry.boot) !== undefined }));
  }

  counts(id: string): Counts | Refusal {
    const poll = this.#programme.poll(id);
    if (!poll) return unknownPoll(this.#replica.show, id);
    return poll.final?.counts ?? sumCounts(this.#registers(), id);
  }

  late(id: string): number {
    const poll = this.#programme.poll(id);
    return poll ? this.#replica.late(poll.definition.index) : 0;
  }

  present(): number {
    return [...bestSections(this.#registers()).values()].reduce((sum, section) => sum + section.present, 0);
  }

  ballotsOf(subject: string, id: string): readonly KnownBallot[] | Refusal {
    const poll = this.#programme.poll(id);
    return poll ? this.#intake.known(subject, poll) : unknownPoll(this.#replica.show, id);
  }

  ownReceipt(subject: string, code: string, batch?: BatchName): Promise<OwnReceipt | undefined> {
    const receiver = this.#current.receivers.of(subject);
    return ownReceipt(this.#replica, this.#programme.polls(), receiver, code, batch);
  }

  arrive(subject: string, signed: boolean): Refusal | undefined {
    return this.#intake.arrive(subject, signed);
  }

  vote(request: BallotRequest, settle: Settle): void {
    this.#intake.vote(request, settle);
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  document(kind: "board" | "tallies"): Y.Doc {
    return this.#replica[kind].doc;
  }

  /** Called every `TALLIES_INTERVAL_MS`: the register, and whatever follows from time alone. */
  tick(stage: LifeStage): void {
    if (!this.ready) return;
    this.#current.unpruned = this.#replica.unpruned;
    if (this.#current.lost) this.#member.end(`this boot was named lost in show "${this.#replica.show}"`);
    this.#upkeep.tick(stage, this.#programme, () => this.sells);
    if (this.#upkeep.hasJoined && this.#register.tick() && this.#countsAreVisible) this.#change();
    this.#noticeStates();
  }

  /** Some poll takes ballots, is about to, or waits for its result; or something written here is not recorded yet. */
  get isBusy(): boolean {
    return isBusy(this.#programme, this.#member.clock.now()) || this.#upkeep.owesRecorder;
  }

  /** Whether no result of this show waits for this boot any more. */
  get hasLeft(): boolean {
    return this.#upkeep.hasLeft;
  }

  get sells(): boolean {
    return this.selling.isOpen;
  }

  /** When the next poll opens by itself, ms since 1970. */
  get nextOpening(): number | undefined {
    return nextOpening(this.#programme, this.#member.clock.now());
  }

  health(): ShowHealth {
    const folds = [...this.#replica.shards().values()].map(({ fold }) => fold);
    const sum = (of: (fold: (typeof folds)[number]) => number): number =>
      folds.reduce((total, fold) => total + of(fold), 0);
    return {
      id: this.#replica.show,
      ready: this.ready,
      receivers: sum((fold) => fold.present),
      unprunedBatches: this.#current.unpruned,
      waitingBatches: sum((fold) => fold.waiting),
      forks: sum((fold) => fold.forks.length),
      tableBytes: sum((fold) => fold.bytes),
      lagMs: this.#member.lag(this.#replica),
    };
  }

  get #board(): Board {
    return this.#replica.board;
  }

  get #programme(): Programme {
    return this.#current.programme;
  }

  #stateOf(id: string): PollState | undefined {
    const poll = this.#programme.poll(id);
    return poll && stateOf(poll, this.#member.clock.now());
  }

  #view(poll: StandingPoll): PollView {
    const now = this.#member.clock.now();
    return viewOf(poll, now, stateOf(poll, now) === "closed" ? waitingFor(poll.definition.index, this.#replica) : []);
  }

  /** Everybody's registers, our own as fresh as the fold. */
  #registers(): Map<string, Register> {
    return this.#replica.tallies.registers().set(this.#member.name, this.#replica.register());
  }

  #onboard(): void {
    Object.assign(this.#current, this.#readBoard());
    this.#gate.onview();
    const shown = this.#readShown();
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#change();
  }

  /** What of the board receivers are shown. The rest, watermarks above all, changes twice a second and is not for them. */
  #readShown(): string {
    return JSON.stringify([[...this.#programme.polls()], this.#board.content(), this.selling.offered()]);
  }

  #readBoard(): Omit<GateView, "unpruned"> {
    const { id, shards, wrappedKey } = this.definition;
    const { name, boot } = this.#member;
    return {
      programme: new Programme(this.#board),
      receivers: new ReceiverIds(unwrapShowKey(wrappedKey, this.#edge.network, id)),
      shards,
      lost: this.#board.lost(name, boot) !== undefined,
      awaited: this.#member.isAwaited(this.#replica),
    };
  }

  #change(): void {
    this.#revision += 1;
    for (const listener of this.#listeners) listener();
  }

  get #countsAreVisible(): boolean {
    const now = this.#member.clock.now();
    return [...this.#programme.polls()].some((poll) => countsVisible(poll) && stateOf(poll, now) !== "draft");
  }

  #noticeStates(): void {
    const now = this.#member.clock.now();
    const states = [...this.#programme.polls()].map((poll) => stateOf(poll, now)).join();
    if (states === this.#states) return;
    this.#states = states;
    this.#change();
  }
}

function firstOf<T>(found: readonly (T | undefined)[]): T | undefined {
  return found.find((each) => each !== undefined);
}
