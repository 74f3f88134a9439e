import type { ContentItem } from "../crdt/content.ts";
import type { AuditEntry, Schedule } from "../crdt/deed.ts";
import type { RosterEntry } from "../crdt/roster.ts";
import type { ClockTrust } from "../crdt/clock.ts";
import type { PollState } from "../crdt/poll.ts";
import type { Product } from "../crdt/shop.ts";
import type { Threshold } from "../crdt/threshold.ts";
import type { KnownBallot } from "../crdt/tally.ts";
import type { Counts, Final, Poll, RundownItem, Show } from "../crdt/show.ts";
import type * as Y from "yjs";
import type { RememberedId } from "../crdt/receiver.ts";
import type { DeedService } from "./deeds.ts";
import type { BatchName, OwnReceipt } from "./own-receipt.ts";
import type { OrderService } from "./order-desk.ts";
import type { ReceiptLevel, Settle } from "./receipt.ts";
import type { Refusal } from "./refusal.ts";
import type { SellingService } from "./selling.ts";
import type { ThresholdService } from "./thresholds.ts";
import type { KnownEdge } from "./roster.ts";
import type { Capacity } from "./steering/load.ts";

/** What the routes need of an edge. The one implementation is `Edge`; routes know no more than this. */
export interface EdgeService {
  readonly name: string;
  readonly region: string;
  readonly boot: string;
  /** Edges of the network as far as known, itself included. */
  edges(): readonly KnownEdge[];
  /** A show that this edge holds and is ready to answer for; a refusal says why not. */
  show(id: string): ShowService | Refusal;
  shows(): readonly string[];
  /** Resolves once the show stands for ever: where there is a recorder, once that has established it. */
  createShow(definition: ShowDefinition, by: string): Promise<ShowService | Refusal>;
  /** Whether receivers may be sent here, and each reason why not. */
  readiness(): { readonly ready: boolean; readonly reasons: readonly string[] };
  health(): Health;
  /** Starts refusing new ballots with "draining"; resolves when all that was admitted is durable and pushed. */
  drain(): Promise<void>;
}

/** The watcher of thresholds inside an edge, as its routes see it. */
export interface EdgeWatcher {
  /** Each problem as "where: what" or "where: what: why". */
  health(): { readonly ok: boolean; readonly problems: readonly string[] };
  /** In Prometheus' text format, under names of its own. */
  metrics(): string;
}

/** A show file, validated. */
export interface ShowDefinition {
  readonly id: string;
  readonly title: string;
  readonly shards: number;
  readonly rehearsal?: true;
  readonly rundown?: readonly RundownItem[];
  readonly polls: readonly Omit<Poll, "index">[];
  readonly thresholds?: readonly Threshold[];
  readonly products?: readonly Product[];
}

export interface ShowService {
  readonly definition: Show;
  /** Grows by one whenever content, poll states or visible results change; restarts with the boot. */
  readonly revision: number;
  polls(): readonly PollView[];
  poll(id: string): PollView | Refusal;
  content(): readonly ContentItem[];
  picture(hash: string): Uint8Array | undefined;
  audit(): readonly AuditEntry[];
  roster(): readonly (RosterEntry & { readonly lost: boolean })[];
  /** Counts in force over all shards; whether the asker may see them is the route's to decide by `countsVisible`. */
  counts(poll: string): Counts | Refusal;
  /** Ballots of a final poll beyond its cut, as far as this edge has heard of them: kept, shown, not counted. */
  late(poll: string): number;
  /** Receivers that retrieved the show's content, over all shards. */
  present(): number;
  /** Ballots known of a receiver, by its token's subject. */
  ballotsOf(subject: string, poll: string): readonly KnownBallot[] | Refusal;
  /** The receiver's own ballot with that receipt; undefined where it has none that is known here. */
  ownReceipt(subject: string, code: string, batch?: BatchName): Promise<OwnReceipt | undefined>;
  /**
   * Notes a receiver's first retrieval; at once, durable with the next flush. Refused where this edge does not keep the
   * receiver's shard.
   */
  arrive(subject: string, signed: boolean): Refusal | undefined;
  /** Calls `settle` once the ballot is durable; at once where it is refused. */
  vote(ballot: BallotRequest, settle: Settle): void;
  readonly deeds: DeedService;
  readonly thresholds: ThresholdService;
  readonly orders: OrderService;
  readonly selling: SellingService;
  /** Calls `listener` after each change of `revision`; returns how to stop it. */
  watch(listener: () => void): () => void;
  /** The documents that readers may follow. */
  document(kind: "board" | "tallies"): Y.Doc;
}

export interface BallotRequest {
  readonly subject: string;
  /** The subject's, where whoever asks has kept it from an earlier ballot. */
  readonly identity?: RememberedId;
  readonly signed: boolean;
  readonly poll: string;
  readonly option: string;
  readonly press: number;
  readonly k: number;
  readonly level: ReceiptLevel;
}

export interface PollView {
  readonly definition: Poll;
  readonly state: PollState;
  /** Milliseconds since 1970. */
  readonly opensAt?: number;
  readonly closesAt?: number;
  /** Counts may be shown to anyone: live while open, released, or never hidden. */
  readonly countsVisible: boolean;
  readonly released: boolean;
  /** When it is to open by itself, while it has not. */
  readonly schedule?: Schedule;
  readonly final?: Final;
  /** While closed and not final: what the recorder still waits for, as far as this edge can see. */
  readonly waitingFor: readonly string[];
}

/** Figures for /healthz and /metrics; nothing here counts ballots by option. */
export interface Health {
  readonly clock: ClockTrust;
  readonly links: readonly {
    readonly peer: string;
    readonly open: boolean;
    readonly roundTripMs: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
  }[];
  /** What somebody has to look into, though everything goes on. */
  readonly alarms: readonly string[];
  readonly shows: readonly ShowHealth[];
  /** Ballots made durable since boot, flushes and bytes of the log. */
  readonly ballots: number;
  readonly flushes: number;
  /** Ballots made durable a second, lately. */
  readonly ballotsPerS: number;
  readonly capacity: Capacity;
  /** The edge is about to stop, and takes nothing new. */
  readonly draining: boolean;
}

export interface ShowHealth {
  readonly id: string;
  readonly ready: boolean;
  readonly receivers: number;
  /** Batches in the ledger that the recorder has not pruned. */
  readonly unprunedBatches: number;
  readonly waitingBatches: number;
  readonly forks: number;
  readonly tableBytes: number;
  /** Milliseconds since each peer was last known to cover all that this edge has written, by peer. */
  readonly lagMs: Readonly<Record<string, number>>;
}
