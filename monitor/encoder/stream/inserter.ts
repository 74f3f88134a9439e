import type { Indication } from "../indication.ts";
import {
  FIRST_ASSIGNED_PID,
  isAssigned,
  isDiscontinuous,
  isScrambled,
  NULL_PID,
  PACKET_BYTES,
  PAT_PID,
  pcrOf,
  pidOf,
  ptsOf,
  startsUnit,
} from "../signal/packet.ts";
import { SectionReader } from "../signal/section.ts";
import { Carriers, type CarrierOptions } from "./carriers.ts";
import { mapRefusal, WANTED_PID } from "./map-refusal.ts";
import { MapRelay } from "./map-relay.ts";
import type { PacketRun } from "./packet-framing.ts";
import { PatReader, type Programmes } from "./pat.ts";
import { type ProgrammeMap, videoOf, withCues, writePmt } from "./pmt.ts";
import { ProgrammeTime } from "./programme-time.ts";
import { StreamRate } from "./rate.ts";
import { Repeater } from "./repeater.ts";
import { type InsertionMode, Slots } from "./slots.ts";

export interface InserterOptions extends CarrierOptions {
  readonly mode: InsertionMode;
  /** Programme that cues go into; the first of the stream where none is named. */
  readonly programme?: number;
}

/** What an inserter tells. */
export interface InserterEvents {
  /** Something about the stream that its operator has to know, said once a change. */
  onevent(level: "info" | "warn" | "error", message: string): void;
  /** The packets of an indication are about to go out. `pts`: of the picture it belongs to. */
  onplaced(indication: Indication, pts: number): void;
}

/** Packets sent ahead of their room, at which what is only repeated stays out: 15 ms at 5 Mb/s. */
const MAX_DEBT = 50;
/** Indications that wait for a programme to go into; beyond that something else is wrong. */
const MAX_WAITING = 1000;

/** What a PID is to us. */
const USE = { pass: 0, empty: 1, pat: 2, pmt: 3, own: 4, video: 5 } as const;

/**
 * Puts cues into a transport stream: packets in, packets out, each as a view of a buffer that is only lent. Packets are
 * changed in place. Nothing is allocated for a packet; time is the stream's own.
 */
export class Inserter {
  readonly #options: InserterOptions;
  readonly #out: PacketRun;
  readonly #events: InserterEvents;
  readonly #carriers: Carriers;
  readonly #rate = new StreamRate();
  readonly #slots: Slots;
  readonly #repeater: Repeater;
  /** What each PID is to us. */
  readonly #uses = new Uint8Array(NULL_PID + 1);
  readonly #pat = new PatReader();
  readonly #patSections: SectionReader;
  readonly #said = new Set<string>();
  #programmes: Programmes = new Map();
  /** Of the programme that cues go into, once the PAT has named it. */
  #relay: MapRelay | undefined;
  #map: ProgrammeMap | undefined;
  #index = 0;
  readonly #time = new ProgrammeTime();
  /** Why the programme can have no cues: while its map is as it is, or for good. */
  #mapRefusal: string | undefined;
  #pidRefusal: string | undefined;
  #waiting: Indication[] = [];
  /** A clock has come since what is due was last looked at. */
  #isDue = false;

