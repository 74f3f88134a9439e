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
export type OrderRecord = PlacedOrder | { readonly outcome: Outcome };

interface PlacedOrder {
  readonly order: KnownOrder;
  readonly edge: string;
}

interface Entry {
  /** By digest: several where a receiver said one thing here and another there, under one key. */
  readonly orders: Map<string, PlacedOrder>;
  outcome?: Outcome;
}

/**
 * The orders of one shard folded. Of the outcomes under an id the one with the greatest (step, time, state, digest)
 * stands; of the orders the one that the processor has taken, as the outcome says, and before that the first by (time,
 * edge, digest): a function of the set taken, whatever the order of arrival.
 */
export class OrderBook {
  readonly #entries = new Map<string, Entry>();
  /** Receiver → ids of its orders. */
  readonly #byReceiver = new Map<string, Set<string>>();
  readonly #states = noOrders();

  take({ id, hi, lo, product, quantity, digest, time }: KnownOrder, edge: string): void {
    const placed = { order: { id, hi, lo, product, quantity, digest, time }, edge };
    this.#change(id, ({ orders }) => {
      const known = orders.get(digest);
      if (!known || isBefore(placed, known)) orders.set(digest, placed);
    });
    this.#note(placed.order);
  }

  takeOutcome(outcome: Outcome): void {
    this.#change(outcome.id, (entry) => {
      if (!entry.outcome || isAfter(outcome, entry.outcome)) entry.outcome = outcome;
    });
  }

  takeRecord(record: OrderRecord): void {
    if ("outcome" in record) this.takeOutcome(record.outcome);
    else this.take(record.order, record.edge);
  }

  /** The order of that id; undefined while nothing, or only an outcome of one that is not here, has arrived. */
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
    for (const { orders, outcome } of this.#entries.values()) {
      yield* orders.values();
      if (outcome) yield { outcome };
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  #change(id: string, change: (entry: Entry) => void): void {
    const entry = this.#entries.get(id) ?? { orders: new Map() };
    this.#entries.set(id, entry);
    const before = standing(entry);
    change(entry);
    const after = standing(entry);
    if (before) this.#states[before.state] -= 1;
    if (after) this.#states[after.state] += 1;
  }

  #note({ id, hi, lo }: KnownOrder): void {
    const key = receiverKey(hi, lo);
    const ids = this.#byReceiver.get(key) ?? new Set();
    this.#byReceiver.set(key, ids.add(id));
  }
}

function noOrders(): Record<StandingOrder["state"], number> {
  return { received: 0, reserved: 0, confirmed: 0, rejected: 0, cancelled: 0 };
}

function standing({ orders, outcome }: Entry): StandingOrder | undefined {
  const placed = outcome ? orders.get(outcome.digest) : firstOf(orders);
  if (!placed) return undefined;
  const { state, step, reason } = outcome ?? ({ state: "received", step: 0, reason: "" } as const);
  return { ...placed, state, step, reason };
}

function firstOf(orders: ReadonlyMap<string, PlacedOrder>): PlacedOrder | undefined {
  return [...orders.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1))[0];
}

function isBefore(a: PlacedOrder, b: PlacedOrder): boolean {
  if (a.order.time !== b.order.time) return a.order.time < b.order.time;
  if (a.edge !== b.edge) return a.edge < b.edge;
  return a.order.digest < b.order.digest;
}

function isAfter(a: Outcome, b: Outcome): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.time !== b.time) return a.time > b.time;
  if (a.state !== b.state) return a.state > b.state;
  return a.digest > b.digest;
}

function receiverKey(hi: number, lo: number): string {
  return `${hi}/${lo}`;
}
