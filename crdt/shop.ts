import type * as Y from "yjs";
import type { Declaration } from "./deed.ts";
import { Values } from "./values.ts";

/** What a show sells. Fixed once the show exists: another price is another product. */
export interface Product {
  /** A slug, unique in the show. */
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** Of one piece, in the currency's smallest unit: 2990 is 29.90. */
  readonly price: number;
  /** ISO 4217, e.g. "EUR". */
  readonly currency: string;
  /** Pieces that there are; never more are sold. */
  readonly stock: number;
  /** Most pieces in one order. */
  readonly mostAtOnce: number;
  /** Whether the viewer confirms by pressing twice, or with the account's PIN: edges ask for it, the provider checks it. */
  readonly confirmation: "press" | "pin";
}

/** A public key to which personal data is encrypted; only the order processor has the other half. */
export interface EnvelopeKey {
  /** Uncompressed point on P-256, 65 bytes in hexadecimal. */
  readonly key: string;
  /** Milliseconds since 1970; the latest is used. */
  readonly since: number;
}

/** How sales are going, as the order processor sees it. */
export interface Sales {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly products: Readonly<Record<string, ProductSales>>;
}

export interface ProductSales {
  /** Pieces neither reserved nor sold. */
  readonly left: number;
  readonly reserved: number;
  readonly confirmed: number;
}

/** An order that the processor cannot bring to an end by itself: a dead letter. */
export interface StuckOrder {
  readonly order: string;
  readonly product: string;
  readonly quantity: number;
  readonly reason: string;
  readonly at: number;
}

/** What an operator decides of an order: to give it up, with its money back, or to try the provider again. */
export interface Decision extends Declaration {
  readonly decision: "cancel" | "retry";
}

/** A value of the shop by its key on the board. */
type ShopKey =
  | `product/${string}`
  | `offered/${string}`
  | `withdrawn/${string}`
  | `envelope-key/${string}`
  | `sales/${string}`
  | `stuck/${string}`
  | `decision/${string}`;

/** What of a show's board has to do with selling. Seldom written, JSON values a key, as the rest of it. */
export class Shop {
  readonly #values: Values<ShopKey>;

  constructor(board: Y.Doc) {
    this.#values = new Values(board.getMap("board"));
  }

  /** By id, whatever order they came in. */
  products(): Product[] {
    const products = this.#values.all<Product>("product/").map(([, product]) => product);
    return products.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  product(id: string): Product | undefined {
    return this.#values.get<Product>(`product/${id}`);
  }

  /** Whether receivers may buy it now. Once withdrawn it is not offered again. */
  isOffered(id: string): boolean {
    return this.#values.has(`offered/${id}`) && !this.#values.has(`withdrawn/${id}`);
  }

  isWithdrawn(id: string): boolean {
    return this.#values.has(`withdrawn/${id}`);
  }

  /** The key to encrypt to, with its name; undefined where no order processor has shown one. */
  envelopeKey(): { readonly id: string; readonly key: string } | undefined {
    const keys = this.#values
      .all<EnvelopeKey>("envelope-key/")
      .sort(([a, one], [b, two]) => (one.since === two.since ? (a < b ? 1 : -1) : two.since - one.since));
    const [newest] = keys;
    return newest && { id: newest[0].slice("envelope-key/".length), key: newest[1].key };
  }

  /** The latest that an order processor has said. */
  sales(): Sales | undefined {
    return this.#values
      .all<Sales>("sales/")
      .map(([, sales]) => sales)
      .sort((a, b) => b.at - a.at)[0];
  }

  /** Orders that wait for an operator, oldest first. */
  stuck(): StuckOrder[] {
    return this.#values
      .all<StuckOrder | null>("stuck/")
      .flatMap(([, stuck]) => stuck ?? [])
      .sort((a, b) => a.at - b.at);
  }

  /** Decisions by order's id. */
  decisions(): ReadonlyMap<string, Decision> {
    return new Map(
      this.#values.all<Decision>("decision/").map(([key, value]) => [key.slice("decision/".length), value]),
    );
  }

  addProduct(product: Product): void {
    this.#values.set(`product/${product.id}`, product);
  }

  /** Of a show that begins: with what its file sells. */
  addProducts(products: readonly Product[] = []): void {
    for (const product of products) this.addProduct(product);
  }

  offer(product: string, declaration: Declaration): void {
    this.#values.setOnce(`offered/${product}`, declaration);
  }

  withdraw(product: string, declaration: Declaration): void {
    this.#values.setOnce(`withdrawn/${product}`, declaration);
  }

  setEnvelopeKey(id: string, key: EnvelopeKey): void {
    this.#values.setOnce(`envelope-key/${id}`, key);
  }

  setSales(processor: string, sales: Sales): void {
    this.#values.set(`sales/${processor}`, sales);
  }

  setStuck(stuck: StuckOrder): void {
    this.#values.set(`stuck/${stuck.order}`, stuck);
  }

  /** It came to an end after all. */
  clearStuck(order: string): void {
    if (this.#values.get(`stuck/${order}`)) this.#values.set(`stuck/${order}`, null);
  }

  /** The latest decision replaces the one before: a retry may end as a cancellation. */
  decide(order: string, decision: Decision): void {
    this.#values.set(`decision/${order}`, decision);
  }
}
