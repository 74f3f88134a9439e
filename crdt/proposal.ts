import type { Product } from "./shop.ts";
import type { Poll, Show } from "./show.ts";
import type { Threshold } from "./threshold.ts";

/**
 * A show as an edge wants it. Two edges, on two sides of a partition perhaps, may want one of the same name; of two
 * definitions a document keeps either, and a receiver that has voted under the key of the other would count twice. So
 * the recorder establishes one, for ever, and nothing of a show is there before.
 */
export interface Proposal {
  readonly show: Show;
  readonly polls: readonly Poll[];
  readonly thresholds: readonly Threshold[];
  /** Absent where it sells nothing. */
  readonly products?: readonly Product[];
}

/** Whether what stands is what was wanted, whoever else wanted it too: the key and the moment are nobody's wish. */
export function isSameShow(a: Omit<Proposal, "thresholds">, b: Omit<Proposal, "thresholds">): boolean {
  const wishOf = ({ show, polls, products = [] }: Omit<Proposal, "thresholds">) =>
    JSON.stringify([
      { ...show, created: 0, wrappedKey: "" },
      polls,
      [...products].sort((a, b) => (a.id < b.id ? -1 : 1)),
    ]);
  return wishOf(a) === wishOf(b);
}
