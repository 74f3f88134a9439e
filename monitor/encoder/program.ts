import type { World } from "../../crdt/ports.ts";
import type { Source, Target } from "./address.ts";
import { Encoder } from "./encoder.ts";
import { HlsFolder } from "./hls/folder.ts";
import type { Indication } from "./indication.ts";
import { openSource, type StopSource } from "./input/source.ts";
import { CueJournal, type JournalRecord, KEPT_MS } from "./journal.ts";
import { openTarget, type PacketSink } from "./output/target.ts";
import { Injector, type InjectorOptions } from "./scte104/server.ts";
import type { Duty } from "./standby/duty.ts";
import { Placed } from "./placed.ts";
import type { EncoderHealth } from "./status.ts";
import { Partner, type PartnerOptions } from "./standby/partner.ts";
import { sectionOf } from "./stream/carriers.ts";
import { Inserter, type InserterOptions } from "./stream/inserter.ts";
import { PacketFraming } from "./stream/packet-framing.ts";

/** Everything that an encoder is told when it starts. */
export interface ProgramOptions {
  readonly source: Source;
  readonly target: Target;
  readonly scte104: InjectorOptions;
  /** File of the journal. */
  readonly journal: string;
  readonly inserter: InserterOptions;
  readonly hls?: { readonly folder: string; readonly target: number };
  /** Another encoder on the same input; one of the two sends. */
  readonly partner?: PartnerOptions;
}

/** An input that is silent for so long is worth a line, ms. */
const SILENT_INPUT_MS = 2000;
/** How often input and journal are looked after, ms. */
const WATCH_INTERVAL_MS = 1000;

/** A whole encoder: input, insertion, output, the line for cues, the journal, HLS, and a partner where there is one. */
export class EncoderProgram {
  /** What of it is in the signal. */
  readonly placed = new Placed();
  readonly #options: ProgramOptions;
  readonly #world: World;
  readonly #ended = Promise.withResolvers<void>();
  readonly #records: JournalRecord[] = [];
  #journal!: CueJournal;
  #inserter!: Inserter;
  #framing!: PacketFraming;
  #sink!: PacketSink;
  #injector: Injector | undefined;
  #port: number | undefined;
  #hls: HlsFolder | undefined;
  #partner: Partner | undefined;
  #stopSource: StopSource = () => {};
  #inputAt: number;
  #isSilent = false;
  #cancelWatch = () => {};

  private constructor(options: ProgramOptions, world: World) {
    this.#options = options;
    this.#world = world;
    this.#inputAt = world.clock.now();
  }

  static async start(options: ProgramOptions, world: World): Promise<EncoderProgram> {
    const program = new EncoderProgram(options, world);
    await program.#open();
    return program;
  }

  /** Resolves when the input has ended or nobody reads the output any more; rejects where one of them failed. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Where automation systems connect; undefined while the partner is active. */
  get port(): number | undefined {
    return this.#port;
  }

