import type { CueIndication, Indication } from "../indication.ts";
import {
  counterOf,
  distance,
  FIRST_FREE_PID,
  isDiscontinuous,
  isScrambled,
  NULL_PID,
  PACKET_BYTES,
  PAT_PID,
  PCR_WRAP,
  payloadAt,
  pcrOf,
  pidOf,
  PTS_WRAP,
  ptsOf,
  setPcr,
  startsUnit,
  wrap,
  writeNull,
} from "../signal/packet.ts";
import { u16At } from "../signal/bytes.ts";
import { packetize, packetsOfSection, SectionReader } from "../signal/section.ts";
import { Carriers, type CarrierOptions } from "./carriers.ts";
import type { PacketRun } from "./packet-framing.ts";
import { PatReader, type Programmes } from "./pat.ts";
import { PMT_TABLE_ID, type ProgrammeMap, readPmt, videoOf, withCues, writePmt } from "./pmt.ts";
import { StreamRate } from "./rate.ts";

/**
 * How packets get into a stream of constant rate. "borrow": at once, and the next null packets are left out for them;
 * every clock between is moved by the packets that it stands later. "replace": in place of the next null packets.
 */
export type InsertionMode = "borrow" | "replace";

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

/** A stream without a null for so long, ms of its own time, has no room. */
const NULLS_WITHIN_MS = 2000;
/** Packets sent ahead of their room, at which what is only repeated stays out: 15 ms at 5 Mb/s. */
const MAX_DEBT = 50;
/** How often the AIT comes, ms of the stream (ETSI TS 102 809, 5.3.4.1, wants it at least every 10 s). */
const AIT_INTERVAL_MS = 500;
/** When a stream event comes again after its first time, ms of the stream. */
const REPETITIONS_MS = [200, 500, 1000] as const;
/** Indications that wait for a programme to go into; beyond that something else is wrong. */
const MAX_WAITING = 1000;

/** What a PID is to us. */
const USE = { pass: 0, empty: 1, pat: 2, pmt: 3, own: 4, video: 5 } as const;

