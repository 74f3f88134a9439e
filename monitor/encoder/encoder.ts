import type { World } from "../../crdt/ports.ts";
import { type Indication, keyOf, leadOf, lifeOf, readIndication, type Refused } from "./indication.ts";
import type { JournalRecord } from "./journal.ts";
import { decodeMessage, type MultipleMessage } from "./scte104/message.ts";
import { RESULT } from "./scte104/reader.ts";
import type { Answer } from "./scte104/server.ts";

/** Where records become durable: a journal, and a standby's. */
export interface Durable {
  append(record: JournalRecord): Promise<void>;
}

/** Where indications go into the signal. */
export interface Signal {
  insert(indication: Indication): void;
}

export interface EncoderOptions {
  /** Four characters that mark our own UPIDs. */
  readonly formatIdentifier: string;
}

/** Cues whose time is further away than this are refused: timers hold no more, and it is a mistake, ms. */
export const MAX_AHEAD_MS = 24 * 60 * 60 * 1000;

/**
 * Takes what automation systems ask for: first into the journal, then into the signal; a cue that comes again is known.
 * What the journal has and whose time has not passed goes out again after a crash, under the same event id.
 */
export class Encoder {
  readonly #options: EncoderOptions;
  readonly #durable: Durable;
  readonly #signal: Signal;
  readonly #world: World;
  readonly #known = new Map<string, Promise<void>>();
  #number = 0;

  constructor(options: EncoderOptions, durable: Durable, signal: Signal, world: World) {
    this.#options = options;
    this.#durable = durable;
    this.#signal = signal;
    this.#world = world;
  }

  /** Takes up what an earlier life, or the encoder that this one stands in for, has left. */
  resume(records: readonly JournalRecord[]): void {
    const now = this.#world.clock.now();
    for (const record of records) {
      this.#number = Math.max(this.#number, record.number);
      if (record.key !== null) this.#known.set(record.key, Promise.resolve());
      if (record.until <= now) continue;
      const indication = this.#read(record);
      if (!indication) continue;
      this.#world.log("info", "a cue goes out again: its time has not passed", {
        key: record.key,
        number: record.number,
      });
      this.#schedule(remaining(indication, record.until - now), record.at);
    }
  }

  /** Resolves once the message is durable and, where its time has come, in the signal. */
  async take(message: MultipleMessage, bytes: Uint8Array): Promise<Answer> {
    const indication = readIndication(message, this.#options.formatIdentifier, this.#number + 1);
    if (!indication) return { result: RESULT.successful, sections: 0 };
    if ("refused" in indication) return this.#refuse(indication);
    const now = this.#world.clock.now();
    const at = (message.time.type === "utc" ? message.time.at : now) + leadOf(message, indication);
    const until = at + lifeOf(indication);
    if (message.time.type === "utc" && until < now)
      return this.#refuse({ refused: RESULT.tooLate, reason: `it is ${now - until} ms late` });
    if (at - now > MAX_AHEAD_MS)
      return this.#refuse({ refused: RESULT.rejected, reason: `it is ${at - now} ms ahead` });
    const key = keyOf(indication) ?? null;
    const known = key === null ? undefined : this.#known.get(key);
    if (known) {
      await known;
      return { result: RESULT.successful, sections: 0 };
    }
    await this.#keep({ number: ++this.#number, at, until, key, message: bytes });
    this.#schedule(indication, at);
    return { result: RESULT.successful, sections: 1 };
  }

  /** Whoever brings the same cue meanwhile waits for the same fsync. */
  async #keep(record: JournalRecord): Promise<void> {
    const kept = this.#durable.append(record);
    const { key } = record;
    if (key !== null) this.#known.set(key, kept);
    try {
      await kept;
    } catch (error) {
      if (key !== null) this.#known.delete(key);
      throw error;
    }
  }

  #schedule(indication: Indication, at: number): void {
    const wait = at - this.#world.clock.now();
    if (wait <= 0) this.#emit(indication);
    else this.#world.timers.after(wait, () => this.#emit(indication));
  }

  #emit(indication: Indication): void {
    try {
      this.#signal.insert(indication);
    } catch (error) {
      this.#world.log("error", "a cue did not get into the signal", { key: keyOf(indication), error: String(error) });
    }
  }

  #read({ message, number, key }: JournalRecord): Indication | undefined {
    const decoded = decodeMessage(message);
    const read =
      decoded.kind === "multiple" ? readIndication(decoded, this.#options.formatIdentifier, number) : undefined;
    if (read && !("refused" in read)) return read;
    this.#world.log("error", "a record of the journal is no cue", { number, key });
    return undefined;
  }

  #refuse({ refused, reason }: Refused): Answer {
    this.#world.log("warn", "a SCTE 104 message was refused", { result: refused, reason });
    return { result: refused, sections: 0 };
  }
}

/** A splice that is due in `ms` is no further away for having been asked for earlier. */
function remaining(indication: Indication, ms: number): Indication {
  return indication.kind === "cue" || indication.preRoll === undefined ? indication : { ...indication, preRoll: ms };
}
