/** What a provider is asked to take from a viewer. */
export interface Charge {
  /** The order's id, for ever: whatever happens, a provider that has it charges it no second time. */
  readonly reference: string;
  readonly show: string;
  readonly product: string;
  readonly quantity: number;
  /** In the currency's smallest unit. */
  readonly amount: number;
  readonly currency: string;
  /** Whose money it is: the subject that the broadcaster vouches for. */
  readonly account: string;
  /** What the viewer entered: name, address. */
  readonly details: Readonly<Record<string, string>>;
  /** To be compared with the account's; only where the product is confirmed with it. */
  readonly pin?: string;
}

/** What a provider has in its books under a reference. */
export type Booking =
  | { readonly state: "charged" | "refunded"; readonly amount: number; readonly currency: string }
  /** It will not be charged, also later. `reason`: a slug. */
  | { readonly state: "refused"; readonly reason: string }
  | { readonly state: "absent" };

/** A line of a provider's books. */
export interface BookedCharge {
  readonly reference: string;
  readonly state: "charged" | "refunded";
  readonly amount: number;
  readonly currency: string;
}

/**
 * Who takes the money. Whatever a call rejects with, what it asked for may have happened: unknown is not failed, and
 * only `find` tells.
 */
export interface Provider {
  /** Charges, unless the reference is known: then says what is booked under it. */
  charge(charge: Charge): Promise<Booking>;
  find(reference: string): Promise<Booking>;
  /** Gives the money back; a reference that was never charged is closed: a charge that comes later is refused. */
  refund(reference: string): Promise<Booking>;
  /** Everything booked for a show. */
  list(show: string): Promise<readonly BookedCharge[]>;
}
