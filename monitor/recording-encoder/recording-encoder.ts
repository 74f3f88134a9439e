import type { Clock } from "../../crdt/ports.ts";
import type { Cue, CueEncoder } from "../cue.ts";
import type { CueJournal, JournalledCue } from "./journal.ts";

/** The content encoder where there is no video: writes down each cue that would have gone into the signal, once. */
export class RecordingEncoder implements CueEncoder {
  readonly #journal: CueJournal;
  readonly #clock: Clock;
  /** Injections of cues that were known already. */
  duplicates = 0;

  constructor(journal: CueJournal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  async inject(cue: Cue): Promise<void> {
    const known = this.#journal.find(cue.id);
    if (!known) return this.#journal.append({ cue, takenAt: this.#clock.now() });
    if (known.cue.eventId !== cue.eventId)
      throw new Error(`cue ${cue.id} comes with event id ${cue.eventId}, and came with ${known.cue.eventId} before`);
    this.duplicates += 1;
    // It may be written and not yet on the disk.
    await this.#journal.sync();
  }

  cues(): readonly JournalledCue[] {
    return this.#journal.cues();
  }

  close(): void {
    this.#journal.close();
  }
}
