import { bytesToHex } from "@noble/hashes/utils.js";
import { EVERY_POLL } from "./ballot.ts";
import { BOOT_BYTES, chainId, decodeHeader, parseChainId, type Chain } from "./batch.ts";
import { HybridClock, judgeClock, type ClockTrust } from "./clock.ts";
import type { Watermark } from "./coverage.ts";
import { SLUG } from "./documents.ts";
import type { FoldTables } from "./fold.ts";
import { Journal } from "./journal.ts";
import { Lag } from "./lag.ts";
import { PeerCopies } from "./peer-copies.ts";
import type { Dial, Random, World } from "./ports.ts";
import { Replica } from "./replica.ts";
import { Backbone, type LinkStatus } from "./replicate/backbone.ts";
import type { Answerer } from "./replicate/inquiry.ts";
import { Introductions, readIntroduction, type Identity, type Role } from "./replicate/introduction.ts";
import type { Peer } from "./replicate/link.ts";
import type { Store } from "./store/store.ts";

export interface MemberOptions {
  readonly identity: Identity;
  /** Whether peers can dial this member; one that does not listen dials all that do. */
  readonly listens: boolean;
  /** Passes on what peers send: see `BackboneOptions`. */
  readonly relays?: boolean;
  /** Everyone else on the backbone. */
  readonly peers: readonly Peer[];
  readonly store: Store;
  readonly world: World;
  readonly dial: Dial;
  /** Shards that this member folds, of a show with so many. */
  readonly subscribe: (shards: number) => readonly number[];
  /** The store keeps every batch for ever: a recorder's. Elsewhere recorded batches give way to a snapshot. */
  readonly permanent?: boolean;
  /** Its folds keep who has voted in any poll: a watcher's. */
  readonly keepsVoters?: boolean;
  /**
   * All where it is left out: admission and thresholds go by them. "none" is for a recorder that has little memory, a
   * Durable Object above all: it counts from the database, a shard at a time, when a poll is over.
   */
  readonly tables?: FoldTables;
  /** The clock is disciplined by other means (PTP, a radio clock): peers need not confirm it. */
  readonly clockTrusted?: boolean;
  /**
   * The outcome of a write is unknown, or what was written could not be folded: this boot must end now, and the process
   * start again. Absent where the member writes no chain of its own.
   */
  readonly onlost?: (error: Error) => void;
}

/** Most shows that a member holds at once. */
export const MAX_SHOWS = 1000;

/**
 * One life of one program on the backbone: its shows, its log, its links. An edge and a process differ in what they do
 * with it.
 */
export class Member {
  readonly name: string;
  readonly role: Role;
  readonly boot: string;
  readonly earlierBoots: readonly string[];
  readonly clock: HybridClock;
  readonly world: World;
  readonly journal: Journal;
  readonly backbone: Backbone;
  /** Answers what peers ask about this member; absent where inspecting is not configured. */
  answerer: Answerer | undefined;
  readonly #options: MemberOptions;
  readonly #client: number;
  readonly #replicas = new Map<string, Replica>();
  readonly #ready = new Set<string>();
  readonly #onshow: ((replica: Replica) => void)[] = [];
  readonly #copies: PeerCopies;
  readonly #lag: Lag;
  #ended = false;

  /**
   * Reads the log, starts a new boot and makes its replicas. Links open with `start`. A boot that writes nothing leaves
   * no trace: it is logged with its first write, and introduced before it.
   */
  static async open(options: MemberOptions): Promise<Member> {
    const contents = await options.store.load();
    const boot = bytesToHex(options.world.random.bytes(BOOT_BYTES));
    const introductions = new Introductions();
    const keyOf = (name: string) =>
      name === options.identity.member ? options.identity.publicKey : keyOfPeer(options.peers, name);
    for (const bytes of contents.introductions) {
      const introduction = readIntroduction(bytes, keyOf);
      if (!("error" in introduction)) introductions.add(introduction, bytes);
    }
    const member = new Member(options, boot, contents.boots, introductions);
    for (const stored of contents.shows) await member.#make(stored.id).load(stored);
    return member;
  }

