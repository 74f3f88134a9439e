import { chainId, type Chain } from "../batch.ts";
import type { Watermark } from "../coverage.ts";
import type { Journal } from "../journal.ts";
import { consequences, type Origin } from "../origin.ts";
import type { Dial, Socket, World } from "../ports.ts";
import type { Replica } from "../replica.ts";
import { Conversation, type ConversationHost } from "./conversation.ts";
import { Dialler, type OnEnd } from "./dialler.ts";
import { Heard } from "./heard.ts";
import type { Answerer } from "./inquiry.ts";
import type { Identity, Introductions } from "./introduction.ts";
import { Link, type Peer } from "./link.ts";
import { Reception } from "./reception.ts";
import { Twins } from "./twins.ts";

/** How often replicas compare what they hold. */
export const ANTI_ENTROPY_MS = 1000;

/** What the backbone needs of the member whose it is. */
export interface BackboneHost {
  readonly journal: Journal;
  readonly answerer: Answerer | undefined;
  replicas(): Iterable<Replica>;
  adopt(show: string): Replica | undefined;
  onstored(show: string, chain: string, sequence: number): void;
  oncovers(replica: Replica, peer: string, covers: Watermark): void;
  /** This boot has to end. */
  end(reason: string): void;
}

export interface BackboneOptions {
  readonly identity: Identity;
  /** Whether peers can dial this member. */
  readonly listens: boolean;
  /** Passes on what peers send: the middle of a network in which they have no links with each other. */
  readonly relays?: boolean;
  readonly boot: string;
  /** The Yjs client under which this boot writes. */
  readonly client: number;
  readonly peers: readonly Peer[];
  readonly introductions: Introductions;
  readonly world: World;
  readonly dial: Dial;
  readonly host: BackboneHost;
}

export interface LinkStatus {
  readonly peer: string;
  readonly open: boolean;
  readonly roundTripMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The links of one member: dials and accepts them, pushes what originates here and never echoes, compares on a timer. */
export class Backbone implements ConversationHost {
  readonly world: World;
  readonly introductions: Introductions;
  readonly #options: BackboneOptions;
  readonly #links = new Set<Link>();
  /** By peer's name and boot: two programs under one name are two, and neither drives the other out. */
  readonly #conversations = new Map<string, Conversation>();
  /** Peer → its clock minus ours when its link closed, ms: a member that is cut off goes on by what it knows. */
  readonly #lastOffsets = new Map<string, number>();
  /** Peer → what it last said of itself. */
  readonly #heard: ReadonlyMap<string, Heard>;
  readonly #twins: Twins;
  readonly #reception: Reception;
  readonly #diallers: readonly Dialler[];
  #cancelTick: (() => void) | undefined;

