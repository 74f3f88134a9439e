import type { FiredCue } from "../../crdt/threshold.ts";

/**
 * Where cues are latched, and wait until the encoder has them: the permanent database. What is latched first stands, and
 * a cue fires because it is latched, never the other way round.
 */
export interface CueLatch {
  /** The event id of a firing, reserved the first time that it is asked for. Durable when it resolves. */
  reserve(show: string, threshold: string, epoch: number): Promise<number>;
  /**
   * Latches `fired` unless its epoch is latched, and returns the one that stands. Durable when it resolves; whatever it
   * rejects with, it may be latched, and latching it again tells.
   */
  latch(fired: FiredCue): Promise<FiredCue>;
  /** Cues of a show that the encoder has not confirmed, oldest first. */
  pending(show: string): Promise<FiredCue[]>;
  /** Notes that the encoder has a cue, by its id. */
  confirm(id: string, at: number): Promise<void>;
}
