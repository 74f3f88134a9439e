import type { Board } from "../crdt/board.ts";
import type { OrderStates, StandingOrder } from "../crdt/order-book.ts";
import type { Decision, Product, ProductSales, Shop, StuckOrder } from "../crdt/shop.ts";
import { unknownProduct } from "./order-desk.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** A product as producers see it. */
export interface ProductView {
  readonly definition: Product;
  readonly state: "hidden" | "offered" | "withdrawn";
  /** What an order processor last said; absent before one has. */
  readonly sales?: ProductSales & { readonly at: number };
}

/** Roughly how much is left. The number itself would go out to a whole audience at every sale. */
export const AVAILABILITIES = ["available", "few", "sold-out"] as const;
export type Availability = (typeof AVAILABILITIES)[number];

/** "few" is this part of the stock, and the last piece in any case. */
const FEW_SHARE = 0.1;

/** A product as receivers see it. */
export interface OfferView {
  readonly definition: Product;
  readonly availability: Availability;
}

/** How selling goes. */
export interface SellingView {
  readonly products: readonly ProductView[];
  /** Orders known here, by state. */
  readonly orders: OrderStates;
  readonly stuck: readonly (StuckOrder & { readonly decision?: Decision })[];
}

/** What producers do about selling. Each deed is durable here when it resolves. */
export interface SellingService {
  view(): SellingView;
  /** What receivers may buy now. */
  offered(): readonly OfferView[];
  offer(product: string, by: string): Promise<ProductView | Refusal>;
  /** Takes a product off sale for good; orders that are logged go on. */
  withdraw(product: string, by: string): Promise<ProductView | Refusal>;
  /** What becomes of an order that is stuck, or is to be cancelled with its money back. */
  decide(order: string, decision: Decision["decision"], by: string): Promise<void | Refusal>;
}

/** What selling needs of its show. */
export interface SellingHost {
  readonly shop: Shop;
  /** Orders known here, by state. */
  orders(): OrderStates;
  order(id: string): StandingOrder | undefined;
  /** One change of the board with its audit entry; a refusal where the edge may not, or cannot. */
  deed(
    action: string,
    target: string,
    by: string,
    edit: (board: Board, at: number) => void,
  ): Promise<Refusal | undefined>;
  readonly show: string;
}

export class Selling implements SellingService {
  readonly #host: SellingHost;

  constructor(host: SellingHost) {
    this.#host = host;
  }

  view(): SellingView {
    const { shop } = this.#host;
    const decisions = shop.decisions();
    return {
      products: shop.products().map((product) => this.#view(product)),
      orders: this.#host.orders(),
      stuck: shop.stuck().map((stuck) => {
        const decision = decisions.get(stuck.order);
        // One from before is over: the order is stuck again.
        return { ...stuck, ...(decision && decision.at >= stuck.at ? { decision } : {}) };
      }),
    };
  }

  /** Something is on offer, or an order has not come to an order processor. */
  get isOpen(): boolean {
    return this.offered().length > 0 || this.#host.orders().received > 0;
  }

  offered(): OfferView[] {
    const { shop } = this.#host;
    const sales = shop.sales();
    return shop
      .products()
      .filter(({ id }) => shop.isOffered(id))
      .map((definition) => ({ definition, availability: availabilityOf(definition, sales?.products[definition.id]) }));
  }

  offer(product: string, by: string): Promise<ProductView | Refusal> {
    return this.#change(product, "offer", by, (at) => this.#host.shop.offer(product, { at, by }));
  }

  withdraw(product: string, by: string): Promise<ProductView | Refusal> {
    return this.#change(product, "withdraw", by, (at) => this.#host.shop.withdraw(product, { at, by }));
  }

  async decide(order: string, decision: Decision["decision"], by: string): Promise<void | Refusal> {
    const { shop, show } = this.#host;
    const standing = this.#host.order(order);
    const stuck = shop.stuck().some((each) => each.order === order);
    if (!standing && !stuck) return refuse("unknown_order", `show "${show}" has no order "${order}"`);
    if (decision === "retry" && !stuck)
      return refuse("order_state", `order "${order}" is not stuck: there is nothing to try again`);
    if (standing && (standing.state === "cancelled" || standing.state === "rejected"))
      return refuse("order_state", `order "${order}" is ${standing.state} already`);
    return this.#host.deed(`order.${decision}`, order, by, (_board, at) => shop.decide(order, { at, by, decision }));
  }

  async #change(id: string, what: "offer" | "withdraw", by: string, edit: (at: number) => void) {
    const product = this.#host.shop.product(id);
    if (!product) return unknownProduct(this.#host.show, id);
    const { state } = this.#view(product);
    if (state === "withdrawn")
      return refuse("product_state", `product "${id}" is withdrawn, and not sold again`, { extra: { state } });
    const refusal = await this.#host.deed(`product.${what}`, id, by, (_board, at) => edit(at));
    return refusal ?? this.#view(product);
  }

  #view(definition: Product): ProductView {
    const { shop } = this.#host;
    const sales = shop.sales();
    const its = sales?.products[definition.id];
    return {
      definition,
      state: shop.isOffered(definition.id) ? "offered" : shop.isWithdrawn(definition.id) ? "withdrawn" : "hidden",
      ...(sales && its ? { sales: { ...its, at: sales.at } } : {}),
    };
  }
}

/** As far as the order processor has said: an order that comes too late is rejected there, and not by this. */
function availabilityOf({ stock }: Product, { left } = { left: stock }): Availability {
  if (left === 0) return "sold-out";
  return left <= Math.max(1, stock * FEW_SHARE) ? "few" : "available";
}
