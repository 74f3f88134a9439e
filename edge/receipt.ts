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
