import type { Watermark } from "./coverage.ts";

/** How far the recorder has come. */
export interface Watermarks {
  /** Chain → last sequence that is committed in the permanent database. */
  readonly recorded: Watermark;
  /** Chain → last sequence that may be missing from the ledger. */
  readonly pruned: Watermark;
  /** Shard's document → Yjs client → clock below which the recorder deletes: what the guard judges deletions by. */
  readonly deletable: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export const NO_WATERMARKS: Watermarks = { recorded: {}, pruned: {}, deletable: {} };
