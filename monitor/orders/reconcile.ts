import type { BookedOrder } from "./books.ts";
import type { BookedCharge } from "./provider.ts";

/** An order about which our books and the provider's do not agree. */
export interface Difference {
  readonly order: string;
  /** In our books; "absent" where they have none. */
  readonly ours: string;
  readonly theirs: string;
}

/** Our books beside the provider's. Amounts in the currency's smallest unit. */
export interface Reconciliation {
  readonly orders: number;
  /** Currency → what our books say was taken, refunds left out, and what the provider's do. */
  readonly taken: Readonly<Record<string, { readonly ours: number; readonly theirs: number }>>;
  readonly differences: readonly Difference[];
}

/** An order that is still reserved may stand at the provider as charged, or not: its end is on its way. */
export function reconcile(booked: readonly BookedOrder[], charges: readonly BookedCharge[]): Reconciliation {
  const theirs = new Map(charges.map((charge) => [charge.reference, charge]));
  const known = new Set(booked.map(({ order }) => order));
  const differences = booked.flatMap((order) => differenceOf(order, theirs.get(order.order)));
  const strangers = charges
    .filter(({ reference }) => !known.has(reference))
    .map((charge) => ({ order: charge.reference, ours: "absent", theirs: textOf(charge) }));
  return {
    orders: booked.length,
    taken: takenBy(
      booked.filter(({ state }) => state === "confirmed").map(({ total: amount, currency }) => ({ amount, currency })),
      charges.filter(({ state }) => state === "charged"),
    ),
    differences: [...differences, ...strangers],
  };
}

function differenceOf(order: BookedOrder, charge: BookedCharge | undefined): Difference[] {
  if (order.state === "reserved") return [];
  const wanted = order.state === "confirmed" ? `charged ${order.total} ${order.currency}` : "nothing kept";
  const found = charge?.state === "charged" ? textOf(charge) : "nothing kept";
  return wanted === found ? [] : [{ order: order.order, ours: wanted, theirs: found }];
}

function textOf({ state, amount, currency }: BookedCharge): string {
  return `${state} ${amount} ${currency}`;
}

interface Money {
  readonly amount: number;
  readonly currency: string;
}

function takenBy(ours: readonly Money[], theirs: readonly Money[]): Reconciliation["taken"] {
  const currencies = new Set([...ours, ...theirs].map(({ currency }) => currency));
  const sum = (of: readonly Money[], currency: string) =>
    of.reduce((total, money) => total + (money.currency === currency ? money.amount : 0), 0);
  return Object.fromEntries(
    [...currencies].map((currency) => [currency, { ours: sum(ours, currency), theirs: sum(theirs, currency) }]),
  );
}