  constructor(options: InserterOptions, out: PacketRun, events: InserterEvents) {
    this.#options = options;
    this.#out = out;
    this.#events = events;
    this.#carriers = new Carriers(options);
    this.#slots = new Slots(options.mode, this.#rate, out);
    this.#repeater = new Repeater(this.#carriers);
    this.#patSections = new SectionReader({
      onsection: (section) => this.#readPat(section),
      onbad: (reason) => this.#say("warn", `a section of the PAT is no use: ${reason}`),
    });
    this.#uses[NULL_PID] = USE.empty;
    this.#uses[PAT_PID] = USE.pat;
  }

  /** Packets that were sent before their room was there. */
  get debt(): number {
    return this.#slots.debt;
  }

  /** The programme that cues go into, as it comes in; undefined where it is not known yet. */
  get map(): ProgrammeMap | undefined {
    return this.#map;
  }

  /** PID of the programme's map; -1 where it is not known yet. */
  get pmtPid(): number {
    return this.#relay?.pid ?? -1;
  }

  /** Why cues wait; undefined where they go out at once. */
  get obstacle(): string | undefined {
    const refusal = this.#pidRefusal ?? this.#mapRefusal;
    if (refusal !== undefined) return refusal;
    if (this.#index === 0) return "there is no input";
    if (!this.#map) return this.#programmes.size === 0 ? "no PAT has come" : "the programme's map has not come";
    return this.#time.isKnown ? undefined : "the programme has no clock";
  }

  /** Puts an indication into the stream: at once where nothing stands against it, else as soon as that is so. */
  insert(indication: Indication): void {
    if (this.obstacle === undefined) return this.#place(indication);
    if (this.#waiting.length >= MAX_WAITING)
      throw new Error(`inserting a cue: ${MAX_WAITING} wait already, since ${this.obstacle}`);
    this.#waiting.push(indication);
    this.#say("warn", `cues wait: ${this.obstacle}`);
  }

  /** Takes whole packets of the input. */
  push(packets: Uint8Array, from: number, to: number): void {
    let start = from;
    for (let at = from; at < to; at += PACKET_BYTES) {
      this.#index++;
      const use = this.#uses[pidOf(packets, at)]!;
      if ((packets[at + 3]! & 0x20) !== 0) this.#clock(packets, at);
      if (use === USE.pass) continue;
      if (use === USE.video) {
        if (startsUnit(packets, at)) this.#picture(packets, at);
        continue;
      }
      if (use === USE.pat) {
        this.#patSections.push(packets, at);
        continue;
      }
      // What is left is not passed on as it came.
      if (at > start) this.#out(packets, start, at);
      start = at + PACKET_BYTES;
      if (use === USE.empty) this.#slots.passNull();
      else if (use === USE.pmt) this.#relay?.pass(packets, at);
      else this.#refuseTaken(packets, at);
    }
    if (to > start) this.#out(packets, start, to);
    if (this.#isDue) this.#sendDue();
  }

  #clock(packets: Uint8Array, at: number): void {
    const pcr = pcrOf(packets, at);
    if (pcr < 0) return;
    const pid = pidOf(packets, at);
    this.#rate.clock(pid, pcr, this.#index, isDiscontinuous(packets, at));
    if (this.#map?.pcrPid === pid) this.#time.clock(pcr);
    this.#slots.restamp(packets, at, pcr);
    this.#isDue = true;
  }

  #picture(packets: Uint8Array, at: number): void {
    if (isScrambled(packets, at)) {
      this.#time.losePictures();
      return this.#say("warn", "the pictures are scrambled: cues take their time from the programme's clock");
    }
    const pts = ptsOf(packets, at);
    if (pts >= 0) this.#time.picture(pts);
  }

  #readPat(section: Uint8Array): void {
    const programmes = this.#pat.push(section);
    if (!programmes || sameEntries(programmes, this.#programmes)) return;
    this.#programmes = programmes;
    const wanted = this.#options.programme ?? programmes.keys().next().value;
    const pid = wanted === undefined ? undefined : programmes.get(wanted);
    const names = [...programmes.keys()].join(", ");
    if (wanted === undefined || pid === undefined)
      return this.#refuse(
        `the stream has programmes ${names || "none"}, wanted ${wanted ?? "one"}: it passes without cues`,
      );
    if (!isAssigned(pid))
      return this.#refuse(`the PAT has the map of programme ${wanted} on PID ${pid}, ${WANTED_PID}`);
    this.#say("info", `the stream has programmes ${names}; cues go into ${wanted}`);
    if (wanted === this.#relay?.programme && pid === this.#relay.pid) return;
    this.#leave();
    this.#relay = this.#newRelay(wanted, pid);
    this.#uses[pid] = USE.pmt;
  }

  /** Lets everything pass as it comes, until another PAT does. */
  #refuse(reason: string): void {
    this.#leave();
    this.#mapRefusal = reason;
    this.#say("error", reason);
  }

  /** Forgets the programme that cues went into. */
  #leave(): void {
    for (let pid = FIRST_ASSIGNED_PID; pid < NULL_PID; pid++) this.#uses[pid] = USE.pass;
    this.#map = undefined;
    this.#relay = undefined;
    this.#time.forget();
    this.#mapRefusal = this.#pidRefusal = undefined;
  }

  #newRelay(programme: number, pid: number): MapRelay {
    return new MapRelay(programme, pid, this.#slots, this.#out, {
      extended: (map) => this.#extended(map),
      // Only now receivers know where cues are.
      onextended: (map) => map.isCurrent && this.#map?.version !== map.version && this.#learn(map),
      onbad: (reason) => this.#say("warn", `a programme map is no use: ${reason}`),
    });
  }

  /** The map with our streams; undefined where it cannot have them. */
  #extended(map: ProgrammeMap): Uint8Array | undefined {
    const written = writePmt(withCues(map, this.#options.pids, this.#options.componentTag));
    this.#mapRefusal = mapRefusal(map, this.#ownPids(), [...this.#programmes.values()]);
    if (!written) this.#mapRefusal ??= NO_ROOM;
    const refusal = this.#mapRefusal ?? this.#pidRefusal;
    if (refusal === undefined) return written;
    this.#map = undefined;
    this.#say("error", refusal);
    return undefined;
  }

  #ownPids(): number[] {
    const { scte35, streamEvent, id3, ait } = this.#options.pids;
    return [scte35, streamEvent, id3, ait].filter((pid) => pid !== undefined);
  }

  #learn(map: ProgrammeMap): void {
    const video = videoOf(map);
    for (const { pid } of this.#map?.streams ?? []) this.#uses[pid] = USE.pass;
    for (const pid of this.#ownPids()) this.#uses[pid] = USE.own;
    if (video) this.#uses[video.pid] = USE.video;
    this.#map = map;
    this.#time.forget();
    if (!video) this.#say("warn", "the programme has no pictures: cues take their time from its clock");
  }

  /** Somebody else sends on a PID of ours, which no map names. */
  #refuseTaken(packets: Uint8Array, at: number): void {
    this.#out(packets, at, at + PACKET_BYTES);
    if (this.#pidRefusal !== undefined) return;
    this.#pidRefusal = `PID ${pidOf(packets, at)} is in use in the stream, though no map names it: choose others for cues`;
    this.#map = undefined;
    this.#say("error", this.#pidRefusal);
  }

  #releaseWaiting(): void {
    if (this.#waiting.length === 0 || this.obstacle !== undefined) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const indication of waiting) this.#place(indication);
  }

  #place(indication: Indication): void {
    const { pts } = this.#time;
    this.#events.onplaced(indication, pts);
    this.#slots.send(this.#carriers.packetsOf(indication, pts));
    if (indication.kind === "cue") this.#repeater.follow(indication, this.#rate.elapsedMs);
  }

  /** After a clock: what waited, and what comes again and again. */
  #sendDue(): void {
    this.#isDue = false;
    this.#releaseWaiting();
    const { hasNulls, isSettled, debt } = this.#slots;
    if (!this.#map || !isSettled) return;
    if (!hasNulls) this.#say("warn", NO_NULLS);
    if (debt > MAX_DEBT) return this.#say("warn", TOO_FEW_NULLS);
    this.#repeater.repeat(this.#rate.elapsedMs, (packets) => this.#slots.send(packets));
  }

  #say(level: "info" | "warn" | "error", message: string): void {
    if (this.#said.has(message)) return;
    if (this.#said.size > MAX_SAID) this.#said.clear();
    this.#said.add(message);
    this.#events.onevent(level, message);
  }
}

const NO_ROOM = "the programme map has no room for the cues' streams: the stream passes without cues";
const NO_NULLS =
  "the stream has no null packets: cues are added to it, its rate rises by a few packets each, and its clocks stay as they are";
const TOO_FEW_NULLS =
  "the stream has too few null packets: the AIT and repeated stream events stay out until there are more";
/** Different messages that are remembered as said. */
const MAX_SAID = 100;

function sameEntries(a: Programmes, b: Programmes): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
