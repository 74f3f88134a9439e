import type { Load } from "./load.ts";
import type { Place } from "./place.ts";

/** An edge as steering sees it. */
export interface Candidate {
  readonly edge: string;
  readonly region: string;
  /** Address that receivers use, e.g. "https://fra.example.org". */
  readonly address: string;
  readonly place?: Place;
  /** What its operator wants, or it says itself: no word of its health. */
  readonly admin: AdminState;
  readonly health: "up" | "down";
  /** Left out where nothing fresh is known. */
  readonly load?: Load;
  /** Shards that it keeps; left out, all of them. */
  readonly shards?: readonly number[];
}

/** Draining: it still answers those it has, and nobody new is sent to it while there is another. Down: never. */
export type AdminState = "up" | "draining" | "down";

/** Who asks, and what chance has in store. */
export interface Ask {
  /** Where the receiver is, as far as known. */
  readonly place?: Place;
  /** The receiver's shard; left out where it is not known, as in DNS. */
  readonly shard?: number;
  /** Uniform in [0, 1), a new one at each call. */
  readonly draw: () => number;
  /** Running number of asks, for taking turns. */
  readonly turn: number;
}
