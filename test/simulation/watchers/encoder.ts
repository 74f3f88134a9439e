import type { Cue, CueEncoder } from "../../../monitor/cue.ts";
import type { CueJournal, JournalledCue } from "../../../monitor/recording-encoder/journal.ts";
import { RecordingEncoder } from "../../../monitor/recording-encoder/recording-encoder.ts";
import type { Dice } from "../dice.ts";
import { Life } from "../life.ts";
import type { Network } from "../network.ts";
import type { Stage } from "../stage.ts";

export const ENCODER = "encoder";
const SYNC_MS = 3;
/** How long a watcher waits for the encoder's answer, ms. */
const TIMEOUT_MS = 2000;
const RESTART_MS = 400;
/** Chance of an answer to be lost on its way. */
const LOST_ANSWERS = 0.05;

/** The encoder on a machine that may crash, as watchers reach it over the network. Its disk is what the judge reads. */
export class EncoderMachine {
  readonly disk: JournalledCue[] = [];
  readonly #stage: Stage;
  readonly #network: Network;
  readonly #onjournalled: (entry: JournalledCue) => void;
  readonly #dice: Dice;
  #lives = 0;
  #life: Life | undefined;
  #encoder: RecordingEncoder | undefined;

  constructor(stage: Stage, network: Network, onjournalled: (entry: JournalledCue) => void) {
    this.#stage = stage;
    this.#network = network;
    this.#onjournalled = onjournalled;
    this.#dice = stage.dice(ENCODER);
  }

  start(): void {
    const clock = { now: () => this.#stage.time.now };
    const life = new Life(this.#stage, ENCODER, ++this.#lives, clock);
    this.#life = life;
    this.#encoder = new RecordingEncoder(new SimJournal(this.disk, life, this.#onjournalled), clock);
    life.onend(() => this.#stage.after(RESTART_MS, () => this.start()));
  }

  kill(): void {
    this.#life?.end("killed");
  }

  /** As one watcher's process reaches it. */
  of(life: Life): CueEncoder {
    return { inject: (cue) => this.#inject(life, cue) };
  }

  #inject(life: Life, cue: Cue): Promise<void> {
    return new Promise((resolve, reject) => {
      // The message leaves; the process that sent it may be dead before it arrives.
      if (!life.reach("before a frame")) return;
      this.#stage.after(TIMEOUT_MS, () => life.run(() => reject(new Error("the encoder does not answer"))));
      this.#stage.after(this.#network.delay(), () => this.#arrive(life, cue, resolve, reject));
    });
  }

  #arrive(life: Life, cue: Cue, resolve: () => void, reject: (error: unknown) => void): void {
    const encoder = this.#encoder;
    const own = this.#life;
    if (!encoder || !own?.alive || this.#network.isBlocked(life.host, ENCODER)) return;
    const isLost = this.#dice.chance(LOST_ANSWERS);
    const answer = (task: () => void) => {
      if (isLost) return this.#stage.saw("the encoder's answer was lost");
      this.#stage.after(this.#network.delay(), () => life.run(task));
    };
    own.run(() => {
      const known = encoder.cues().some(({ cue: { id } }) => id === cue.id);
      if (known) this.#stage.saw("a cue was injected again");
      encoder.inject(cue).then(
        () => answer(resolve),
        (error: unknown) => answer(() => reject(error)),
      );
    });
  }
}

/** A journal on a disk that outlives its process. */
class SimJournal implements CueJournal {
  readonly #disk: JournalledCue[];
  readonly #known: JournalledCue[];
  readonly #life: Life;
  readonly #onjournalled: (entry: JournalledCue) => void;

  constructor(disk: JournalledCue[], life: Life, onjournalled: (entry: JournalledCue) => void) {
    this.#disk = disk;
    this.#known = [...disk];
    this.#life = life;
    this.#onjournalled = onjournalled;
  }

  cues(): readonly JournalledCue[] {
    return this.#known;
  }

  find(id: string): JournalledCue | undefined {
    return this.#known.find(({ cue }) => cue.id === id);
  }

  append(entry: JournalledCue): Promise<void> {
    this.#known.push(entry);
    return new Promise((resolve) => {
      this.#life.stage.after(SYNC_MS, () => {
        if (!this.#life.alive) return;
        this.#disk.push(entry);
        this.#onjournalled(entry);
        if (this.#life.reach("between fsync and acknowledgement")) this.#life.run(resolve);
      });
    });
  }

  sync(): Promise<void> {
    return new Promise((resolve) => this.#life.stage.after(SYNC_MS, () => this.#life.run(resolve)));
  }

  close(): void {}
}
