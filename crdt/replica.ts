import * as Y from "yjs";
import { Arrivals } from "./arrivals.ts";
import { EVERY_POLL } from "./ballot.ts";
import { BatchError, chainId, decodeBatch, decodeHeader, parseChainId, type BatchHeader } from "./batch.ts";
import { BoardLog } from "./board-log.ts";
import { Board } from "./board.ts";
import type { HybridClock } from "./clock.ts";
import { Coverage, type Watermark } from "./coverage.ts";
import { boardName, ledgerName, parseDocumentName, talliesName } from "./documents.ts";
import { Fold, type FoldTables, type StandingSeal } from "./fold.ts";
import type { Journal } from "./journal.ts";
import { Ledger } from "./ledger.ts";
import { LogKeeper } from "./log-keeper.ts";
import { consequences, HERE, LOG, originOf, type Origin } from "./origin.ts";
import type { World } from "./ports.ts";
import { changedClocks, MAX_RECENT_UPDATES, RecentUpdates } from "./recent-updates.ts";
import { Shard } from "./shard.ts";
import type { Counts } from "./show.ts";
import { joinSnapshots } from "./snapshot.ts";
import type { BatchRange, Store, StoredShow } from "./store/store.ts";
import { addCounts, Tallies, type Register, type Section } from "./tallies.ts";
import { MAX_EDGES, tallyRulesOf, type TallyRules } from "./tally.ts";

export interface ReplicaOptions {
  readonly show: string;
  /** This member's name: an edge's, or a process's. */
  readonly member: string;
  readonly boot: string;
  /** Boots of this member before this one, oldest first. */
  readonly earlierBoots: readonly string[];
  /** The Yjs client under which this boot writes. */
  readonly client: number;
  /** Shards that this member folds, of a show with so many. */
  readonly subscribe: (shards: number) => readonly number[];
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: HybridClock;
  readonly world: World;
  /** The log keeps every batch for ever. */
  readonly permanent: boolean;
  /** The fold keeps who has voted in any poll: a watcher's. */
  readonly keepsVoters?: boolean;
  /** See `FoldTables`; all of them where it is left out. */
  readonly tables?: FoldTables;
}

/** What a replica tells its owner. */
export interface ReplicaEvents {
  /** A document changed. */
  onupdate: (document: string, update: Uint8Array, origin: Origin) => void;
  /** Batches were folded here, each told of once, and are durable; `from` where a peer brought the first of them. */
  onfolded: (batches: readonly Uint8Array[], from: string | undefined) => void;
  /** The board changed. */
  onboard: () => void;
}

/** Someone who looks on beside the owner; a member may have any number. */
export interface Onlooker {
  /** Batches were folded here, each told of once, and are durable; `from` where a peer brought the first of them. */
  onfolded?(batches: readonly Uint8Array[], from: string | undefined): void;
  /** The board changed. */
  onboard?(origin: Origin): void;
}

/** Kinds of damage that are told of: a member of a later version sends what cannot be read many times a second. */
const MAX_DAMAGE_TOLD = 16;

/** Batches that are taken up again in one append, once the log has room. */
const DEBT_BATCHES = 256;

/** One show at one member: its documents, the fold of its ledgers, and what keeps both in the durable log. */
export class Replica {
  readonly show: string;
  readonly board: Board;
  readonly tallies: Tallies;
  readonly events: ReplicaEvents = { onupdate: () => {}, onfolded: () => {}, onboard: () => {} };
  /** Batches of peers that could not be read, and are left out everywhere alike. */
  damaged = 0;
  /** Kinds of damage that were told of. */
  readonly #told = new Set<string>();
  /** When each batch became visible here. */
  readonly arrivals = new Arrivals();
  readonly #options: ReplicaOptions;
  readonly #documents = new Map<string, Y.Doc>();
  readonly #recent = new Map<string, RecentUpdates>();
  readonly #shards = new Map<number, Shard>();
  /** Polls whose final has been taken in. */
  readonly #final = new Set<string>();
  readonly #boardLog: BoardLog;
  readonly #keeper: LogKeeper;
  readonly #onlookers = new Set<Onlooker>();
  /** Rules of the polls on the board; undefined since it changed. */
  #rules: readonly TallyRules[] | undefined;
  /** The watermark that was last seen to be covered. */
  #covered: Watermark | undefined;
  /** Why batches stand in a ledger, or came in answer to a fetch, that are not in the log. */
  #refused: Error | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.show = options.show;
    this.#boardLog = new BoardLog(options.show, options.journal);
    this.board = new Board(this.#addDocument(boardName(options.show)));
    this.tallies = new Tallies(this.#addDocument(talliesName(options.show)));
    this.#keeper = new LogKeeper({
      ...options,
      board: this.board,
      boardLog: this.#boardLog,
      folds: () => this.#folds(),
      pruned: () => this.#pruned(),
      coversPruned: () => this.coversPruned,
      log: options.world.log,
    });
    this.board.doc.on("update", (update: Uint8Array, origin: unknown) => this.#onboard(update, originOf(origin)));
  }

