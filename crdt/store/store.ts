import type { Chain } from "../batch.ts";

/**
 * A replica's durable log. One process owns one store. Implementations run the suite in test/contract/store.ts.
 */
export interface Store {
  /** Everything but the batches; called once, first. */
  load(): Promise<Contents>;
  /**
   * Appends all of `records` in one transaction; durable (fsynced) when it resolves. Appending what is there already
   * changes nothing. Rejects with `StoreFull` when there is no room: then nothing was written and the store works again
   * once there is. Any other rejection leaves the outcome unknown: the caller must end its boot.
   */
  append(records: readonly StoreRecord[]): Promise<void>;
  /** Batches of a show in the order of their appending, or of one chain in the order of their sequence. */
  batches(show: string, range?: BatchRange): AsyncIterable<Uint8Array>;
  /**
   * Replaces what a snapshot makes unnecessary, in one transaction: batches at or below `upTo`, which the snapshot must
   * cover, and all board updates from before the call by those of `board`.
   */
  compact(show: string, compaction: Compaction): Promise<void>;
  close(): Promise<void>;
}

export type StoreRecord =
  | { readonly kind: "batch"; readonly show: string; readonly bytes: Uint8Array }
  /** A Yjs update (V1) of the show's board. */
  | { readonly kind: "board"; readonly show: string; readonly update: Uint8Array }
  | IntroductionRecord
  /** This replica's own boot, written before anything else of it. */
  | { readonly kind: "boot"; readonly boot: string; readonly startedAt: number };

/** A signed introduction of a boot's Yjs clients, as it came. */
export interface IntroductionRecord {
  readonly kind: "introduction";
  readonly member: string;
  readonly boot: string;
  readonly bytes: Uint8Array;
  /** The boot whose introductions go, since there is no room for more. */
  readonly inPlaceOf?: string;
}

export interface Contents {
  /** This replica's boots before now, oldest first. */
  readonly boots: readonly string[];
  readonly introductions: readonly Uint8Array[];
  readonly shows: readonly StoredShow[];
}

export interface StoredShow {
  readonly id: string;
  /** Updates (V1) of its board, oldest first. */
  readonly board: readonly Uint8Array[];
  /** State of the fold at some coverage, to be joined with the batches that follow. */
  readonly snapshot?: Uint8Array;
}

/** `after` exclusive, `upTo` inclusive. */
export interface BatchRange {
  readonly chain: Chain;
  readonly after: number;
  readonly upTo: number;
}

export interface Compaction {
  /** Left out, the one that stands is kept. */
  readonly snapshot?: Uint8Array;
  /** Chain's name → last sequence that may go. */
  readonly upTo: Readonly<Record<string, number>>;
  /** Updates (V1) that are the whole board together, at least one. */
  readonly board: readonly Uint8Array[];
}

/** The disk is full: nothing was written, and the store works again once there is room. */
export class StoreFull extends Error {
  override readonly name = "StoreFull";
}
