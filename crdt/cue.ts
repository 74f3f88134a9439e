/**
 * The indication that is put into the video signal: what receivers show, and the names by which everyone who hears of it
 * twice can tell.
 */
export interface Cue {
  /**
   * 32 lower-case hexadecimal digits: the first half of SHA-256 over show, threshold and epoch. The same whoever works
   * it out, so two watchers that see one crossing speak of one cue.
   */
  readonly id: string;
  /** `splice_event_id` of SCTE 35 and 104: 32 bits, above 0, reserved when the threshold is armed. */
  readonly eventId: number;
  readonly show: string;
  readonly threshold: string;
  /** Which firing of the threshold this is, from 1. */
  readonly epoch: number;
  readonly message: CueMessage;
  /** How long receivers show it, ms. */
  readonly durationMs: number;
  /** When the threshold fired, milliseconds since 1970. */
  readonly firedAt: number;
}

/** What a cue brings to the screen: a line of text, or something that the show has published. */
export type CueMessage =
  | { readonly kind: "text"; readonly text: string }
  /** `content` is the id of a page or picture on the board. */
  | { readonly kind: "content"; readonly content: string };
