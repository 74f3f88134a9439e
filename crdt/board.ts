import type * as Y from "yjs";
import type { ContentItem } from "./content.ts";
import type { AuditEntry, Declaration, Schedule } from "./deed.ts";
import type { RosterBoot, Transition, TransitionName, Transitions } from "./poll.ts";
import type { Proposal } from "./proposal.ts";
import type { RosterEntry } from "./roster.ts";
import type { Final, Poll, Show } from "./show.ts";
import type { FiredCue, Progress, Threshold } from "./threshold.ts";
import { Values } from "./values.ts";
import { NO_WATERMARKS, type Watermarks } from "./watermarks.ts";

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

/**
 * The board of a show: JSON values a key, seldom written. Keys whose meaning must not be undone (transitions, finals,
 * lost boots, cues) are written once and never changed; where two edges wrote one at once, Yjs keeps the same one everywhere.
 */
export class Board {
  readonly doc: Y.Doc;
  readonly #values: Values<BoardKey>;
  readonly #pictures: Y.Map<Uint8Array>;

  constructor(doc: Y.Doc) {
    this.doc = doc;
    this.#values = new Values(doc.getMap("board"));
    this.#pictures = doc.getMap("pictures");
  }

  get show(): Show | undefined {
    return this.#values.get<Show>("show");
  }

  polls(): Poll[] {
    return this.#values
      .all<Poll>("poll/")
      .map(([, poll]) => poll)
      .sort((a, b) => a.index - b.index);
  }

  poll(id: string): Poll | undefined {
    return this.#values.get<Poll>(`poll/${id}`);
  }

  transitions(poll: string): Transitions {
    const found: Partial<Record<TransitionName, Transition>> = {};
    for (const name of TRANSITION_NAMES) {
      const transition = this.#values.get<Transition>(`transition/${poll}/${name}`);
      if (transition) found[name] = transition;
    }
    return found;
  }

  schedule(poll: string): Schedule | undefined {
    return this.#values.get<Schedule>(`scheduled/${poll}`);
  }

  released(poll: string): Declaration | undefined {
    return this.#values.get<Declaration>(`released/${poll}`);
  }

  final(poll: string): Final | undefined {
    return this.#values.get<Final>(`final/${poll}`);
  }

  roster(): RosterEntry[] {
    return this.#values.all<RosterEntry>("roster/").map(([, entry]) => entry);
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
    return this.#values.get<Declaration>(`lost/${edge}/${boot}`);
  }

  get watermarks(): Watermarks {
    return this.#values.get<Watermarks>("watermarks") ?? NO_WATERMARKS;
  }

  /** Boots, `edge/boot`, that the recorder knows of: no result is latched before each has sealed or is named lost. */
  get awaited(): readonly string[] {
    return this.#values.get<readonly string[]>("awaited") ?? [];
  }

  thresholds(): Threshold[] {
    return this.#values.all<Threshold>("threshold/").map(([, threshold]) => threshold);
  }

  threshold(id: string): Threshold | undefined {
    return this.#values.get<Threshold>(`threshold/${id}`);
  }

  /** Who armed a threshold for its firing of that number. */
  armed(threshold: string, epoch: number): Declaration | undefined {
    return this.#values.get<Declaration>(`armed/${threshold}/${epoch}`);
  }

  /** Who took a threshold off; it fires no more. */
  disarmed(threshold: string): Declaration | undefined {
    return this.#values.get<Declaration>(`disarmed/${threshold}`);
  }

  /** The event id that is reserved for a firing. */
  eventId(threshold: string, epoch: number): number | undefined {
    return this.#values.get<{ readonly eventId: number }>(`event/${threshold}/${epoch}`)?.eventId;
  }

  /** Crossings that watchers without a database of their own have seen, for one with it to latch. */
  crossings(): FiredCue[] {
    return this.#values.all<FiredCue>("crossing/").map(([, crossing]) => crossing);
  }

  /** Cues that fired, in the order of their firing. */
  cues(): FiredCue[] {
    return this.#values
      .all<FiredCue>("cue/")
      .map(([, fired]) => fired)
      .sort((a, b) => a.cue.firedAt - b.cue.firedAt);
  }

  cue(threshold: string, epoch: number): FiredCue | undefined {
    return this.#values.get<FiredCue>(`cue/${threshold}/${epoch}`);
  }

  /** Which watcher was told by the encoder that it has the cue, and when. */
  confirmed(threshold: string, epoch: number): Declaration | undefined {
    return this.#values.get<Declaration>(`confirmed/${threshold}/${epoch}`);
  }

  /** What each watcher last said of the thresholds that are armed. */
  progress(): Progress[] {
    return this.#values.all<Progress>("progress/").map(([, progress]) => progress);
  }

  content(): ContentItem[] {
    return this.#values.all<ContentItem>("content/").map(([, item]) => item);
  }

  picture(hash: string): Uint8Array | undefined {
    return this.#pictures.get(hash);
  }

  audit(): AuditEntry[] {
    return this.#values
      .all<AuditEntry>("audit/")
      .map(([, entry]) => entry)
      .sort((a, b) => a.at - b.at);
  }