  constructor(options: BackboneOptions) {
    this.#options = options;
    this.world = options.world;
    this.introductions = options.introductions;
    this.#twins = new Twins(options.world.log);
    this.#reception = new Reception({
      ...options,
      journal: options.host.journal,
      keyOf: (name) => this.#keyOf(name),
      isHeld: (client) => this.#isHeld(client),
      end: (reason) => options.host.end(reason),
    });
    this.#heard = new Map(options.peers.map(({ name }) => [name, new Heard()]));
    this.#diallers = options.peers.flatMap((peer) => this.#diallerOf(peer) ?? []);
  }

  start(): void {
    for (const dialler of this.#diallers) dialler.start();
    this.#tick();
  }

  stop(): void {
    this.#cancelTick?.();
    for (const dialler of this.#diallers) dialler.stop();
    for (const link of this.#links) link.close("stopping");
  }

  /** Takes a socket that came in on the backbone's listener. */
  accept(socket: Socket): void {
    this.#open(socket);
  }

  /** Sends a document's update to every peer that wants it, if its origin asks for that; never back to whom it came from. */
  push(document: string, update: Uint8Array, origin: Origin): void {
    const sender = origin.from === "peer" ? origin.peer : undefined;
    const isRelayed = sender !== undefined && this.#options.relays === true;
    if (!consequences(origin).push && !isRelayed) return;
    if (sender === undefined && this.#reception.isUnsaid) this.#introduceSelf();
    for (const conversation of this.#conversations.values())
      if (conversation.peer !== sender) conversation.push(document, update);
  }

  /** Compares a show that has just come into being, instead of at the next round. */
  greetShow(replica: Replica): void {
    for (const conversation of this.#conversations.values()) conversation.compare(replica);
  }

  /**
   * Whether of each of the show's documents some peer's whole state has been taken in over a link that is open. No peer
   * need have all of them: where shards are kept apart, only the recorder has every ledger.
   */
  hasSynced(replica: Replica): boolean {
    const conversations = [...this.#conversations.values()];
    return replica.documents().every((name) => conversations.some((conversation) => conversation.hasSynced(name)));
  }

  /** Whether some peer has said that it logged a chain so far. */
  isStored(show: string, chain: string, sequence: number): boolean {
    return [...this.#conversations.values()].some((conversation) => conversation.covers(show, chain, sequence));
  }

  /** Tells the edge that wrote a chain that it is logged here. */
  sendStored(show: string, chain: Chain, sequence: number): void {
    const owner = this.#conversations.get(`${chain.edge}/${chain.boot}`);
    owner?.link.send({ type: "stored", show, chain: chainId(chain), sequence });
  }

  /** Forgets what was measured of peers' clocks, and measures anew. */
  measureClocks(): void {
    this.#lastOffsets.clear();
    for (const { link } of this.#conversations.values()) link.measureClock();
  }

  /** Peers' clocks minus ours, ms; of a peer whose link has closed as it was last measured. */
  clockOffsets(): number[] {
    const offsets = new Map(this.#lastOffsets);
    for (const { peer, link } of this.#conversations.values())
      if (link.clockOffset !== undefined) offsets.set(peer, link.clockOffset);
    return [...offsets.values()];
  }

  /** Peers' names under which more than one program runs: an operator started a second one, or cloned a disk. */
  get twins(): ReadonlySet<string> {
    return this.#twins.names;
  }

  /** Boots, `member/boot`, of which nothing is taken: see `Reception`. */
  get turnedAway(): ReadonlySet<string> {
    return this.#reception.turnedAway;
  }

  status(): LinkStatus[] {
    const linked = this.#options.peers.filter((peer) => peer.linked !== false);
    return linked.map(({ name }) => {
      const link = [...this.#conversations.values()].find(({ peer }) => peer === name)?.link;
      return {
        peer: name,
        open: link !== undefined,
        roundTripMs: link?.roundTripMs ?? 0,
        bytesIn: link?.counters.bytesIn ?? 0,
        bytesOut: link?.counters.bytesOut ?? 0,
      };
    });
  }

  get answerer(): Answerer | undefined {
    return this.#options.host.answerer;
  }

  /** What a peer last said of itself, over a link that may have closed since. */
  heard(peer: string): Heard {
    return this.#heard.get(peer) ?? new Heard();
  }

  /** Names of all other members, of those too with which this one is to have no link. */
  get others(): string[] {
    return [...this.#heard.keys()];
  }

  /** A peer's answer to a question about itself; undefined where none comes within `timeoutMs`. */
  ask(peer: string, question: Uint8Array, timeoutMs: number): Promise<Uint8Array | undefined> {
    const conversation = [...this.#conversations.values()].find((each) => each.peer === peer);
    return conversation?.ask(question, timeoutMs) ?? Promise.resolve(undefined);
  }

  /** A peer's clock minus ours, ms, as it was last measured. */
  clockOffset(peer: string): number | undefined {
    const conversation = [...this.#conversations.values()].find((each) => each.peer === peer);
    return conversation?.link.clockOffset ?? this.#lastOffsets.get(peer);
  }

  replicas(): Iterable<Replica> {
    return this.#options.host.replicas();
  }

  adopt(show: string): Replica | undefined {
    return this.#options.host.adopt(show);
  }

  isMember(name: string): boolean {
    return this.#keyOf(name) !== undefined;
  }

  onstored(show: string, chain: string, sequence: number): void {
    this.#options.host.onstored(show, chain, sequence);
  }

  oncovers(replica: Replica, peer: string, covers: Watermark): void {
    this.#options.host.oncovers(replica, peer, covers);
  }

  /** Tells on what was new: a peer may not be linked to the boot itself. */
  onintroduce(bytes: Uint8Array, from: Conversation): void {
    if (this.#reception.receive(bytes)) this.#tellOfBoot(bytes, from);
  }

  #introduceSelf(): void {
    const bytes = this.#reception.introduceSelf();
    if (bytes) this.#tellOfBoot(bytes);
  }

  #tellOfBoot(bytes: Uint8Array, from?: Conversation): void {
    for (const other of this.#conversations.values()) if (other !== from) other.link.send({ type: "introduce", bytes });
  }

  #isHeld(client: number): boolean {
    for (const replica of this.replicas())
      for (const name of replica.documents()) if (replica.document(name)!.store.clients.has(client)) return true;
    return false;
  }

  #keyOf(name: string): Uint8Array | undefined {
    const { identity, peers } = this.#options;
    return name === identity.member ? identity.publicKey : peers.find((peer) => peer.name === name)?.publicKey;
  }

  #diallerOf(peer: Peer): Dialler | undefined {
    const { dial, world } = this.#options;
    if (peer.address === undefined || !this.#dials(peer)) return undefined;
    return new Dialler(peer, peer.address, { dial, world, open: (...dialled) => this.#open(...dialled) });
  }

  /** Processes dial edges; of two edges, or processes, that both can be dialled, the one whose name comes first dials. */
  #dials(peer: Peer): boolean {
    const { identity, listens } = this.#options;
    if (peer.role !== identity.role) return identity.role === "process";
    return !listens || identity.member < peer.name;
  }

  #open(socket: Socket, dialled?: Peer, onend?: OnEnd): void {
    const { identity, boot, peers } = this.#options;
    let hasOpened = false;
    const link = new Link(socket, {
      identity,
      boot,
      peers: (name) => peers.find((peer) => peer.name === name),
      ...(dialled ? { dialled } : {}),
      world: this.world,
      on: {
        onopen: (opened) => {
          hasOpened = true;
          this.#onopen(opened);
        },
        onframe: (from, frame) => {
          const conversation = this.#conversations.get(keyOf(from));
          if (conversation && conversation.link === from) conversation.onframe(frame);
        },
        onclose: (closed, reason, code) => {
          this.#onclose(closed, reason);
          if (!hasOpened) this.world.log("warn", "link not opened", { peer: dialled?.name, code, reason });
          onend?.(hasOpened, code);
        },
      },
    });
    this.#links.add(link);
  }

  #onopen(link: Link): void {
    const { name } = link.peer!;
    const replaced = this.#conversations.get(keyOf(link));
    const conversation = new Conversation(link, name, this.heard(name), this);
    this.#conversations.set(keyOf(link), conversation);
    // A peer that comes anew has given the old link up; ours may still look open for seconds.
    replaced?.link.close("replaced");
    this.world.log("info", "link open", { peer: name });
    conversation.greet();
  }

  #onclose(link: Link, reason: string): void {
    this.#links.delete(link);
    const key = [...this.#conversations].find(([, conversation]) => conversation.link === link)?.[0];
    if (key === undefined) return;
    this.#conversations.get(key)?.end();
    this.#conversations.delete(key);
    if (link.peer && link.clockOffset !== undefined) this.#lastOffsets.set(link.peer.name, link.clockOffset);
    this.world.log("warn", "link closed", { peer: link.peer?.name, reason });
  }

  #tick(): void {
    this.#cancelTick = this.world.timers.after(ANTI_ENTROPY_MS, () => this.#tick());
    if (this.#reception.isOverdue) this.#introduceSelf();
    for (const replica of this.replicas()) {
      void replica.settleDebts();
      this.greetShow(replica);
    }
    this.#twins.look([...this.#conversations.values()].map(({ link }) => link));
  }
}

function keyOf(link: Link): string {
  return link.state.name === "open" ? `${link.state.peer.name}/${link.state.boot}` : "";
}
