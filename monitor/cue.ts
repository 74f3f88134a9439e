import type { Cue } from "../crdt/cue.ts";

export type { Cue, CueMessage } from "../crdt/cue.ts";

/** The content encoder as whoever has cues sees it, over a link of its own. */
export interface CueEncoder {
  /**
   * Resolves once the encoder has the cue on its own disk: it goes into the video signal once, however often it is
   * injected. Rejects where it cannot be told whether the encoder has it: inject it again, unchanged.
   */
  inject(cue: Cue): Promise<void>;
}