  /** The show as edges wanted it before one of them was established, in an order that is everybody's. */
  proposals(): Proposal[] {
    return this.#values
      .all<Proposal>("proposal/")
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, proposal]) => proposal);
  }

  propose(edge: string, boot: string, proposal: Proposal): void {
    this.#values.set(`proposal/${edge}/${boot}`, proposal);
  }

  /** Written by one hand only, since of two definitions Yjs would keep either: see `Proposal`. */
  create(show: Show, polls: readonly Poll[], thresholds: readonly Threshold[] = []): void {
    this.doc.transact(() => {
      this.#values.set("show", show);
      for (const poll of polls) this.#values.set(`poll/${poll.id}`, poll);
      for (const threshold of thresholds) this.setThreshold(threshold);
    });
  }

  /** When a producer had the show's key destroyed: nothing leads from its ballots back to receivers any more. */
  get forgotten(): Declaration | undefined {
    return this.#values.get<Declaration>("forgotten");
  }

  /** Puts a key of nobody's in the place of the show's, wherever that stands. */
  forgetKey(wrappedKey: string, declaration: Declaration): void {
    this.doc.transact(() => {
      for (const [key, proposal] of this.#values.all<Proposal>("proposal/"))
        this.#values.set(key, { ...proposal, show: { ...proposal.show, wrappedKey } });
      if (this.show) this.#values.set("show", { ...this.show, wrappedKey });
      this.#values.setOnce("forgotten", declaration);
    });
  }

  /** Only while nobody has armed it. */
  setThreshold(threshold: Threshold): void {
    this.#values.set(`threshold/${threshold.id}`, threshold);
  }

  arm(threshold: string, epoch: number, declaration: Declaration): void {
    this.#values.setOnce(`armed/${threshold}/${epoch}`, declaration);
  }

  disarm(threshold: string, declaration: Declaration): void {
    this.#values.setOnce(`disarmed/${threshold}`, declaration);
  }

  setEventId(threshold: string, epoch: number, eventId: number): void {
    this.#values.setOnce(`event/${threshold}/${epoch}`, { eventId });
  }

  /** Asks a watcher that has the database to latch what was seen here. */
  addCrossing(crossing: FiredCue): void {
    this.#values.setOnce(`crossing/${crossing.cue.threshold}/${crossing.cue.epoch}`, crossing);
  }

  addCue(fired: FiredCue): void {
    this.#values.setOnce(`cue/${fired.cue.threshold}/${fired.cue.epoch}`, fired);
  }

  confirmCue(threshold: string, epoch: number, declaration: Declaration): void {
    this.#values.setOnce(`confirmed/${threshold}/${epoch}`, declaration);
  }

  setProgress(watcher: string, progress: Progress): void {
    this.#values.set(`progress/${watcher}`, progress);
  }

  /** Writes a transition unless it stands already. */
  addTransition(poll: string, name: TransitionName, transition: Transition): void {
    this.#values.setOnce(`transition/${poll}/${name}`, transition);
  }

  setSchedule(poll: string, schedule: Schedule): void {
    this.#values.set(`scheduled/${poll}`, schedule);
  }

  removeSchedule(poll: string): void {
    this.#values.remove(`scheduled/${poll}`);
  }

  release(poll: string, declaration: Declaration): void {
    this.#values.setOnce(`released/${poll}`, declaration);
  }

  nameLost(edge: string, boot: string, declaration: Declaration): void {
    this.#values.setOnce(`lost/${edge}/${boot}`, declaration);
  }

  /** Latches a result, and the poll's last transition with it. */
  setFinal(final: Final, transition: Transition): void {
    this.doc.transact(() => {
      this.#values.setOnce(`final/${final.poll}`, final);
      this.#values.setOnce(`transition/${final.poll}/final`, transition);
    });
  }

  setRosterEntry(entry: RosterEntry): void {
    const key: BoardKey = `roster/${entry.edge}/${entry.boot}`;
    if (JSON.stringify(this.#values.get(key)) !== JSON.stringify(entry)) this.#values.set(key, entry);
  }

  /** Takes a boot off the roster: its successor on the same disk has taken over all that it wrote. */
  removeRosterEntry(edge: string, boot: string): void {
    this.#values.remove(`roster/${edge}/${boot}`);
  }

  setWatermarks(watermarks: Watermarks): void {
    this.#values.set("watermarks", watermarks);
  }

  setAwaited(boots: readonly string[]): void {
    this.#values.set("awaited", boots);
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
      this.#values.set(`content/${item.id}`, item);
    });
  }

  /** Takes something off the screens. Its picture stays: another edge may be about to show it. */
  withdraw(id: string): void {
    this.#values.remove(`content/${id}`);
  }

  /** `key` is unique by construction: time, edge and a running number. */
  addAudit(key: string, entry: AuditEntry): void {
    this.#values.set(`audit/${key}`, entry);
  }
}

const TRANSITION_NAMES = ["armed", "open", "closing", "final", "void"] as const;
