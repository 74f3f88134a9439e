import type { Order, OutcomeState } from "../../crdt/order.ts";
import type { Product, ProductSales, StuckOrder } from "../../crdt/shop.ts";

/** An order to be taken into the books, with what it costs. */
export interface PricedOrder {
  readonly order: Order;
  readonly total: number;
  readonly currency: string;
}

/** What the provider is to be asked for, and the claim to it. */
export interface Task {
  readonly order: string;
  readonly action: "charge" | "refund";
  /** Tries so far, this one included. */
  readonly tries: number;
  /** Grows with each claim: a word under an older one changes nothing. */
  readonly fence: number;
  /** When the task came, or was taken up again by an operator, ms since 1970. */
  readonly since: number;
  readonly product: string;
  readonly quantity: number;
  readonly total: number;
  readonly currency: string;
  readonly envelope: Uint8Array;
}

/** How a task ended. */
export interface Ending {
  readonly state: Exclude<OutcomeState, "reserved">;
  readonly reason: string;
}

/** An outcome that the ledger does not have. */
export interface Untold {
  readonly order: string;
  /** Of the order that was taken, of those with this id. */
  readonly digest: string;
  readonly hi: number;
  readonly lo: number;
  readonly step: number;
  readonly state: OutcomeState;
  readonly reason: string;
}

/** An order as the books have it. */
export interface BookedOrder {
  readonly order: string;
  readonly product: string;
  readonly quantity: number;
  readonly total: number;
  readonly currency: string;
  readonly state: OutcomeState;
  readonly reason: string;
  readonly at: number;
}

/**
 * The order processor's books: the permanent database's. Each call is one transaction, and any number of processors may
 * share them. What is committed here is what happened; the ledger is told of it, and the provider asked for it.
 */
export interface OrderBooks {
  /** Puts products on the shelf that are not there. */
  shelve(show: string, products: readonly Product[]): Promise<void>;
  /**
   * Takes orders that are new: with the row goes the stock, or a rejection where there is too little, and the task for
   * the provider. Of two with one id the first that is taken stands.
   */
  take(show: string, orders: readonly PricedOrder[]): Promise<void>;
  /** Claims tasks that are due until `until`; whoever comes meanwhile does not get them. */
  claim(show: string, now: number, until: number, most: number): Promise<readonly Task[]>;
  /** When the next task may be claimed, ms since 1970; undefined where there is none, or only those laid aside. */
  nextDue(show: string): Promise<number | undefined>;
  /** Ends an order: its stock goes back unless it is confirmed. */
  end(task: Task, ending: Ending): Promise<void>;
  /** Lets go of a task until `due`. */
  postpone(task: Task, due: number): Promise<void>;
  /** Lays a task aside for an operator. */
  layAside(task: Task, reason: string, at: number): Promise<void>;
  /**
   * What an operator has decided, once: a decision is known by its time. False where the order is not here, and the
   * decision is for later.
   */
  decide(show: string, order: string, decision: "cancel" | "retry", at: number): Promise<boolean>;
  untold(show: string, most: number): Promise<readonly Untold[]>;
  /** Notes that the ledger has these. */
  told(outcomes: readonly Untold[]): Promise<void>;
  sales(show: string): Promise<Readonly<Record<string, ProductSales>>>;
  stuck(show: string): Promise<readonly StuckOrder[]>;
  /** Every order, oldest first. */
  orders(show: string): Promise<readonly BookedOrder[]>;
}
