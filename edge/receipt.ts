import type { Refusal } from "./refusal.ts";

/** "local": in the edge's own durable log. "peer": also on a second replica. */
export type ReceiptLevel = "local" | "peer";

/** An edge's word that a ballot is durable and enters the fold, unless its edge is named lost before it was replicated. */
export interface Receipt {
  /** What a viewer reads out and `redbutton why` takes: `RB-` and six digits of Crockford's base 32. */
  readonly code: string;
  readonly show: string;
  readonly poll: string;
  readonly option: string;
  readonly press: number;
  readonly k: number;
  readonly shard: number;
  readonly edge: string;
  readonly boot: string;
  readonly sequence: number;
  readonly level: ReceiptLevel;
  /** Milliseconds since 1970 by the edge's clock. */
  readonly time: number;
}

/**
 * Is told once what became of a ballot; an error where this edge made a mistake. A function and no promise: thousands of
 * ballots wait for one flush, and what each of them keeps alive meanwhile is paid for when their turn comes.
 */
export type Settle = (answer: Receipt | Refusal | Error) => void;