  /** The shards that this member keeps; none until the show's definition has arrived on the board. */
  shards(): ReadonlyMap<number, Shard> {
    return this.#shards;
  }

  /** The shard of that number. Throws where this member does not keep it. */
  shard(number: number): Shard {
    const shard = this.#shards.get(number);
    if (!shard) throw new Error(`show "${this.show}": this member does not keep shard ${number}`);
    return shard;
  }

  /** Whether the log keeps every batch for ever. */
  get permanent(): boolean {
    return this.#options.permanent;
  }

  /** Names of the documents held now, the board first: nothing else can be judged without it. */
  documents(): string[] {
    return [...this.#documents.keys()];
  }

  document(name: string): Y.Doc | undefined {
    return this.#documents.get(name);
  }

  /** The last changes of a document held now. */
  recentUpdates(document: string): RecentUpdates | undefined {
    return this.#recent.get(document);
  }

  /** Everything folded here, over all shards kept. */
  coverage(): Coverage {
    const coverage = new Coverage();
    for (const { fold } of this.#shards.values())
      for (const [id, sequence] of fold.coverage.entries()) coverage.raise(id, sequence);
    return coverage;
  }

  /** A poll's counts over the shards kept. */
  counts(poll: number): Counts {
    return addCounts(this.#each(({ fold }) => fold.counts(poll)));
  }

  seals(): StandingSeal[] {
    return this.#each(({ fold }) => fold.seals).flat();
  }

  /** Ballots of a final poll that came too late to be counted. */
  late(poll: number): number {
    return this.#sum(({ fold }) => fold.late(poll));
  }

  /** Ballots that wait for the log. */
  get waiting(): number {
    return this.#sum(({ writer }) => writer.waiting);
  }

  /** Batches folded here that the recorder has not pruned. */
  get unpruned(): number {
    const { pruned } = this.board.watermarks;
    let count = 0;
    for (const [id, sequence] of this.coverage().entries()) count += Math.max(0, sequence - (pruned[id] ?? 0));
    return count;
  }

  /** True where everything that was pruned from the ledgers is folded here. */
  get coversPruned(): boolean {
    const { pruned } = this.board.watermarks;
    // Asked for each request; what was covered stays covered, and a new watermark is another object.
    if (pruned === this.#covered) return true;
    if (this.#shards.size === 0 || !this.coverage().covers(this.#pruned())) return false;
    this.#covered = pruned;
    return true;
  }

  /** Reads what the log holds. Called once, before anything else. */
  async load(stored: StoredShow): Promise<void> {
    Y.transact(this.board.doc, () => stored.board.forEach((update) => Y.applyUpdate(this.board.doc, update, LOG)), LOG);
    const { pruned } = this.board.watermarks;
    const leftOut = stored.snapshot ? this.#joinSnapshots(stored.snapshot) : new Map<number, Fold>();
    let prunedBatches = 0;
    for await (const bytes of this.#options.store.batches(this.show)) {
      const header = decodeHeader(bytes);
      if (header.sequence <= (pruned[chainId(header)] ?? 0)) prunedBatches += 1;
      for (const fold of [this.#shards.get(header.shard)?.fold, leftOut.get(header.shard)])
        if (fold && this.#hasRoom(fold, header)) fold.take(bytes);
    }
    this.#resumeClock([...this.#folds().values(), ...leftOut.values()]);
    await this.#keeper.onload(stored.board, prunedBatches);
  }

  /** Applies a peer's update that the guard has let through. */
  apply(document: string, update: Uint8Array, peer: string): void {
    const doc = this.#documents.get(document);
    if (doc) Y.applyUpdate(doc, update, { from: "peer", peer } satisfies Origin);
  }

  /** Changes the board; durable here when it resolves. */
  async change(edit: (board: Board) => void): Promise<void> {
    Y.transact(this.board.doc, () => edit(this.board), HERE);
    await this.#boardLog.write();
  }

  /** Has `onlooker` told of every change from now on; returns how to stop it. */
  watch(onlooker: Onlooker): () => void {
    this.#onlookers.add(onlooker);
    return () => this.#onlookers.delete(onlooker);
  }

  /** Resolves once every change of the board so far is durable here; rejects where one could not be logged. */
  async settled(): Promise<void> {
    await this.#boardLog.write();
  }

  /** What this replica's register says now: a section a shard. */
  register(): Register {
    const shown = this.board.polls().filter((poll) => !this.board.final(poll.id));
    const sections = [...this.#shards].map(([shard, { fold }]): [number, Section] => {
      const polls = Object.fromEntries(shown.map((poll) => [poll.id, fold.counts(poll.index)]));
      return [shard, { coverage: fold.coverage.toJSON(), polls, present: fold.present }];
    });
    return { boot: this.#options.boot, shards: Object.fromEntries(sections) };
  }

  /**
   * Whether the tallies show another boot's register in the place of ours: what an earlier boot, or a second program
   * under this name, wrote at the same time may be what Yjs keeps.
   */
  get isRegisterHidden(): boolean {
    return this.tallies.of(this.#options.member)?.boot !== this.#options.boot;
  }

  /** Publishes the register: an edge's alone. */
  publishRegister(): void {
    Y.transact(this.tallies.doc, () => this.tallies.set(this.#options.member, this.register()), HERE);
  }

  /** Logs and folds batches of a peer, from a ledger or in answer to a fetch. */
  async take(batches: readonly Uint8Array[], peer: string | undefined): Promise<void> {
    const fresh = batches.filter((bytes) => this.#isFresh(bytes));
    if (fresh.length === 0) return;
    try {
      await this.#options.journal.append(fresh.map((bytes) => ({ kind: "batch", show: this.show, bytes })));
    } catch (error) {
      this.#refused = error as Error;
      this.#warn("batches of a peer could not be logged", error);
      return;
    }
    const folded = fresh.flatMap((bytes) => this.#fold(bytes));
    if (folded.length > 0) this.#onfolded(folded, peer);
  }

  /** Why the log lacks something that is known here, until `settleDebts` has taken it up again. */
  get unlogged(): Error | undefined {
    return this.#refused ?? this.#boardLog.refused;
  }

  /** Takes up again what the log had no room for. */
  async settleDebts(): Promise<void> {
    await this.#writeBoard();
    if (!this.#refused) return;
    this.#refused = undefined;
    const owed = this.#each(({ ledger }) => [...ledger.batches()]).flat();
    for (let at = 0; at < owed.length && !this.#refused; at += DEBT_BATCHES)
      await this.take(owed.slice(at, at + DEBT_BATCHES), undefined);
  }

  /** Seals a poll in every shard kept. */
  async seal(poll: number, time: number): Promise<void> {
    for (const shard of this.#shards.values()) if (!shard.hasSealed(poll)) await shard.seal(poll, time);
  }

  /** Ends this boot's chains: see `Shard.end`. It has once it has sealed `EVERY_POLL`. */
  async end(time: number): Promise<void> {
    for (const shard of this.#shards.values()) if (!shard.hasSealed(EVERY_POLL)) await shard.end(time);
  }

  /** Whether this boot has sealed a poll in every shard kept. */
  hasSealed(poll: number): boolean {
    for (const shard of this.#shards.values()) if (!shard.hasSealed(poll)) return false;
    return this.#shards.size > 0;
  }

  /** Whether this edge may admit nothing for a poll any more, whatever the board says: see `Shard.isOver`. */
  isOver(poll: number): boolean {
    for (const shard of this.#shards.values()) if (shard.isOver(poll)) return true;
    return false;
  }

  /** Brings back what earlier boots wrote and no document holds. Only with a synced board: see `Shard.reappend`. */
  async reappend(): Promise<void> {
    for (const shard of this.#shards.values())
      await shard.reappend(
        () => this.board.watermarks.pruned,
        (range) => this.batches(range),
      );
  }

  /** Batches of the log: a range, for peers that miss them, or all, to fold them again. */
  batches(range?: BatchRange): AsyncIterable<Uint8Array> {
    return this.#options.store.batches(this.show, range);
  }

  /** Writes everything that waits. */
  async flush(): Promise<void> {
    for (const { writer } of this.#shards.values()) await writer.flush();
  }

  /** See `LogKeeper.compact`. */
  compact(): Promise<void> {
    return this.#keeper.compact();
  }

  #addDocument(name: string): Y.Doc {
    const { client } = this.#options;
    const doc = new Y.Doc();
    const recent = new RecentUpdates(MAX_RECENT_UPDATES[parseDocumentName(name)!.kind]);
    doc.clientID = client;
    doc.on("update", (update: Uint8Array, transactionOrigin: unknown, _doc: Y.Doc, transaction: Y.Transaction) => {
      if (doc.clientID !== client) throw new Error(`document "${name}": its Yjs client changed within a boot`);
      const origin = originOf(transactionOrigin);
      const from = origin.from === "peer" ? origin.peer : undefined;
      const at = this.#options.world.clock.now();
      const clocks = changedClocks(transaction.beforeState, transaction.afterState);
      recent.note({ at, bytes: update.length, from, clocks });
      this.events.onupdate(name, update, origin);
    });
    this.#documents.set(name, doc);
    this.#recent.set(name, recent);
    return doc;
  }

  #onboard(update: Uint8Array, origin: Origin): void {
    this.#rules = undefined;
    if (consequences(origin).log) this.#boardLog.add(update);
    // Our own changes are written by `change`, whose caller is told what became of them.
    if (origin.from === "peer") void this.#writeBoard();
    if (origin.from !== "here") this.#hearTransitions();
    this.#begin();
    this.#finalise();
    if (origin.from !== "log") this.#keeper.onboard(update.length);
    this.events.onboard();
    for (const onlooker of this.#onlookers) onlooker.onboard?.(origin);
  }

  #onfolded(batches: readonly Uint8Array[], from: string | undefined): void {
    this.events.onfolded(batches, from);
    for (const onlooker of this.#onlookers) onlooker.onfolded?.(batches, from);
  }

  #writeBoard(): Promise<void> {
    return this.#boardLog
      .write()
      .catch((error: unknown) => this.#warn("a change of the board could not be logged", error));
  }

  /** A poll that a peer has opened is open here, too, though our clock may be behind the peer's. */
  #hearTransitions(): void {
    for (const poll of this.board.polls())
      for (const { at } of Object.values(this.board.transitions(poll.id))) this.#options.clock.hear(at);
  }

  /**
   * A snapshot that lacks tables which are kept now is left out: its batches are folded again, from the log, or from
   * another's where they are pruned. Returns, of each shard where it was, a fold without tables, which takes any.
   */
  #joinSnapshots(snapshot: Uint8Array): ReadonlyMap<number, Fold> {
    const shards = joinSnapshots(this.#folds(), snapshot);
    const leftOut = new Map(shards.map((shard) => [shard, new Fold(() => undefined, 0, false, "none")]));
    joinSnapshots(leftOut, snapshot);
    if (shards.length > 0)
      this.#options.world.log(
        "warn",
        "the log's snapshot lacks tables that are kept now: its batches are folded again",
        {
          show: this.show,
          shards,
        },
      );
    return leftOut;
  }

  /** New ballots of this member come after its old ones. */
  #resumeClock(folds: readonly Fold[]): void {
    for (const fold of folds)
      for (const [id] of fold.coverage.entries())
        if (parseChainId(id).edge === this.#options.member) this.#options.clock.resume(fold.lastTime(id)!);
  }

  /** With the definition on the board the shards can be. */
  #begin(): void {
    const definition = this.board.show;
    if (this.#shards.size > 0 || !definition) return;
    for (const shard of this.#options.subscribe(definition.shards)) this.#addShard(shard, definition.created);
  }

  /** Results that stand on the board let the tables go. */
  #finalise(): void {
    for (const poll of this.board.polls()) {
      const final = this.board.final(poll.id);
      if (!final || this.#final.has(poll.id)) continue;
      this.#final.add(poll.id);
      for (const { fold } of this.#shards.values()) fold.finalise(poll.index, final.cut);
      void this.#noteLate(poll.index, final.cut);
    }
  }

  /** What was folded before its final was known is looked through for ballots beyond the cut. */
  async #noteLate(poll: number, cut: Watermark): Promise<void> {
    const beyond = Coverage.from(cut).missing(this.coverage().toJSON());
    try {
      for (const range of beyond)
        for await (const bytes of this.batches(range)) this.shard(range.chain.shard).fold.noteLate(poll, bytes);
    } catch (error) {
      this.#warn("late ballots could not be counted", error);
    }
  }

  #addShard(number: number, created: number): void {
    const { show, member, boot, earlierBoots, journal, world, keepsVoters = false, tables = "all" } = this.#options;
    const doc = this.#addDocument(ledgerName(show, number));
    const shard = new Shard({
      show,
      chain: { shard: number, edge: member, boot },
      earlierBoots,
      doc,
      created,
      rulesOf: (poll) => this.#rulesOf(poll),
      keepsVoters,
      tables,
      journal,
      timers: world.timers,
      onvisible: (batches) => this.#onvisible(batches),
      onwritten: (batches) => this.#onfolded(batches, undefined),
    });
    this.#shards.set(number, shard);
    doc.on("afterTransaction", (transaction: Y.Transaction) => this.#onledger(transaction));
  }

  #onvisible(batches: readonly Uint8Array[]): void {
    const { sequence, ...chain } = decodeHeader(batches[0]!);
    const upTo = sequence - 1 + batches.length;
    this.arrivals.note(chainId(chain), sequence - 1, upTo, this.#options.world.clock.now());
  }

  /** A batch that fills a hole makes those visible that waited for it. Returns all of them. */
  #fold(bytes: Uint8Array): readonly Uint8Array[] {
    const header = decodeHeader(bytes);
    const [chain, { fold }] = [chainId(header), this.shard(header.shard)];
    const before = fold.coverage.of(chain);
    const folded = fold.take(bytes);
    if (folded.length > 0) this.arrivals.note(chain, before, before + folded.length, this.#options.world.clock.now());
    this.#options.clock.hear(fold.lastTime(chain) ?? header.time);
    return folded;
  }

  #onledger(transaction: Y.Transaction): void {
    const origin = originOf(transaction.origin);
    if (!consequences(origin).fold) return;
    const added = Ledger.added(transaction).map(({ bytes }) => bytes);
    if (added.length > 0) void this.take(added, origin.from === "peer" ? origin.peer : undefined);
  }

  /** A watcher asks for each ballot, so the board is searched once a change of it. */
  #rulesOf(index: number): TallyRules | undefined {
    this.#rules ??= this.board.polls().map(tallyRulesOf);
    return this.#rules[index];
  }

  #isFresh(bytes: Uint8Array): boolean {
    try {
      const batch = decodeBatch(bytes);
      const fold = this.#shards.get(batch.shard)?.fold;
      return fold !== undefined && fold.wants(batch) && this.#hasRoom(fold, batch);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      this.#noteDamage(error);
      return false;
    }
  }

  /** A batch of one edge too many is left out before any log has it: the fold could not take it. */
  #hasRoom({ edges }: Fold, { edge }: BatchHeader): boolean {
    if (edges.admits(edge)) return true;
    this.#noteDamage(new BatchError(`taking a batch of edge "${edge}": a show has at most ${MAX_EDGES}`));
    return false;
  }

  #noteDamage(error: BatchError): void {
    this.damaged += 1;
    if (this.#told.has(error.message) || this.#told.size >= MAX_DAMAGE_TOLD) return;
    this.#told.add(error.message);
    this.#warn("a batch cannot be read", error);
  }

  /** What is pruned of the shards kept. */
  #pruned(): Watermark {
    const pruned = Object.entries(this.board.watermarks.pruned);
    return Object.fromEntries(pruned.filter(([id]) => this.#shards.has(parseChainId(id).shard)));
  }

  #folds() {
    return new Map([...this.#shards].map(([number, { fold }]) => [number, fold]));
  }

  #each<T>(of: (shard: Shard) => T): T[] {
    return [...this.#shards.values()].map(of);
  }

  #sum(of: (shard: Shard) => number): number {
    return this.#each(of).reduce((sum, value) => sum + value, 0);
  }

  #warn(message: string, error: unknown): void {
    this.#options.world.log("warn", message, { show: this.show, error: String(error) });
  }
}
