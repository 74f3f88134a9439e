import type { CueIndication } from "../indication.ts";
import { distance, PTS_WRAP } from "../signal/packet.ts";
import type { ListedCue, ListedSegment, LivePlaylist } from "./playlist.ts";
import type { Segment } from "./segmenter.ts";

/** Segments that the playlist names: at 1 s each, what a slow player may be behind. */
export const LISTED_SEGMENTS = 12;
/** Segments that stay after the playlist has stopped naming them, as RFC 8216, 6.2.2 wants it: a playlist's length. */
export const KEPT_SEGMENTS = LISTED_SEGMENTS;

const TICKS_A_MS = 90;

/** What the playlist is when a segment has been added. */
export interface Added {
  readonly uri: string;
  /** Names whose files nobody can ask for any more. */
  readonly obsolete: readonly string[];
}

/**
 * What a live playlist names: which segments, at what times, and the cues among them. Times are those of the wall clock
 * when the first picture came, and go on by the pictures' own.
 */
export class LiveWindow {
  readonly #life: string;
  readonly #now: () => number;
  #sequence: number;
  #discontinuities: number;
  #targetDuration: number;
  #segments: ListedSegment[];
  #kept: string[] = [];
  #cues: ListedCue[] = [];
  #count = 0;
  /** The date of a PTS that has come by. */
  #anchor: { readonly pts: number; readonly date: number } | undefined;

  /** `life` makes names that no earlier life has used. `before`: what the last one left. */
  constructor(life: string, now: () => number, target: number, before?: Omit<LivePlaylist, "cues">) {
    this.#life = life;
    this.#now = now;
    this.#sequence = before?.sequence ?? 0;
    this.#discontinuities = before?.discontinuities ?? 0;
    this.#targetDuration = Math.max(before?.targetDuration ?? 0, Math.ceil(target));
    this.#segments = [...(before?.segments ?? [])];
  }

  get playlist(): LivePlaylist {
    return {
      sequence: this.#sequence,
      discontinuities: this.#discontinuities,
      targetDuration: this.#targetDuration,
      segments: this.#segments,
      cues: this.#cues,
    };
  }

  add({ pts, duration, isFresh }: Segment): Added {
    if (isFresh || !this.#anchor) this.#anchor = { pts, date: this.#now() - duration * 1000 };
    const uri = `${this.#life}-${this.#count++}.ts`;
    const listed = {
      uri,
      duration,
      date: this.#dateOf(pts),
      isFresh: isFresh && this.#sequence + this.#segments.length > 0,
    };
    this.#anchor = { pts, date: listed.date };
    this.#segments.push(listed);
    this.#targetDuration = Math.max(this.#targetDuration, Math.round(duration));
    return { uri, obsolete: this.#shorten() };
  }

  /** False where no picture has come yet, so that the cue has no date. */
  announce(indication: CueIndication, pts: number, section: Uint8Array): boolean {
    if (!this.#anchor) return false;
    const isKnown = this.#cues.some((listed) => listed.indication.payload.cue === indication.payload.cue);
    if (!isKnown) this.#cues.push({ indication, date: this.#dateOf(pts), section });
    return !isKnown;
  }

  #dateOf(pts: number): number {
    const { pts: known, date } = this.#anchor!;
    return Math.round(date + distance(known, pts, PTS_WRAP) / TICKS_A_MS);
  }

  #shorten(): string[] {
    while (this.#segments.length > LISTED_SEGMENTS) {
      const gone = this.#segments.shift()!;
      this.#sequence++;
      if (gone.isFresh) this.#discontinuities++;
      this.#kept.push(gone.uri);
    }
    const first = this.#segments[0]!.date;
    this.#cues = this.#cues.filter(({ indication, date }) => date + indication.payload.durationMs >= first);
    return this.#kept.splice(0, Math.max(0, this.#kept.length - KEPT_SEGMENTS));
  }
}
