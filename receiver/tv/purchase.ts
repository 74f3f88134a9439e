import type { OrderAnswer } from "../../edge/answers.ts";
import type { Placing } from "./counter.ts";

/**
 * The order that this receiver is placing, or placed last:
 *
 *     sending ── 202 ──► placed: the order itself says what becomes of it
 *      │   ▲ └── no ───► refused
 *      ▼   │
 *     unconfirmed: too old to be sent without a word, or its PIN is gone with the power
 */
export interface Purchase {
  /** Its own for ever, also where it is sent again: so it is one order, however often it arrives. */
  readonly key: string;
  readonly product: string;
  readonly quantity: number;
  /** When it was confirmed, ms since 1970 by an edge's clock. */
  readonly at: number;
  is: "sending" | "unconfirmed" | "placed" | "refused";
  /** When placed. */
  id?: string;
  /** When refused: the edge's code for why. */
  why?: string;
  /** A try had no answer, and may have arrived all the same. */
  isUnsure?: boolean | undefined;
}

export function isOver(order: OrderAnswer): boolean {
  return order.state !== "received" && order.state !== "reserved";
}

export function isFor(purchase: Purchase, placing: Placing): boolean {
  return purchase.product === placing.product && purchase.quantity === placing.quantity;
}
