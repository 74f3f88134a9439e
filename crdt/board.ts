import * as Y from "yjs";
import type { Watermark } from "./coverage.ts";
import type { RosterBoot, Transition, TransitionName, Transitions } from "./poll.ts";
import type { Final, Poll, Show } from "./show.ts";
import type { Proposal } from "./proposal.ts";
import type { FiredCue, Progress, Threshold } from "./threshold.ts";

/** An edge's boot as the roster shows it. */
export interface RosterEntry {
  readonly edge: string;
  readonly boot: string;
  /** Drained: it has written its last, and results wait for nothing of it that is still to come. */
  readonly state: "live" | "draining" | "drained";
  readonly region: string;
  readonly shards: readonly number[];
  /** Address that receivers use. */
  readonly address: string;
  /** Where it stands, in degrees, if its operator said so. */
  readonly place?: { readonly latitude: number; readonly longitude: number };
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** How far the recorder has come. */
export interface Watermarks {
  /** Chain → last sequence that is committed in the permanent database. */
  readonly recorded: Watermark;
  /** Chain → last sequence that may be missing from the ledger. */
  readonly pruned: Watermark;
  /** Shard's document → Yjs client → clock below which the recorder deletes: what the guard judges deletions by. */
  readonly deletable: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export const NO_WATERMARKS: Watermarks = { recorded: {}, pruned: {}, deletable: {} };

/** A page of text and a picture are for whoever opens the application; a lower third is over everyone's picture. */
export const CONTENT_KINDS = ["page", "picture", "lower-third"] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

/** Something that a producer publishes: what receivers show beside the polls. */
export interface ContentItem {
  readonly id: string;
  readonly kind: ContentKind;
  readonly title: string;
  /** A page's text; a picture's alternative text. */
  readonly text: string;
  /** A picture's media type and key in the pictures of the board. */
  readonly mediaType?: string;
  readonly hash?: string;
  readonly at: number;
}

/** One deed of a producer. */
export interface AuditEntry {
  readonly at: number;
  readonly by: string;
  readonly edge: string;
  readonly action: string;
  readonly target: string;
  readonly detail?: string;
}

/** A value of the board by its key. */
type BoardKey =
  | "show"
  | `proposal/${string}/${string}`
  | "watermarks"
  | "awaited"
  | "forgotten"
  | `poll/${string}`
  | `transition/${string}/${TransitionName}`
  | `scheduled/${string}`
  | `released/${string}`
  | `roster/${string}/${string}`
  | `lost/${string}/${string}`
  | `final/${string}`
  | `content/${string}`
  | `threshold/${string}`
  | `armed/${string}/${number}`
  | `disarmed/${string}`
  | `event/${string}/${number}`
  | `crossing/${string}/${number}`
  | `cue/${string}/${number}`
  | `confirmed/${string}/${number}`
  | `progress/${string}`
  | `audit/${string}`;

/** When a poll is to open by itself. May be changed until it has. */
export interface Schedule {
  /** Milliseconds since 1970. */
  readonly opensAt: number;
  /** Milliseconds that it is open; left out, until a producer closes it. */
  readonly openMs?: number;
  readonly by: string;
}

/** Who released a poll's results, named a boot lost, armed a threshold, or has a cue. */
export interface Declaration {
  readonly at: number;
  readonly by: string;
}

/**
 * The board of a show: JSON values a key, seldom written. Keys whose meaning must not be undone (transitions, finals,
 * lost boots, cues) are written once and never changed; where two edges wrote one at once, Yjs keeps the same one everywhere.
 */
export class Board {
  readonly doc: Y.Doc;
  readonly #map: Y.Map<unknown>;
  readonly #pictures: Y.Map<Uint8Array>;

  constructor(doc: Y.Doc) {
    this.doc = doc;
    this.#map = doc.getMap("board");
    this.#pictures = doc.getMap("pictures");
  }

  get show(): Show | undefined {
    return this.#get<Show>("show");
  }

  polls(): Poll[] {
    return this.#all<Poll>("poll/")
      .map(([, poll]) => poll)
      .sort((a, b) => a.index - b.index);
  }

  poll(id: string): Poll | undefined {
    return this.#get<Poll>(`poll/${id}`);
  }

  transitions(poll: string): Transitions {
    const found: Partial<Record<TransitionName, Transition>> = {};
    for (const name of TRANSITION_NAMES) {
      const transition = this.#get<Transition>(`transition/${poll}/${name}`);
      if (transition) found[name] = transition;
    }
    return found;
  }

  schedule(poll: string): Schedule | undefined {
    return this.#get<Schedule>(`scheduled/${poll}`);
  }