interface Repetition {
  readonly indication: CueIndication;
  readonly since: number;
  done: number;
}

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
  /** What each PID is to us. */
  readonly #uses = new Uint8Array(NULL_PID + 1);
  readonly #pat = new PatReader();
  readonly #patSections: SectionReader;
  readonly #null = new Uint8Array(PACKET_BYTES);
  readonly #said = new Set<string>();
  #programmes: Programmes = new Map();
  #programme: number | undefined;
  #pmtPid = -1;
  #pmtSections: SectionReader;
  #pmtCounter = -1;
  /** Packets of the map go on as they come: how much room there is, is not known yet. */
  #isPmtPassing = false;
  #map: ProgrammeMap | undefined;
  /** Packets that have gone out beyond those that came in. */
  #debt = 0;
  #index = 0;
  /** When the last null came, ms of the stream. */
  #lastNull = -Infinity;
  #pts = -1;
  #pcrBase = -1;
  /** Why the programme can have no cues at all. */
  #refusal: string | undefined;
  #waiting: Indication[] = [];
  #queue: Uint8Array[] = [];
  #repetition: Repetition | undefined;
  #aitDue = 0;
  /** A clock has come since what is due was last looked at. */
  #isDue = false;

  constructor(options: InserterOptions, out: PacketRun, events: InserterEvents) {
    this.#options = options;
    this.#out = out;
    this.#events = events;
    this.#carriers = new Carriers(options);
    writeNull(this.#null, 0);
    this.#patSections = new SectionReader({
      onsection: (section) => this.#readPat(section),
      onbad: (reason) => this.#say("warn", `a section of the PAT is no use: ${reason}`),
    });
    this.#pmtSections = this.#newPmtReader();
    this.#uses[NULL_PID] = USE.empty;
    this.#uses[PAT_PID] = USE.pat;
  }

  /** Packets that were sent before their room was there. */
  get debt(): number {
    return this.#debt;
  }

  /** The programme that cues go into, as it comes in; undefined where it is not known yet. */
  get map(): ProgrammeMap | undefined {
    return this.#map;
  }

  /** PID of the programme's map. */
  get pmtPid(): number {
    return this.#pmtPid;
  }

  /** Whether the stream has null packets, whose room cues can take. */
  get hasNulls(): boolean {
    return this.#rate.elapsedMs - this.#lastNull <= NULLS_WITHIN_MS;
  }

  /** Whether it is known how much room there is: a stream's first packets may come before its first null. */
  get #isSettled(): boolean {
    return this.#rate.ticksAPacket > 0 && (this.hasNulls || this.#rate.elapsedMs > NULLS_WITHIN_MS);
  }

  /** Why cues wait; undefined where they go out at once. */
  get obstacle(): string | undefined {
    if (this.#refusal !== undefined) return this.#refusal;
    if (this.#index === 0) return "there is no input";
    if (!this.#map) return this.#programmes.size === 0 ? "no PAT has come" : "the programme's map has not come";
    return this.#pts < 0 && this.#pcrBase < 0 ? "the programme has no clock" : undefined;
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
      if (use === USE.empty) this.#passNull();
      else if (use === USE.pmt) this.#passPmt(packets, at);
      else this.#refuseTaken(packets, at);
    }
    if (to > start) this.#out(packets, start, to);
    if (this.#isDue) this.#sendDue();
  }

  /** A null of the input: its room goes to what was sent before, or to what waits. */
  #passNull(): void {
    this.#lastNull = this.#rate.elapsedMs;
    this.#fillRoom();
  }

  #fillRoom(): void {
    const queued = this.#queue.shift();
    if (queued) return this.#out(queued, 0, PACKET_BYTES);
    if (this.#debt > 0) this.#debt--;
    else if (this.hasNulls) this.#out(this.#null, 0, PACKET_BYTES);
  }

  /** Sends packets that the input did not have. */
  #send(packets: Uint8Array): void {
    if (packets.length === 0) return;
    if (this.#options.mode === "replace" && this.hasNulls) {
      for (let at = 0; at < packets.length; at += PACKET_BYTES)
        this.#queue.push(packets.subarray(at, at + PACKET_BYTES));
      return;
    }
    if (this.hasNulls) this.#debt += packets.length / PACKET_BYTES;
    this.#out(packets, 0, packets.length);
  }

  #clock(packets: Uint8Array, at: number): void {
    const pcr = pcrOf(packets, at);
    if (pcr < 0) return;
    const pid = pidOf(packets, at);
    this.#rate.clock(pid, pcr, this.#index, isDiscontinuous(packets, at));
    if (this.#map?.pcrPid === pid) this.#pcrBase = Math.floor(pcr / 300);
    if (this.#debt > 0) setPcr(packets, at, wrap(pcr + this.#debt * this.#rate.ticksAPacket, PCR_WRAP));
    this.#isDue = true;
  }

  #picture(packets: Uint8Array, at: number): void {
    if (isScrambled(packets, at)) {
      this.#pts = -1;
      return this.#say("warn", "the pictures are scrambled: cues take their time from the programme's clock");
    }
    const pts = ptsOf(packets, at);
    if (pts < 0) return;
    // Pictures come in the order of decoding: the latest in the order of showing counts, unless time starts anew.
    const ahead = this.#pts < 0 ? 1 : distance(this.#pts, pts, PTS_WRAP);
    if (ahead > 0 || ahead < -REORDER_TICKS) this.#pts = pts;
  }

  #readPat(section: Uint8Array): void {
    const programmes = this.#pat.push(section);
    if (!programmes || sameEntries(programmes, this.#programmes)) return;
    this.#programmes = programmes;
    const wanted = this.#options.programme ?? programmes.keys().next().value;
    const pid = wanted === undefined ? undefined : programmes.get(wanted);
    const names = [...programmes.keys()].join(", ");
    if (wanted === undefined || pid === undefined) {
      this.#leave();
      return this.#say(
        "error",
        `the stream has programmes ${names || "none"}, wanted ${wanted ?? "one"}: it passes without cues`,
      );
    }
    this.#say("info", `the stream has programmes ${names}; cues go into ${wanted}`);
    if (wanted === this.#programme && pid === this.#pmtPid) return;
    this.#leave();
    this.#programme = wanted;
    this.#pmtPid = pid;
    this.#pmtSections = this.#newPmtReader();
    this.#uses[pid] = USE.pmt;
  }

  /** Forgets the programme that cues went into. */
  #leave(): void {
    for (let pid = FIRST_FREE_PID; pid < NULL_PID; pid++) this.#uses[pid] = USE.pass;
    this.#map = undefined;
    this.#programme = undefined;
    this.#pmtPid = -1;
    this.#pmtCounter = -1;
    this.#pts = this.#pcrBase = -1;
    this.#refusal = undefined;
  }

  #newPmtReader(): SectionReader {
    return new SectionReader({
      onsection: (section) => this.#sendPmt(section),
      onbad: (reason) => this.#say("warn", `a programme map is no use: ${reason}`),
    });
  }

  /** A packet of the map is kept back; its room goes to the whole new map once that is there. */
  #passPmt(packets: Uint8Array, at: number): void {
    if (startsUnit(packets, at)) this.#isPmtPassing = !this.#isSettled && !hasWholeSection(packets, at);
    if (this.#isPmtPassing || this.#pmtCounter < 0) this.#pmtCounter = counterOf(packets, at);
    if (this.#isPmtPassing) {
      this.#pmtCounter = (this.#pmtCounter + 1) & 0x0f;
      return this.#out(packets, at, at + PACKET_BYTES);
    }
    if (this.hasNulls) this.#debt--;
    this.#pmtSections.push(packets, at);
    if (this.#debt >= 0) return;
    this.#debt = 0;
    this.#out(this.#null, 0, PACKET_BYTES);
  }

  /** Every section on the map's PID goes on as packets of its own: ours with cues, others' as they are. */
  #sendPmt(section: Uint8Array): void {
    const map = section[0] === PMT_TABLE_ID ? readPmt(section) : undefined;
    const extended = map && map.programme === this.#programme ? this.#extended(map) : undefined;
    const isLonger = extended && packetsOfSection(extended.length) > packetsOfSection(section.length);
    const sent = extended && !(isLonger && !this.#isSettled) ? extended : section;
    const packets = packetize(sent, this.#pmtPid, this.#pmtCounter);
    const count = packets.length / PACKET_BYTES;
    this.#pmtCounter = (this.#pmtCounter + count) & 0x0f;
    if (this.hasNulls) this.#debt += count;
    this.#out(packets, 0, packets.length);
    // Only now receivers know where cues are.
    if (map?.isCurrent && sent === extended && this.#map?.version !== map.version) this.#learn(map);
  }

  /** The map with our streams; undefined where it cannot have them. */
  #extended(map: ProgrammeMap): Uint8Array | undefined {
    const isTaken = (pid: number) => map.streams.some((stream) => stream.pid === pid) || this.#isMapPid(pid);
    const taken = this.#ownPids().find(isTaken);
    if (taken !== undefined) return this.#give("error", `PID ${taken} is in use in the stream: choose others for cues`);
    if (this.#refusal !== undefined) return undefined;
    const written = writePmt(withCues(map, this.#options.pids, this.#options.componentTag));
    return written ?? this.#give("error", NO_ROOM);
  }

  #ownPids(): number[] {
    const { scte35, streamEvent, id3, ait } = this.#options.pids;
    return [scte35, streamEvent, id3, ait].filter((pid) => pid !== undefined);
  }

  #isMapPid(pid: number): boolean {
    return [...this.#programmes.values()].includes(pid);
  }

  #give(level: "error", message: string): undefined {
    this.#refusal = message;
    this.#map = undefined;
    this.#say(level, message);
  }

  #learn(map: ProgrammeMap): void {
    const video = videoOf(map);
    for (const { pid } of this.#map?.streams ?? []) this.#uses[pid] = USE.pass;
    for (const pid of this.#ownPids()) this.#uses[pid] = USE.own;
    if (video) this.#uses[video.pid] = USE.video;
    this.#map = map;
    this.#pts = this.#pcrBase = -1;
    if (!video) this.#say("warn", "the programme has no pictures: cues take their time from its clock");
  }

  /** Somebody else sends on a PID of ours, which no map names. */
  #refuseTaken(packets: Uint8Array, at: number): void {
    this.#out(packets, at, at + PACKET_BYTES);
    if (this.#refusal !== undefined) return;
    this.#give(
      "error",
      `PID ${pidOf(packets, at)} is in use in the stream, though no map names it: choose others for cues`,
    );
  }

  #releaseWaiting(): void {
    if (this.#waiting.length === 0 || this.obstacle !== undefined) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const indication of waiting) this.#place(indication);
  }

  #place(indication: Indication): void {
    const pts = this.#pts >= 0 ? this.#pts : this.#pcrBase;
    this.#events.onplaced(indication, pts);
    this.#send(this.#carriers.packetsOf(indication, pts));
    if (indication.kind === "cue") this.#repetition = { indication, since: this.#rate.elapsedMs, done: 0 };
  }

  /** After a clock: what waited, the AIT, and the last stream event a few times. */
  #sendDue(): void {
    this.#isDue = false;
    this.#releaseWaiting();
    const now = this.#rate.elapsedMs;
    if (!this.#map || !this.#isSettled) return;
    if (!this.hasNulls && now > NULLS_WITHIN_MS) this.#say("warn", NO_NULLS);
    if (this.#debt > MAX_DEBT) return this.#say("warn", TOO_FEW_NULLS);
    if (now >= this.#aitDue) {
      this.#aitDue = now + AIT_INTERVAL_MS;
      this.#send(this.#carriers.ait());
    }
    if (this.#repetition) this.#sendAgain(this.#repetition, now);
  }

  #sendAgain(repetition: Repetition, now: number): void {
    const next = REPETITIONS_MS[repetition.done];
    if (next === undefined) this.#repetition = undefined;
    else if (now - repetition.since >= next) {
      repetition.done++;
      this.#send(this.#carriers.streamEventOf(repetition.indication));
    }
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
/** Pictures are reordered by less than this, 90 kHz: what jumps back further is another time. */
const REORDER_TICKS = 2 * 90_000;
/** Different messages that are remembered as said. */
const MAX_SAID = 100;

/** Whether a section begins and ends in this packet. */
function hasWholeSection(packet: Uint8Array, at: number): boolean {
  const section = payloadAt(packet, at) + 1 + packet[payloadAt(packet, at)]!;
  const end = at + PACKET_BYTES;
  return section + 3 <= end && section + 3 + (u16At(packet, section + 1) & 0x0fff) <= end;
}

function sameEntries(a: Programmes, b: Programmes): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
