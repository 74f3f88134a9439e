import * as Y from "yjs";
import { equalBytes } from "../bytes.ts";
import type { Watermark } from "../coverage.ts";
import { parseDocumentName } from "../documents.ts";
import type { Replica } from "../replica.ts";
import { MAX_WATERMARK_CHAINS } from "./entries.ts";
import { Fetches, type FetchesHost } from "./fetches.ts";
import { ASKING_VERSION, MAX_UPDATE_BYTES, type Frame, type SyncFrame } from "./frame.ts";
import { judge, type GuardPolicy } from "./guard.ts";
import type { Heard } from "./heard.ts";
import { Inquiries, type Answerer } from "./inquiry.ts";
import type { Introductions } from "./introduction.ts";
import { CLOSE, type Link } from "./link.ts";
import { deletionDigest, pieces } from "./pieces.ts";

/** Largest piece of a sync reply, bytes: a quarter of a frame, so that live updates get in between. */
export const MAX_PIECE_BYTES = 256 * 1024;

/** What a conversation needs of the member that leads it. */
export interface ConversationHost extends FetchesHost {
  readonly introductions: Introductions;
  /** Answers what peers ask about this member; absent where inspecting is not configured. */
  readonly answerer: Answerer | undefined;
  replicas(): Iterable<Replica>;
  onintroduce(bytes: Uint8Array, from: Conversation): void;
  onstored(show: string, chain: string, sequence: number): void;
  oncovers(replica: Replica, peer: string, covers: Watermark): void;
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
  readonly #fetches: Fetches;
  /** Documents that the peer has told its state of: only these are pushed. */
  readonly #wanted = new Set<string>();
  /** Documents of which an update was refused for a gap since the last comparison, and what fills it asked for. */
  readonly #asked = new Set<string>();
  /** Documents of which we have held, at some moment, all that the peer held. */
  readonly #synced = new Set<string>();

  /** `link` is open; `heard` is where the peer's words about itself are kept. */
  constructor(link: Link, peer: string, heard: Heard, host: ConversationHost) {
    this.link = link;
    this.peer = peer;
    this.#host = host;
    this.#heard = heard;
    this.#inquiries = new Inquiries(host.world, (frame) => link.send(frame));
    this.#fetches = new Fetches(peer, host, (frame) => link.send(frame));
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
    // Of more chains than a frame holds the last that came: the oldest are those of boots that are long gone.
    const watermark = Object.fromEntries([...replica.coverage().entries()].slice(-MAX_WATERMARK_CHAINS));
    this.link.send({ type: "covers", show: replica.show, watermark });
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
    return this.#fetches.covers(show, chain, sequence);
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
        return void this.#fetches.onfetch(frame);
      case "batches":
        return this.#fetches.onbatches(frame.show, frame.batches);
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
    // Before the first comparison of a document all were introduced; of those since then a full link may have dropped some.
    if (!isFirst) this.#introduce(clients.filter((client) => !theirs.has(client)));
    // Up to the first piece that a full link does not take: the next comparison goes on from what has arrived.
    for (const update of pieces(doc, vector, MAX_PIECE_BYTES))
      if (!this.link.send({ type: "sync", document, step: "reply", update })) return;
  }

  /** Says whose clients these are: whatever comes of one that was not introduced is refused. */
  #introduce(clients: readonly number[]): void {
    for (const bytes of this.#host.introductions.of(clients)) this.link.send({ type: "introduce", bytes });
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

  #oncovers(show: string, watermark: Watermark): void {
    const replica = this.#host.adopt(show);
    if (!replica || replica.shards().size === 0) return;
    this.#heard.covers.set(show, watermark);
    this.#host.oncovers(replica, this.peer, watermark);
    this.#fetches.oncovers(replica, watermark);
  }
}