  released(poll: string): Declaration | undefined {
    return this.#get<Declaration>(`released/${poll}`);
  }

  final(poll: string): Final | undefined {
    return this.#get<Final>(`final/${poll}`);
  }

  roster(): RosterEntry[] {
    return this.#all<RosterEntry>("roster/").map(([, entry]) => entry);
  }

  /** The boots that a final waits for, or leaves out. */
  rosterBoots(): RosterBoot[] {
    return this.roster().map(({ edge, boot, shards }) => ({
      edge,
      boot,
      shards,
      lost: this.lost(edge, boot) !== undefined,
    }));
  }

  /** When a producer named this boot lost. */
  lost(edge: string, boot: string): Declaration | undefined {
    return this.#get<Declaration>(`lost/${edge}/${boot}`);
  }

  get watermarks(): Watermarks {
    return this.#get<Watermarks>("watermarks") ?? NO_WATERMARKS;
  }

  /** Boots, `edge/boot`, that the recorder knows of: no result is latched before each has sealed or is named lost. */
  get awaited(): readonly string[] {
    return this.#get<readonly string[]>("awaited") ?? [];
  }

  thresholds(): Threshold[] {
    return this.#all<Threshold>("threshold/").map(([, threshold]) => threshold);
  }

  threshold(id: string): Threshold | undefined {
    return this.#get<Threshold>(`threshold/${id}`);
  }

  /** Who armed a threshold for its firing of that number. */
  armed(threshold: string, epoch: number): Declaration | undefined {
    return this.#get<Declaration>(`armed/${threshold}/${epoch}`);
  }

  /** Who took a threshold off; it fires no more. */
  disarmed(threshold: string): Declaration | undefined {
    return this.#get<Declaration>(`disarmed/${threshold}`);
  }

  /** The event id that is reserved for a firing. */
  eventId(threshold: string, epoch: number): number | undefined {
    return this.#get<{ readonly eventId: number }>(`event/${threshold}/${epoch}`)?.eventId;
  }

  /** Crossings that watchers without a database of their own have seen, for one with it to latch. */
  crossings(): FiredCue[] {
    return this.#all<FiredCue>("crossing/").map(([, crossing]) => crossing);
  }

  /** Cues that fired, in the order of their firing. */
  cues(): FiredCue[] {
    return this.#all<FiredCue>("cue/")
      .map(([, fired]) => fired)
      .sort((a, b) => a.cue.firedAt - b.cue.firedAt);
  }

  cue(threshold: string, epoch: number): FiredCue | undefined {
    return this.#get<FiredCue>(`cue/${threshold}/${epoch}`);
  }

  /** Which watcher was told by the encoder that it has the cue, and when. */
  confirmed(threshold: string, epoch: number): Declaration | undefined {
    return this.#get<Declaration>(`confirmed/${threshold}/${epoch}`);
  }

  /** What each watcher last said of the thresholds that are armed. */
  progress(): Progress[] {
    return this.#all<Progress>("progress/").map(([, progress]) => progress);
  }

  content(): ContentItem[] {
    return this.#all<ContentItem>("content/").map(([, item]) => item);
  }

  picture(hash: string): Uint8Array | undefined {
    return this.#pictures.get(hash);
  }

  audit(): AuditEntry[] {
    return this.#all<AuditEntry>("audit/")
      .map(([, entry]) => entry)
      .sort((a, b) => a.at - b.at);
  }