  health(): EncoderHealth {
    const problems = [this.#isSilent ? "no input comes" : undefined, this.#inserter.obstacle, this.#journal.obstacle];
    const said = problems.filter((problem) => problem !== undefined);
    return { ok: said.length === 0, problems: said };
  }

  async stop(): Promise<void> {
    this.#cancelWatch();
    this.#stopSource();
    this.#partner?.stop();
    await this.#injector?.close();
    await this.#sink.close();
    await this.#journal.close();
  }

  async #open(): Promise<void> {
    const { source, target, journal, inserter, partner } = this.#options;
    const opened = await CueJournal.open(journal, this.#world.clock.now());
    this.#journal = opened.journal;
    const { obstacle } = this.#journal;
    if (obstacle !== undefined) this.#world.log("error", "cues are refused until there is room", { obstacle });
    this.#records.push(...opened.records);
    this.#sink = await openTarget(target, {
      onclosed: () => this.#ended.resolve(),
      onfailed: (error) => this.#ended.reject(error),
    });
    this.#inserter = new Inserter(inserter, (packets, from, to) => this.#send(packets, from, to), {
      onevent: (level, says) => this.#world.log(level, "about the stream", { says }),
      onplaced: (indication, pts) => this.#tellPlaced(indication, pts),
    });
    this.#framing = new PacketFraming((packets, from, to) => this.#inserter.push(packets, from, to), {
      onlost: (says) => this.#world.log("error", "about the stream", { says }),
      onfound: (skipped) => this.#world.log("info", "the stream is aligned", { skipped }),
    });
    if (partner) this.#partner = new Partner(partner, this.#partnerEvents(), this.#world);
    await (this.#partner ? this.#partner.start() : this.#activate());
    this.#stopSource = await openSource(source, this.#sourceEvents(), this.#world);
    this.#watch();
  }

  #sourceEvents() {
    return {
      onbytes: (bytes: Uint8Array) => {
        this.#inputAt = this.#world.clock.now();
        this.#framing.push(bytes);
        this.#sink.flush();
        return this.#sink.drained();
      },
      onend: () => this.#end(),
      onfailed: (error: Error) => this.#ended.reject(error),
    };
  }

  #partnerEvents() {
    return {
      onduty: (duty: Duty["is"]) => {
        if (duty === "active") void this.#activate();
        else void this.#deactivate();
      },
      records: () => this.#records.filter(({ until }) => until > this.#world.clock.now() - KEPT_MS),
      onrecord: (record: JournalRecord) => this.#keepOfPartner(record),
    };
  }

  /** Takes the line for cues, and goes on with what stands in the journal. */
  async #activate(): Promise<void> {
    const { hls, scte104, inserter } = this.#options;
    if (hls) this.#hls = new HlsFolder(hls.folder, { target: hls.target, ...programmeOf(inserter) }, this.#world);
    const durable = { append: (record: JournalRecord) => this.#keep(record) };
    const signal = { insert: (indication: Indication) => this.#insert(indication) };
    const encoder = new Encoder(inserter, durable, signal, this.#world);
    const injector = new Injector(scte104, (message, bytes) => encoder.take(message, bytes), this.#world);
    this.#injector = injector;
    encoder.resume(this.#records);
    try {
      this.#port = await injector.listen();
      this.#world.log("info", "encoder is up", { scte104: `${scte104.host}:${this.#port}` });
    } catch (error) {
      this.#ended.reject(error);
      if (!this.#partner) throw error;
    }
  }

  async #deactivate(): Promise<void> {
    this.#port = undefined;
    this.#hls = undefined;
    await this.#injector?.close();
  }

  async #keep(record: JournalRecord): Promise<void> {
    await Promise.all([this.#journal.append(record), this.#partner?.append(record)]);
    this.#records.push(record);
  }

  /** A partner that comes anew says everything again. */
  async #keepOfPartner(record: JournalRecord): Promise<void> {
    const isKnown = this.#records.some(
      ({ number, key, at }) => number === record.number && key === record.key && at === record.at,
    );
    if (isKnown) return;
    await this.#journal.append(record);
    this.#records.push(record);
  }

  #insert(indication: Indication): void {
    this.#inserter.insert(indication);
    this.#sink.flush();
  }

  #send(packets: Uint8Array, from: number, to: number): void {
    if (this.#partner && !this.#partner.isActive) return;
    this.#sink.write(packets, from, to);
    this.#hls?.write(packets, from, to);
  }

  #tellPlaced(indication: Indication, pts: number): void {
    if (indication.kind !== "cue")
      return this.#world.log("info", "an indication is in the signal", { kind: indication.kind, pts });
    const { payload, eventId } = indication;
    const at = this.#world.clock.now();
    const sinceFiredMs = at - payload.firedAt;
    this.placed.note({ show: payload.show, cue: payload.cue, eventId, pts, at });
    this.#world.log("info", "a cue is in the signal", {
      show: payload.show,
      cue: payload.cue,
      eventId,
      pts,
      sinceFiredMs,
    });
    this.#hls?.announce(indication, pts, sectionOf(indication, pts, this.#options.inserter.formatIdentifier));
  }

  #end(): void {
    const rest = this.#framing.end();
    if (rest > 0) this.#world.log("warn", "the input ends within a packet", { bytes: rest });
    if (this.#inserter.obstacle !== undefined)
      this.#world.log("error", "the input ended before cues could go into it", { since: this.#inserter.obstacle });
    this.#ended.resolve();
  }

  #watch(): void {
    this.#cancelWatch = this.#world.timers.after(WATCH_INTERVAL_MS, () => {
      this.#watchInput();
      if (this.#journal.obstacle !== undefined) void this.#retryJournal();
      this.#watch();
    });
  }

  #watchInput(): void {
    const isSilent = this.#world.clock.now() - this.#inputAt >= SILENT_INPUT_MS;
    if (isSilent !== this.#isSilent)
      this.#world.log(isSilent ? "error" : "info", isSilent ? "no input comes" : "input comes again", {});
    this.#isSilent = isSilent;
  }

  /** A disk that was full at the start has room some time; until then its journal says what is wrong. */
  async #retryJournal(): Promise<void> {
    try {
      await this.#journal.begin();
      this.#world.log("info", "the journal can be written: cues are taken", {});
    } catch {
      // As before.
    }
  }
}

function programmeOf({ programme }: InserterOptions): { readonly programme?: number } {
  return programme === undefined ? {} : { programme };
}
