import type { AddressBytes } from "./address.ts";
import type { Networks } from "./networks.ts";
import type { Place } from "./place.ts";

/** Where an address is, as far as the operator's data can tell. */
export interface Located {
  readonly place?: Place;
  /** Every address that shares so many bits is at the same place. */
  readonly bits: number;
  /** Whose word it is. */
  readonly source: string;
}

export interface Locator {
  (address: AddressBytes): Located;
}

/** The operator's own networks first, then what a database says. */
export function locatorOf(networks: Networks<Place>, database?: Locator): Locator {
  return (address) => {
    const own = networks.find(address);
    if (own.value) return { place: own.value, bits: own.bits, source: "a configured network" };
    const found = database?.(address) ?? { bits: 0, source: "no data" };
    return { ...found, bits: Math.max(own.bits, found.bits) };
  };
}
