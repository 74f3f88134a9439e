import type { OrderAnswer } from "../../answers.ts";
import type { SellingAnswer } from "../../selling-answers.ts";
import type { ProductSales } from "../../../crdt/shop.ts";
import type { BookedOrder } from "../../../monitor/orders/books.ts";
import type { BookedCharge } from "../../../monitor/orders/provider.ts";
import { reconcile, type Reconciliation } from "../../../monitor/orders/reconcile.ts";
import type { BuyerLine } from "../buyers/books.ts";
import { moneyText } from "../money.ts";

/** Everything that is compared, each read from whoever has it. */
export interface SaleSources {
  readonly show: string;
  readonly products: readonly { readonly id: string; readonly stock: number }[];
  /** What receivers were told. */
  readonly buyers: readonly BuyerLine[];
  /** The order processor's database. */
  readonly booked: readonly BookedOrder[];
  readonly shelf: Readonly<Record<string, ProductSales>>;
  /** The provider's books. */
  readonly charges: readonly BookedCharge[];
  readonly edges: readonly { readonly name: string; readonly orders: SellingAnswer["orders"] }[];
}

/** Currency → a sum in its smallest unit. */
export type Sums = Readonly<Record<string, number>>;

/** What one of them has: orders by state, and money taken; undefined where it does not know. */
export interface SaleRow {
  readonly source: string;
  readonly orders: number | undefined;
  readonly states: Readonly<Partial<Record<OrderAnswer["state"], number>>>;
  readonly taken: Sums | undefined;
}

export interface ShelfRow extends ProductSales {
  readonly product: string;
  readonly stock: number;
}

/** A sale, compared. */
export interface SaleReport {
  readonly show: string;
  /** Nothing differs, and every order is over. */
  readonly ok: boolean;
  readonly rows: readonly SaleRow[];
  readonly shelves: readonly ShelfRow[];
  /** All that is not as it has to be, a line each. */
  readonly differences: readonly string[];
}

/** Receivers beside the database, the database beside the provider's books and every edge, and what is left of each product. */
export function compareSale(sources: SaleSources): SaleReport {
  const { show, products, buyers, booked, shelf, charges, edges } = sources;
  const reconciliation = reconcile(booked, charges);
  const shelves = products.map(({ id, stock }) => ({ product: id, stock, ...(shelf[id] ?? NEVER_SHELVED) }));
  const byId = new Map(booked.map((order) => [order.order, order]));
  const differences = [
    ...buyers.flatMap((line) => buyerDifferences(line, byId)),
    ...booked.filter(({ state }) => state === "reserved").map(({ order }) => `order ${order} is not over: reserved`),
    ...providerDifferences(reconciliation, charges),
    ...shelves.flatMap(shelfDifferences),
    ...edges.flatMap(({ name, orders }) => edgeDifferences(name, orders, booked)),
  ];
  return { show, ok: differences.length === 0, rows: rowsOf(sources), shelves, differences };
}

const NEVER_SHELVED: ProductSales = { left: 0, reserved: 0, confirmed: 0 };

function buyerDifferences({ buyer, end }: BuyerLine, booked: ReadonlyMap<string, BookedOrder>): string[] {
  if (end.is === "refused") return [];
  if (end.is === "unknown") return [`${buyer} never heard whether its order was taken`];
  const found = booked.get(end.order.id);
  const [told, has] = [textOf(end.order), found ? textOf(found) : "nothing"];
  return told === has ? [] : [`${buyer} was told ${told} of order ${end.order.id}, and the database has ${has}`];
}

function textOf({
  state,
  total,
  currency,
  quantity,
  product,
}: Omit<BookedOrder, "order" | "reason" | "at"> | OrderAnswer) {
  return `${state}: ${quantity} × ${product} for ${moneyText(total, currency)}`;
}

/** By order, and by sum: a provider that booked an order twice shows in the sum alone. */
function providerDifferences({ differences, taken }: Reconciliation, charges: readonly BookedCharge[]): string[] {
  const byReference = Map.groupBy(charges, ({ reference }) => reference);
  const twice = [...byReference].filter(([, booked]) => booked.length > 1);
  return [
    ...differences.map(({ order, ours, theirs }) => `order ${order}: the database has ${ours}, the provider ${theirs}`),
    ...twice.map(([reference]) => `order ${reference}: the provider has it more than once`),
    ...Object.entries(taken)
      .filter(([, { ours, theirs }]) => ours !== theirs)
      .map(
        ([currency, { ours, theirs }]) =>
          `taken: the database has ${moneyText(ours, currency)}, the provider ${moneyText(theirs, currency)}`,
      ),
  ];
}

function shelfDifferences({ product, stock, left, reserved, confirmed }: ShelfRow): string[] {
  return [
    ...(left < 0 || confirmed > stock ? [`product "${product}" is oversold: ${confirmed} of ${stock}`] : []),
    ...(left + reserved + confirmed === stock
      ? []
      : [
          `product "${product}": ${left} left, ${reserved} reserved and ${confirmed} sold are not its stock of ${stock}`,
        ]),
  ];
}

function edgeDifferences(edge: string, orders: SellingAnswer["orders"], booked: readonly BookedOrder[]): string[] {
  return STATES.flatMap((state) => {
    const wanted = booked.filter((order) => order.state === state).length;
    return orders[state] === wanted ? [] : [`${edge} has ${orders[state]} orders ${state}, the database ${wanted}`];
  });
}

const STATES = ["received", "reserved", "confirmed", "rejected", "cancelled"] as const;

function rowsOf({ buyers, booked, charges, edges }: SaleSources): SaleRow[] {
  const told = buyers.flatMap(({ end }) => (end.is === "told" ? [end.order] : []));
  const known = new Set(told.map(({ id }) => id));
  const others = booked.filter(({ order }) => !known.has(order));
  return [
    ...(buyers.length > 0 ? [rowOf("buyers' own books", told)] : []),
    ...(buyers.length > 0 && others.length > 0 ? [rowOf("others in the database", others)] : []),
    rowOf("database", booked),
    providerRow(charges),
    ...edges.map(({ name, orders }) => ({
      source: name,
      orders: STATES.reduce((sum, state) => sum + orders[state], 0),
      states: orders,
      taken: undefined,
    })),
  ];
}

function rowOf(source: string, orders: readonly Pick<OrderAnswer, "state" | "total" | "currency">[]): SaleRow {
  const confirmed = orders.filter(({ state }) => state === "confirmed");
  return {
    source,
    orders: orders.length,
    states: Object.fromEntries(STATES.map((state) => [state, orders.filter((order) => order.state === state).length])),
    taken: sumsOf(confirmed.map(({ total: amount, currency }) => ({ amount, currency }))),
  };
}

/** It knows of those that it has charged, whatever became of the others. */
function providerRow(charges: readonly BookedCharge[]): SaleRow {
  const charged = charges.filter(({ state }) => state === "charged");
  return {
    source: "provider's books",
    orders: undefined,
    states: { confirmed: charged.length },
    taken: sumsOf(charged),
  };
}

function sumsOf(money: readonly { readonly amount: number; readonly currency: string }[]): Sums {
  const sums: Record<string, number> = {};
  for (const { amount, currency } of money) sums[currency] = (sums[currency] ?? 0) + amount;
  return sums;
}
