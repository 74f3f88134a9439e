import type { Watermark } from "../coverage.ts";

/** A document of a peer, by its own last word. */
export interface HeardState {
  /** A state vector, as Yjs writes it. */
  readonly vector: Uint8Array;
  /** Digest of its deletions. */
  readonly deletions: Uint8Array;
}

/** An update of a peer that could not be let in, since something before it is missing here. */
export interface HeardGap {
  /** Yjs client → the clock from which its structs went on. */
  readonly from: ReadonlyMap<number, number>;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * What a peer last said of itself, kept when its link closes: who asks then is told since when nothing is known. Holds
 * on to what came, and works nothing out.
 */
export class Heard {
  /** When it last compared itself with us, ms since 1970; 0 where it never did. */
  at = 0;
  /** Show → coverage. */
  readonly covers = new Map<string, Watermark>();
  readonly states = new Map<string, HeardState>();
  /** Document → the last gap. */
  readonly gaps = new Map<string, HeardGap>();
}
