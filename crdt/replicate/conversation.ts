import * as Y from "yjs";
import { batchOf, chainId, MAX_BATCH_BYTES, parseChainId, type Chain } from "../batch.ts";
import type { Watermark } from "../coverage.ts";
import { parseDocumentName } from "../documents.ts";
import type { World } from "../ports.ts";
import type { Replica } from "../replica.ts";
import { ASKING_VERSION, MAX_UPDATE_BYTES, type FetchFrame, type Frame, type SyncFrame } from "./frame.ts";
import { judge, type GuardPolicy } from "./guard.ts";
import type { Heard } from "./heard.ts";
import { Inquiries, type Answerer } from "./inquiry.ts";
import type { Introductions } from "./introduction.ts";
import { CLOSE, type Link } from "./link.ts";
import { deletionDigest, pieces } from "./pieces.ts";

/** Largest piece of a sync reply, bytes: a quarter of a frame, so that live updates get in between. */
export const MAX_PIECE_BYTES = 256 * 1024;
/** What one answer to a fetch carries, bytes; whoever misses more asks again. */
export const MAX_FETCH_BYTES = 4 * 1024 * 1024;

/** What a conversation needs of the member that leads it. */
export interface ConversationHost {
  readonly world: World;
  readonly introductions: Introductions;
  /** Answers what peers ask about this member; absent where inspecting is not configured. */
  readonly answerer: Answerer | undefined;
  replicas(): Iterable<Replica>;
  /** The replica of a show that a peer has named, made empty where it is new here. */
  adopt(show: string): Replica | undefined;
  onintroduce(bytes: Uint8Array, from: Conversation): void;
  onstored(show: string, chain: string, sequence: number): void;
  oncovers(replica: Replica, peer: string, covers: Watermark): void;
}

interface Fetching {
  readonly chain: string;
  /** Sum of our coverage when it began. */
  readonly covered: number;
}

/**
 * What two members say to each other while their link is open. Each tells what it holds; the other sends what is
 * missing: by document first, and by batch where documents have been pruned or their writers have gone.
 */
export class Conversation {
  readonly link: Link;
  readonly peer: string;
  readonly #host: ConversationHost;
  readonly #heard: Heard;
  readonly #inquiries: Inquiries;
  /** Documents that the peer has told its state of: only these are pushed. */
  readonly #wanted = new Set<string>();
  /** Documents of which an update was refused for a gap since the last comparison, and what fills it asked for. */
  readonly #asked = new Set<string>();
  /** Documents of which we have held, at some moment, all that the peer held. */
  readonly #synced = new Set<string>();
  /** Show → the peer's coverage when it last told. */
  readonly #covers = new Map<string, Watermark>();
  /** Shows with a fetch under way. */
  readonly #fetching = new Map<string, Fetching>();
  /**
   * Show and chain of what the peer sent and this program cannot read, a later version's: the same bytes again would
   * bring nothing, and would keep the chains behind it from being fetched. Updated, this program has another link.
   */
  readonly #unreadable = new Set<string>();
  /** Fetched batches are taken one group after another. */
  #taking: Promise<void> = Promise.resolve();

  /** `link` is open; `heard` is where the peer's words about itself are kept. */
  constructor(link: Link, peer: string, heard: Heard, host: ConversationHost) {
    this.link = link;
    this.peer = peer;
    this.#host = host;
    this.#heard = heard;
    this.#inquiries = new Inquiries(host.world, (frame) => link.send(frame));
  }

  /** The peer's answer to a question about itself; undefined where it gives none within `timeoutMs`. */
  ask(question: Uint8Array, timeoutMs: number): Promise<Uint8Array | undefined> {
    const { state } = this.link;
    if (state.name !== "open" || state.version < ASKING_VERSION) return Promise.resolve(undefined);
    return this.#inquiries.ask(question, timeoutMs);
  }

  /** The link is closed. */
  end(): void {
    this.#inquiries.end();
  }

