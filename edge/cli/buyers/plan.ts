import { Dice } from "../audience/dice.ts";
import type { Transport } from "../audience/plan.ts";

/** Parts of the buyers, 0 to 1 each, by what they do. */
export interface BuyerShares {
  /** Is told on a WebSocket what becomes of its order; the others ask over HTTP. */
  readonly ws: number;
  /** Sends an order again that was acknowledged, as a thumb does that presses twice. */
  readonly retry: number;
  /** Waits for its outcome at another edge than the one that took its order. */
  readonly move: number;
}

/** All that one buyer means to do, drawn from the seed before anything is sent. */
export interface BuyerPlan {
  readonly subject: string;
  /** The order's own UUID: whatever happens, it is sent under this one. */
  readonly key: string;
  readonly quantity: number;
  readonly transport: Transport;
  /** Its first edge. */
  readonly edge: number;
  readonly repeats: boolean;
  readonly moves: boolean;
}

export interface PlanningRules {
  readonly seed: number;
  readonly edges: number;
  readonly mostAtOnce: number;
  readonly shares: BuyerShares;
}

/** What buyer `number` of those with this seed does. */
export function planBuyer(number: number, { seed, edges, mostAtOnce, shares }: PlanningRules): BuyerPlan {
  const dice = Dice.for(seed, number);
  return {
    subject: `buyer-${seed}-${number}`,
    key: uuidOf(dice),
    quantity: 1 + dice.below(mostAtOnce),
    transport: dice.chance(shares.ws) ? "ws" : "http",
    edge: dice.below(edges),
    repeats: dice.chance(shares.retry),
    moves: dice.chance(shares.move),
  };
}

/** RFC 9562, 5.4: version 4 and the variant, the rest by the dice. */
function uuidOf(dice: Dice): string {
  const hex = Array.from({ length: 32 }, () => dice.below(16).toString(16)).join("");
  const variant = (8 + dice.below(4)).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
