import type { Replica } from "../../crdt/replica.ts";
import type { Final, Poll } from "../../crdt/show.ts";
import type { Machine, Program } from "./machine.ts";
import type { Deed } from "./producer.ts";
import type { Receiver } from "./receiver.ts";
import type { Stage } from "./stage.ts";
import type { Truth } from "./truth.ts";

/** What a run is judged by. */
export interface Scene {
  readonly stage: Stage;
  readonly truth: Truth;
  readonly polls: readonly Poll[];
  readonly receivers: readonly Receiver[];
  readonly deeds: readonly Deed[];
  /** The results in the permanent database. */
  readonly latched: ReadonlyMap<string, Final>;
  /**
   * Of two at once Yjs keeps the watermarks of one. What the other said that it deletes may be known to nobody then, and
   * where a replica lacks it, guards refuse it for good: coverage and counts agree all the same, ledgers may not.
   */
  readonly recorders: number;
  /** Programs that run now. */
  running(): readonly Program[];
  /** Machines whose programs must be there and agree when all has come to rest. */
  required(): readonly Machine[];
  /** Whether this boot's disk is still there, and will be read again. */
  mayReturn: (boot: string) => boolean;
  /** Whether this boot was told, before it ended, that no result waits for it. */
  hasLeft: (boot: string) => boolean;
  /** The show's key, as `receiverId` takes it. */
  keyOf: (replica: Replica) => string;
}