  private constructor(
    options: MemberOptions,
    boot: string,
    earlierBoots: readonly string[],
    introductions: Introductions,
  ) {
    this.#options = options;
    this.name = options.identity.member;
    this.role = options.identity.role;
    this.boot = boot;
    this.earlierBoots = earlierBoots;
    this.world = options.world;
    this.clock = new HybridClock(options.world.clock);
    this.#copies = new PeerCopies(options.world.timers);
    this.#lag = new Lag(options.identity.member, options.world.clock);
    const startedAt = options.world.clock.now();
    this.journal = new Journal(options.store, options.onlost, [{ kind: "boot", boot, startedAt }]);
    this.#client = unusedClient(options.world.random, introductions);
    this.backbone = new Backbone({ ...options, boot, client: this.#client, introductions, host: this });
  }

  /** Whether this member's store keeps every batch for ever. */
  get permanent(): boolean {
    return this.#options.permanent ?? false;
  }

  /** Ends this boot as an unknown write does: the process starts again, under a new one. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onlost?.(new Error(reason));
  }

  start(): void {
    this.backbone.start();
  }

  stop(): void {
    this.backbone.stop();
  }

  replicas(): IterableIterator<Replica> {
    return this.#replicas.values();
  }

  replica(show: string): Replica | undefined {
    return this.#replicas.get(show);
  }

  /** Calls `onshow` for each show whose definition is here, now or later, once a show. */
  watchShows(onshow: (replica: Replica) => void): void {
    for (const replica of this.#replicas.values()) if (replica.shards().size > 0) onshow(replica);
    this.#onshow.push(onshow);
  }

  /** The replica of a show, made empty where it is new here; undefined where the name is none or there are too many. */
  adopt(show: string): Replica | undefined {
    const known = this.#replicas.get(show);
    if (known) return known;
    if (!SLUG.test(show) || this.#replicas.size >= MAX_SHOWS) return undefined;
    const replica = this.#make(show);
    this.backbone.greetShow(replica);
    return replica;
  }

  /** Whether this replica may answer: synced with a peer in this boot, and everything pruned is folded here. */
  isReady(replica: Replica): boolean {
    if (replica.shards().size > 0 && this.#hasSynced(replica)) this.#ready.add(replica.show);
    return this.looksReady(replica);
  }

  /** The same for those who only look: nothing is remembered for it. */
  looksReady(replica: Replica): boolean {
    return replica.shards().size > 0 && this.#hasSynced(replica) && replica.coversPruned;
  }

  /** Judged by the clocks of the peers that were measured in this boot, and since ours was last set. */
  clockTrust(): ClockTrust {
    if (this.clock.hasStepped()) this.backbone.measureClocks();
    const trust = this.looksTrusted();
    if (trust.trusted) this.clock.confirm();
    return trust;
  }

  /** The same for those who only look: nothing is measured anew or confirmed. */
  looksTrusted(): ClockTrust {
    const alone = this.#options.peers.length === 0 || this.#options.clockTrusted === true;
    const offsets = this.#options.clockTrusted ? [] : this.backbone.clockOffsets();
    return judgeClock(offsets, this.clock.ahead, alone);
  }

  /** Whether this network has processes, and a recorder among them, that decide what edges cannot. */
  get hasProcesses(): boolean {
    return this.#options.peers.some(({ role }) => role === "process");
  }

  /** Whether a process hears this member now. */
  get isLinkedToProcess(): boolean {
    const open = new Set(this.links().flatMap(({ peer, open }) => (open ? peer : [])));
    return this.#options.peers.some(({ name, role }) => role === "process" && open.has(name));
  }

  /**
   * Whether the recorder waits for what this boot admits: it knows this boot, or one before it on the same disk that
   * only this boot can relieve. Without processes in the network nobody declares results.
   */
  isAwaited(replica: Replica): boolean {
    if (!this.hasProcesses) return true;
    const { awaited } = replica.board;
    return [this.boot, ...this.#relievable(replica)].some(
      (boot) => awaited.includes(`${this.name}/${boot}`) && replica.board.lost(this.name, boot) === undefined,
    );
  }

  /**
   * Boots before this one on the same disk that results may wait for until this one seals in their place: not those that
   * were drained, nor any before them. Ours is the log to ask: a chain's end is in it before anyone hears of it.
   */
  #relievable(replica: Replica): readonly string[] {
    const folds = [...replica.shards().values()].map(({ fold }) => fold);
    const drained = this.earlierBoots.findLastIndex((boot) =>
      folds.some((fold) => fold.hasSealed(EVERY_POLL, this.name, boot)),
    );
    return this.earlierBoots.slice(drained + 1);
  }

  links(): LinkStatus[] {
    return this.backbone.status();
  }

  /** Names of members that run twice, as far as this one is linked with both. */
  twins(): ReadonlySet<string> {
    return this.backbone.twins;
  }

  /** Boots, `member/boot`, of which nothing is taken here, this one too: the documents hold something of too many others. */
  turnedAway(): ReadonlySet<string> {
    return this.backbone.turnedAway;
  }

  /** Ballots and batches that this boot has made durable. */
  written(): { ballots: number; flushes: number } {
    const written = { ballots: 0, flushes: 0 };
    for (const replica of this.#replicas.values())
      for (const { writer } of replica.shards().values()) {
        written.ballots += writer.written;
        written.flushes += writer.sequence;
      }
    return written;
  }

  /** Resolves true once a peer has logged the chain up to `sequence`; false after `timeoutMs`. */
  storedByPeer(replica: Replica, chain: Chain, sequence: number, timeoutMs: number): Promise<boolean> {
    if (this.backbone.isStored(replica.show, chainId(chain), sequence)) return Promise.resolve(true);
    return this.#copies.until(replica.show, chainId(chain), sequence, timeoutMs);
  }

  /** Called by a replica's owner for each group of folded batches: tells the edges that wrote them. */
  onfolded(replica: Replica, batches: readonly Uint8Array[], from: string | undefined): void {
    if (from === undefined) return;
    const coverage = replica.coverage();
    // Not the batch's own sequence: one that waits for an earlier one is logged, and the earlier one is not.
    for (const id of new Set(batches.map((bytes) => chainId(decodeHeader(bytes)))))
      if (coverage.of(id) > 0) this.backbone.sendStored(replica.show, parseChainId(id), coverage.of(id));
  }

  /** A peer has logged a chain so far, as it says in "stored" and "covers". */
  onstored(show: string, chain: string, sequence: number): void {
    this.#copies.note(show, chain, sequence);
  }

  /** A peer's coverage of a show, heard at each round of anti-entropy. */
  oncovers(replica: Replica, peer: string, covers: Watermark): void {
    this.#lag.note(replica, peer, covers);
    for (const [id, sequence] of Object.entries(covers)) this.onstored(replica.show, id, sequence);
  }

  /** Since how long each linked peer misses something that this member wrote, ms. */
  lag(replica: Replica): Record<string, number> {
    return Object.fromEntries(this.links().map(({ peer }) => [peer, this.#lag.of(replica, peer)]));
  }

  #hasSynced(replica: Replica): boolean {
    const alone = this.#options.peers.length === 0;
    return alone || this.#ready.has(replica.show) || this.backbone.hasSynced(replica);
  }

  #make(show: string): Replica {
    const { store, world, subscribe } = this.#options;
    const replica = new Replica({
      show,
      member: this.name,
      boot: this.boot,
      earlierBoots: this.earlierBoots,
      client: this.#client,
      subscribe,
      store,
      journal: this.journal,
      clock: this.clock,
      world,
      permanent: this.#options.permanent ?? false,
      keepsVoters: this.#options.keepsVoters ?? false,
      tables: this.#options.tables ?? "all",
    });
    this.#replicas.set(show, replica);
    replica.events.onupdate = (document, update, origin) => this.backbone.push(document, update, origin);
    replica.events.onfolded = (batches, from) => this.onfolded(replica, batches, from);
    replica.events.onboard = () => {
      if (replica.shards().size === 0) return;
      replica.events.onboard = () => {};
      this.backbone.greetShow(replica);
      for (const onshow of this.#onshow) onshow(replica);
    };
    return replica;
  }
}

/**
 * A Yjs client that no boot has introduced. Reusing one after losing a tail would make replicas differ in silence: their
 * state vectors would be equal and their contents not.
 */
function unusedClient(random: Random, introductions: Introductions): number {
  for (;;) {
    const bytes = random.bytes(4);
    const client = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (!introductions.ownerOf(client)) return client;
  }
}

function keyOfPeer(peers: readonly Peer[], name: string): Uint8Array | undefined {
  return peers.find((peer) => peer.name === name)?.publicKey;
}