  /** The show as edges wanted it before one of them was established, in an order that is everybody's. */
  proposals(): Proposal[] {
    return this.#all<Proposal>("proposal/")
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, proposal]) => proposal);
  }

  propose(edge: string, boot: string, proposal: Proposal): void {
    this.#set(`proposal/${edge}/${boot}`, proposal);
  }

  /** Written by one hand only, since of two definitions Yjs would keep either: see `Proposal`. */
  create(show: Show, polls: readonly Poll[], thresholds: readonly Threshold[] = []): void {
    this.doc.transact(() => {
      this.#set("show", show);
      for (const poll of polls) this.#set(`poll/${poll.id}`, poll);
      for (const threshold of thresholds) this.setThreshold(threshold);
    });
  }

  /** When a producer had the show's key destroyed: nothing leads from its ballots back to receivers any more. */
  get forgotten(): Declaration | undefined {
    return this.#get<Declaration>("forgotten");
  }

  /** Puts a key of nobody's in the place of the show's, wherever that stands. */
  forgetKey(wrappedKey: string, declaration: Declaration): void {
    this.doc.transact(() => {
      for (const [key, proposal] of this.#all<Proposal>("proposal/"))
        this.#map.set(key, { ...proposal, show: { ...proposal.show, wrappedKey } });
      if (this.show) this.#set("show", { ...this.show, wrappedKey });
      this.#setOnce("forgotten", declaration);
    });
  }

  /** Only while nobody has armed it. */
  setThreshold(threshold: Threshold): void {
    this.#set(`threshold/${threshold.id}`, threshold);
  }

  arm(threshold: string, epoch: number, declaration: Declaration): void {
    this.#setOnce(`armed/${threshold}/${epoch}`, declaration);
  }

  disarm(threshold: string, declaration: Declaration): void {
    this.#setOnce(`disarmed/${threshold}`, declaration);
  }

  setEventId(threshold: string, epoch: number, eventId: number): void {
    this.#setOnce(`event/${threshold}/${epoch}`, { eventId });
  }

  /** Asks a watcher that has the database to latch what was seen here. */
  addCrossing(crossing: FiredCue): void {
    this.#setOnce(`crossing/${crossing.cue.threshold}/${crossing.cue.epoch}`, crossing);
  }

  addCue(fired: FiredCue): void {
    this.#setOnce(`cue/${fired.cue.threshold}/${fired.cue.epoch}`, fired);
  }

  confirmCue(threshold: string, epoch: number, declaration: Declaration): void {
    this.#setOnce(`confirmed/${threshold}/${epoch}`, declaration);
  }

  setProgress(watcher: string, progress: Progress): void {
    this.#set(`progress/${watcher}`, progress);
  }

  /** Writes a transition unless it stands already. */
  addTransition(poll: string, name: TransitionName, transition: Transition): void {
    this.#setOnce(`transition/${poll}/${name}`, transition);
  }

  setSchedule(poll: string, schedule: Schedule): void {
    this.#set(`scheduled/${poll}`, schedule);
  }

  removeSchedule(poll: string): void {
    this.#remove(`scheduled/${poll}`);
  }

  release(poll: string, declaration: Declaration): void {
    this.#setOnce(`released/${poll}`, declaration);
  }

  nameLost(edge: string, boot: string, declaration: Declaration): void {
    this.#setOnce(`lost/${edge}/${boot}`, declaration);
  }

  /** Latches a result, and the poll's last transition with it. */
  setFinal(final: Final, transition: Transition): void {
    this.doc.transact(() => {
      this.#setOnce(`final/${final.poll}`, final);
      this.#setOnce(`transition/${final.poll}/final`, transition);
    });
  }

  setRosterEntry(entry: RosterEntry): void {
    const key: BoardKey = `roster/${entry.edge}/${entry.boot}`;
    if (JSON.stringify(this.#get(key)) !== JSON.stringify(entry)) this.#set(key, entry);
  }

  /** Takes a boot off the roster: its successor on the same disk has taken over all that it wrote. */
  removeRosterEntry(edge: string, boot: string): void {
    this.#remove(`roster/${edge}/${boot}`);
  }

  setWatermarks(watermarks: Watermarks): void {
    this.#set("watermarks", watermarks);
  }

  setAwaited(boots: readonly string[]): void {
    this.#set("awaited", boots);
  }

  /** Bytes of all pictures. */
  get pictureBytes(): number {
    let bytes = 0;
    for (const picture of this.#pictures.values()) bytes += picture.length;
    return bytes;
  }

  publish(item: ContentItem, picture?: Uint8Array): void {
    this.doc.transact(() => {
      if (picture && item.hash && !this.#pictures.has(item.hash)) this.#pictures.set(item.hash, picture);
      this.#set(`content/${item.id}`, item);
    });
  }

  /** Takes something off the screens. Its picture stays: another edge may be about to show it. */
  withdraw(id: string): void {
    this.#remove(`content/${id}`);
  }

  /** `key` is unique by construction: time, edge and a running number. */
  addAudit(key: string, entry: AuditEntry): void {
    this.#set(`audit/${key}`, entry);
  }

  #get<T>(key: BoardKey): T | undefined {
    return this.#map.get(key) as T | undefined;
  }

  #all<T>(prefix: string): [string, T][] {
    const found: [string, T][] = [];
    for (const [key, value] of this.#map.entries()) if (key.startsWith(prefix)) found.push([key, value as T]);
    return found;
  }

  #set(key: BoardKey, value: unknown): void {
    this.#map.set(key, value);
  }

  #remove(key: BoardKey): void {
    if (this.#map.has(key)) this.#map.delete(key);
  }

  #setOnce(key: BoardKey, value: unknown): void {
    if (!this.#map.has(key)) this.#map.set(key, value);
  }
}

const TRANSITION_NAMES = ["armed", "open", "closing", "final", "void"] as const;