  /** Begins: introductions first, since updates of unknown clients are refused. */
  greet(): void {
    for (const bytes of this.#host.introductions.all()) this.link.send({ type: "introduce", bytes });
    for (const replica of this.#host.replicas()) this.compare(replica);
  }

  /** Tells the peer what we hold of a show. */
  compare(replica: Replica): void {
    for (const name of replica.documents()) {
      this.#asked.delete(name);
      this.#tellState(name, replica.document(name)!);
    }
    if (replica.shards().size === 0) return;
    this.link.send({ type: "covers", show: replica.show, watermark: replica.coverage().toJSON() });
  }

  /** Sends an update that originated here. A full link drops it: the next comparison repairs that. */
  push(document: string, update: Uint8Array): void {
    // What is too large for a frame, a show's first board perhaps, goes in pieces at the next comparison.
    if (!this.#wanted.has(document) || update.length > MAX_UPDATE_BYTES) return;
    this.link.send({ type: "sync", document, step: "update", update });
  }

  /** Whether all that the peer held of a document has been held here, at some moment. */
  hasSynced(document: string): boolean {
    return this.#synced.has(document);
  }

  /** Whether the peer has said that it holds a chain durably up to `sequence`. */
  covers(show: string, chain: string, sequence: number): boolean {
    return (this.#covers.get(show)?.[chain] ?? 0) >= sequence;
  }

  onframe(frame: Frame): void {
    switch (frame.type) {
      case "introduce":
        return this.#host.onintroduce(frame.bytes, this);
      case "sync":
        return this.#onsync(frame);
      case "stored":
        return this.#host.onstored(frame.show, frame.chain, frame.sequence);
      case "covers":
        return this.#oncovers(frame.show, frame.watermark);
      case "fetch":
        return void this.#onfetch(frame);
      case "batches":
        return this.#onbatches(frame.show, frame.batches);
      case "ask":
        return void this.#inquiries.onask(frame, this.#host.answerer);
      case "answer":
        return this.#inquiries.onanswer(frame);
      case "hello":
      case "proof":
      case "ping":
      case "pong":
        // The link's own.
        return;
    }
  }

  #tellState(document: string, doc: Y.Doc): void {
    const state = { vector: Y.encodeStateVector(doc), deletions: deletionDigest(doc) };
    this.link.send({ type: "sync", document, step: "state", ...state });
  }

  #onsync(frame: SyncFrame): void {
    const parsed = parseDocumentName(frame.document);
    const replica = parsed && this.#host.adopt(parsed.show);
    const doc = replica?.document(frame.document);
    // A shard that this member does not keep, or a show whose board has not come yet.
    if (!replica || !doc) return;
    if (frame.step === "state") this.#onstate(frame.document, doc, frame.vector, frame.deletions);
    else this.#onupdate(replica, frame.document, doc, frame.update);
  }

  #onstate(document: string, doc: Y.Doc, vector: Uint8Array, deletions: Uint8Array): void {
    const isFirst = !this.#wanted.has(document);
    this.#wanted.add(document);
    this.#heard.at = this.#host.world.clock.now();
    this.#heard.states.set(document, { vector, deletions });
    const theirs = Y.decodeStateVector(vector);
    if ([...theirs].every(([client, clock]) => Y.getState(doc.store, client) >= clock)) this.#synced.add(document);
    else if (isFirst) this.#tellState(document, doc);
    const clients = [...doc.store.clients.keys()];
    const lacks = clients.some((client) => (theirs.get(client) ?? 0) < Y.getState(doc.store, client));
    if (!lacks && equalBytes(deletions, deletionDigest(doc))) return;
    for (const update of pieces(doc, vector, MAX_PIECE_BYTES))
      this.link.send({ type: "sync", document, step: "reply", update });
  }

  #onupdate(replica: Replica, document: string, doc: Y.Doc, update: Uint8Array): void {
    const verdict = judge(doc, update, this.#policyOf(replica, document));
    if (verdict.ok) return replica.apply(document, update, this.peer);
    const { kind, reason } = verdict;
    this.#host.world.log("warn", "update refused", { document, peer: this.peer, kind, reason });
    if (kind === "hostile") return this.link.close(reason, CLOSE.offence);
    this.#heard.gaps.set(document, { from: Y.parseUpdateMeta(update).from, at: this.#host.world.clock.now() });
    // Once between two rounds: whoever cannot send what we lack would otherwise be asked as fast as it answers.
    if (this.#asked.has(document)) return;
    this.#asked.add(document);
    this.#tellState(document, doc);
  }

  #policyOf(replica: Replica, document: string): GuardPolicy {
    const { kind } = parseDocumentName(document)!;
    const deletable = replica.board.watermarks.deletable[document] ?? {};
    return { kind, introductions: this.#host.introductions, deletable };
  }

  /** What the peer covered a round ago and we still do not was lost to the documents: it is fetched by batch. */
  #oncovers(show: string, watermark: Watermark): void {
    const replica = this.#host.adopt(show);
    if (!replica || replica.shards().size === 0) return;
    const before = this.#covers.get(show);
    this.#covers.set(show, watermark);
    this.#heard.covers.set(show, watermark);
    this.#host.oncovers(replica, this.peer, watermark);
    if (before) this.#fetchMissing(replica, before);
  }

  #fetchMissing(replica: Replica, watermark: Watermark): void {
    if (this.#fetching.has(replica.show)) return;
    const coverage = replica.coverage();
    const missing = coverage.missing(watermark).find(({ chain }) => this.#mayFetch(replica, chain));
    if (!missing) return;
    const { after, upTo } = missing;
    const chain = chainId(missing.chain);
    this.#fetching.set(replica.show, { chain, covered: coverage.sum });
    this.link.send({ type: "fetch", show: replica.show, chain, after, upTo });
  }

  #mayFetch(replica: Replica, chain: Chain): boolean {
    return replica.shards().has(chain.shard) && !this.#unreadable.has(`${replica.show} ${chainId(chain)}`);
  }

  /** Answers with groups of batches; an empty group ends the answer. */
  async #onfetch({ show, chain, after, upTo }: FetchFrame): Promise<void> {
    const send = (batches: Uint8Array[]): boolean => this.link.send({ type: "batches", show, batches });
    const logged = this.#host.adopt(show)?.batches({ chain: parseChainId(chain), after, upTo }) ?? [];
    let group: Uint8Array[] = [];
    let bytes = 0;
    for await (const batch of logged) {
      group.push(batch);
      bytes += batch.length;
      if (group.length * MAX_BATCH_BYTES >= MAX_PIECE_BYTES) send(group.splice(0));
      if (bytes >= MAX_FETCH_BYTES) break;
    }
    if (group.length > 0) send(group);
    send([]);
  }

  #onbatches(show: string, batches: readonly Uint8Array[]): void {
    const replica = this.#host.adopt(show);
    if (!replica) return;
    this.#taking = this.#taking.then(() =>
      batches.length > 0 ? this.#takeFetched(replica, batches) : this.#onfetched(replica),
    );
  }

  #takeFetched(replica: Replica, batches: readonly Uint8Array[]): Promise<void> {
    const fetching = this.#fetching.get(replica.show);
    if (fetching && !batches.every((bytes) => batchOf(bytes)))
      this.#unreadable.add(`${replica.show} ${fetching.chain}`);
    return replica.take(batches, this.peer);
  }

  /** Whoever had something may have more; whoever had nothing is asked again at the next round. */
  #onfetched(replica: Replica): void {
    const before = this.#fetching.get(replica.show)?.covered ?? Infinity;
    this.#fetching.delete(replica.show);
    if (replica.coverage().sum > before) this.#fetchMissing(replica, this.#covers.get(replica.show) ?? {});
  }
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
