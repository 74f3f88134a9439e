import type { Order, Outcome, OutcomeState } from "./order.ts";

/** An order without its envelope, which nobody but the order processor needs, and which it reads from the batch. */
export type KnownOrder = Omit<Order, "envelope">;

/** An order as it stands: what was ordered, and the processor's last word on it. */
export interface StandingOrder {
  readonly order: KnownOrder;
  readonly edge: string;
  /** "received" until the processor has said something. */
  readonly state: OutcomeState | "received";
  /** The processor's last step; 0 before the first. */
  readonly step: number;
  readonly reason: string;
}

/** How many orders are in which state. */
export type OrderStates = Readonly<Record<StandingOrder["state"], number>>;

export function sumOrders(states: readonly OrderStates[]): OrderStates {
  const sum = noOrders();
  for (const each of states) for (const state of STATES) sum[state] += each[state];
  return sum;
}

const STATES = ["received", "reserved", "confirmed", "rejected", "cancelled"] as const;

/** What a book is made of, for snapshots. */
export type OrderRecord = { readonly order: KnownOrder; readonly edge: string } | { readonly outcome: Outcome };

interface Entry {
  order?: KnownOrder;
  edge?: string;
  outcome?: Outcome;
}

/**
 * The orders of one shard folded. Of two orders with one id the first by (time, edge, digest) stands; of the outcomes
 * the one with the greatest (step, time, state): a function of the set taken, whatever the order of arrival.
 */
export class OrderBook {
  readonly #entries = new Map<string, Entry>();
  /** Receiver → ids of its orders. */
  readonly #byReceiver = new Map<string, Set<string>>();
  readonly #states = noOrders();

  take({ id, hi, lo, product, quantity, digest, time }: KnownOrder, edge: string): void {
    const order = { id, hi, lo, product, quantity, digest, time };
    const entry = this.#entryOf(id);
    if (entry.order && !isBefore(order, edge, entry.order, entry.edge!)) return;
    if (!entry.order) this.#states[stateOf(entry.outcome)] += 1;
    entry.order = order;
    entry.edge = edge;
    this.#note(order);
  }

  takeOutcome(outcome: Outcome): void {
    const entry = this.#entryOf(outcome.id);
    if (entry.outcome && !isAfter(outcome, entry.outcome)) return;
    if (entry.order) this.#states[stateOf(entry.outcome)] -= 1;
    entry.outcome = outcome;
    if (entry.order) this.#states[stateOf(entry.outcome)] += 1;
  }

  takeRecord(record: OrderRecord): void {
    if ("outcome" in record) this.takeOutcome(record.outcome);
    else this.take(record.order, record.edge);
  }

  /** The order of that id; undefined while only its outcome, or nothing, has arrived. */
  get(id: string): StandingOrder | undefined {
    const entry = this.#entries.get(id);
    return entry && standing(entry);
  }

  /** A receiver's orders, oldest first. */
  of(hi: number, lo: number): StandingOrder[] {
    const ids = [...(this.#byReceiver.get(receiverKey(hi, lo)) ?? [])];
    return ids.flatMap((id) => this.get(id) ?? []).sort((a, b) => a.order.time - b.order.time);
  }

  /** Kept, not counted: the gallery asks each second while thousands buy. */
  get states(): OrderStates {
    return this.#states;
  }

  *orders(): Generator<StandingOrder> {
    for (const entry of this.#entries.values()) {
      const found = standing(entry);
      if (found) yield found;
    }
  }

  /** Everything that the book stands for. */
  *records(): Generator<OrderRecord> {
    for (const { order, edge, outcome } of this.#entries.values()) {
      if (order) yield { order, edge: edge! };
      if (outcome) yield { outcome };
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  #entryOf(id: string): Entry {
    const known = this.#entries.get(id);
    if (known) return known;
    const entry: Entry = {};
    this.#entries.set(id, entry);
    return entry;
  }

  #note({ id, hi, lo }: KnownOrder): void {
    const key = receiverKey(hi, lo);
    const ids = this.#byReceiver.get(key) ?? new Set();
    this.#byReceiver.set(key, ids.add(id));
  }
}

function stateOf(outcome: Outcome | undefined): StandingOrder["state"] {
  return outcome?.state ?? "received";
}

function noOrders(): Record<StandingOrder["state"], number> {
  return { received: 0, reserved: 0, confirmed: 0, rejected: 0, cancelled: 0 };
}

function standing({ order, edge, outcome }: Entry): StandingOrder | undefined {
  if (!order || edge === undefined) return undefined;
  return {
    order,
    edge,
    state: stateOf(outcome),
    step: outcome?.step ?? 0,
    reason: outcome?.reason ?? "",
  };
}

function isBefore(a: KnownOrder, aEdge: string, b: KnownOrder, bEdge: string): boolean {
  if (a.time !== b.time) return a.time < b.time;
  if (aEdge !== bEdge) return aEdge < bEdge;
  return a.digest < b.digest;
}

function isAfter(a: Outcome, b: Outcome): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.time !== b.time) return a.time > b.time;
  return a.state > b.state;
}

function receiverKey(hi: number, lo: number): string {
  return `${hi}/${lo}`;
}
