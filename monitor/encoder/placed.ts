/** A cue that went into the signal: what those are told who ask afterwards which frame it was. */
export interface PlacedCue {
  readonly show: string;
  /** The cue's id as receivers get it: the first digits of the whole one. */
  readonly cue: string;
  readonly eventId: number;
  /** Presentation time of the first frame that carries it, in 90 kHz, 33 bits (ISO/IEC 13818-1, 2.4.3.7). */
  readonly pts: number;
  /** When it went in, ms since 1970 by the encoder's clock. */
  readonly at: number;
}

/** Cues that are remembered: an evening's. */
export const MAX_PLACED = 256;

/** The last cues that went into the signal, oldest first. */
export class Placed {
  readonly #cues: PlacedCue[] = [];

  note(cue: PlacedCue): void {
    this.#cues.push(cue);
    if (this.#cues.length > MAX_PLACED) this.#cues.shift();
  }

  list(): readonly PlacedCue[] {
    return this.#cues;
  }
}
