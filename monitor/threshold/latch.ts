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

/** In memory, for tests and the simulation: the maps are the disk. */
export class MemoryLatch implements CueLatch {
  readonly events = new Map<string, number>();
  readonly cues = new Map<string, FiredCue>();
  readonly confirmed = new Map<string, number>();

  reserve(show: string, threshold: string, epoch: number): Promise<number> {
    const key = `${show}/${threshold}/${epoch}`;
    const event = this.events.get(key) ?? this.events.size + 1;
    this.events.set(key, event);
    return Promise.resolve(event);
  }

  latch(fired: FiredCue): Promise<FiredCue> {
    const standing = this.cues.get(fired.cue.id) ?? fired;
    this.cues.set(fired.cue.id, standing);
    return Promise.resolve(standing);
  }

  pending(show: string): Promise<FiredCue[]> {
    const waiting = [...this.cues.values()].filter(({ cue }) => cue.show === show && !this.confirmed.has(cue.id));
    return Promise.resolve(waiting);
  }

  confirm(id: string, at: number): Promise<void> {
    if (!this.confirmed.has(id)) this.confirmed.set(id, at);
    return Promise.resolve();
  }
}
