import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { batchOf, kindOf } from "../crdt/batch.ts";
import { encloseData } from "../crdt/envelope.ts";
import type { Fold } from "../crdt/fold.ts";
import type { StandingOrder } from "../crdt/order-book.ts";
import { jsonBytes, MAX_ACCOUNT_BYTES, packPersonalData } from "../crdt/personal-data.ts";
import { receiverHex, type ReceiverId } from "../crdt/receiver.ts";
import type { Shard } from "../crdt/shard.ts";
import type { Product, Shop } from "../crdt/shop.ts";
import { refuseLog, type Gate } from "./gate.ts";
import { pinWait } from "./pin-tries.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** An order as a receiver asks for it. */
export interface OrderRequest {
  readonly subject: string;
  readonly signed: boolean;
  /** The receiver's own, a UUID: a retry keeps it. */
  readonly key: string;
  readonly product: string;
  readonly quantity: number;
  /** Personal data, for the order processor alone. */
  readonly details: Readonly<Record<string, string>>;
  /** The household's, for the provider alone; see `Product.confirmation`. */
  readonly pin?: string | undefined;
}

/** An order as its receiver is told of it. */
export interface OrderView {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly product: string;
  /** The product's. */
  readonly title: string;
  readonly quantity: number;
  /** Of one piece, in the currency's smallest unit. */
  readonly price: number;
  readonly total: number;
  readonly currency: string;
  readonly state: StandingOrder["state"];
  /** Why it is in that state, a slug; empty where there is nothing to explain. */
  readonly reason: string;
  /** Of the processor; grows with each of its words. */
  readonly step: number;
  readonly time: number;
}

/** What receivers do with orders. */
export interface OrderService {
  /** Resolves once the order is logged here; a retry gets what became of it, whether or not it could be placed now. */
  place(request: OrderRequest): Promise<OrderView | Refusal>;
  /** A receiver's orders as far as this edge knows, oldest first. */
  mine(subject: string): readonly OrderView[] | Refusal;
  /** Calls `listener` with each of the receiver's orders that changes from now on; returns how to stop it. */
  follow(subject: string, listener: (order: OrderView) => void): () => void;
}

/**
 * The id of an order: the first 16 bytes of SHA-256 over show, receiver and the receiver's own key. Nobody can name
 * another's order, and a retry at another edge is the same order.
 */
export function orderId(show: string, receiver: ReceiverId, key: string): string {
  return half(`redbutton order ${show} ${receiverHex(receiver)} ${key}`);
}

/**
 * What an order asks for, whatever the order of its details. Everyone who reads the ledger has it: with the key in it,
 * which is the receiver's secret, nobody can try out names and addresses against it. The PIN confirms an order and is no
 * part of it, so that a retry needs none and no set has to keep one.
 */
export function orderDigest({ key, product, quantity, details }: Omit<OrderRequest, "subject" | "signed">): string {
  const sorted = Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1));
  return half(JSON.stringify([key, product, quantity, sorted]));
}

interface Pending {
  readonly digest: string;
  readonly receiver: ReceiverId;
  readonly answer: Promise<OrderView | Refusal>;
}

/** Takes receivers' orders for one show, and tells them what becomes of them. */
export class OrderDesk implements OrderService {
  readonly #gate: Gate;
  readonly #shop: Shop;
  /** Orders on their way into the log, by id: a retry meanwhile waits for the same. */
  readonly #pending = new Map<string, Pending>();
  /** Receiver → who is told. */
  readonly #listeners = new Map<string, Set<(order: OrderView) => void>>();

  constructor(gate: Gate, shop: Shop) {
    this.#gate = gate;
    this.#shop = shop;
  }

  async place(request: OrderRequest): Promise<OrderView | Refusal> {
    if (!request.signed)
      return refuse("forbidden", "orders take a receiver that the broadcaster vouches for, and this one is anonymous");
    if (!this.#gate.isJudged) await this.#gate.untilAwaited();
    const receiver = this.#gate.view.receivers.of(request.subject);
    const shard = this.#gate.shardFor(receiver);
    if (!shard) return this.#gate.wrongShard(receiver);
    const id = orderId(this.#gate.replica.show, receiver, request.key);
    const digest = orderDigest(request);
    const known = this.#known(shard.fold, id, digest);
    if (known) return known;
    const refusal = this.#gate.refuseEdge() ?? this.#gate.refuseStanding() ?? this.#gate.refuseLoad();
    if (refusal) return refusal;
    const product = this.#productOf(request);
    if ("refused" in product) return product;
    const unconfirmed = refuseAccount(request) ?? this.#refusePin(product, request, receiver, shard.fold);
    if (unconfirmed) return unconfirmed;
    const answer = this.#write(product, request, receiver, shard, id, digest);
    this.#pending.set(id, { digest, receiver, answer });
    return answer.finally(() => this.#pending.delete(id));
  }

  mine(subject: string): OrderView[] | Refusal {
    const receiver = this.#gate.view.receivers.of(subject);
    const fold = this.#gate.shardFor(receiver)?.fold;
    if (!fold) return this.#gate.wrongShard(receiver);
    return fold.orders.of(receiver.hi, receiver.lo).flatMap((order) => this.#view(order) ?? []);
  }

  follow(subject: string, listener: (order: OrderView) => void): () => void {
    const key = receiverHex(this.#gate.view.receivers.of(subject));
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(key);
    };
  }

  /** To be called when batches were folded here. */
  onfolded(batches: readonly Uint8Array[]): void {
    if (this.#listeners.size === 0) return;
    const changed = new Map(batches.flatMap(ordersIn).map((record) => [record.id, record]));
    for (const [id, receiver] of changed) this.#tell(id, receiver);
  }

  #tell(id: string, receiver: ReceiverId): void {
    const listeners = this.#listeners.get(receiverHex(receiver));
    const standing = listeners && this.#gate.shardFor(receiver)?.fold.orders.get(id);
    const view = standing && this.#view(standing);
    if (view) for (const listener of listeners) listener(view);
  }

  /** What is known of that order already: the same key with another body is another order, and refused. */
  #known(fold: Fold, id: string, digest: string): Promise<OrderView | Refusal> | OrderView | Refusal | undefined {
    const standing = fold.orders.get(id);
    const pending = this.#pending.get(id);
    const earlier = standing?.order.digest ?? pending?.digest;
    if (earlier === undefined) return undefined;
    if (earlier !== digest) return conflict(id);
    return (standing && this.#view(standing)) ?? pending?.answer;
  }

  #productOf({ product: id, quantity }: OrderRequest): Product | Refusal {
    const product = this.#shop.product(id);
    if (!product) return unknownProduct(this.#gate.replica.show, id);
    if (!this.#shop.isOffered(id)) return refuse("not_offered", `product "${id}" is not on offer now`);
    if (quantity > product.mostAtOnce)
      return refuse(
        "quantity_out_of_range",
        `quantity is ${quantity}, and product "${id}" is sold by ${product.mostAtOnce} at most`,
      );
    return product;
  }

  /** That one came, and is no guess too many. Whether it is right the provider says, which has the account. */
  #refusePin({ id, confirmation }: Product, { pin }: OrderRequest, { hi, lo }: ReceiverId, fold: Fold) {
    if (confirmation !== "pin") return undefined;
    if (pin === undefined)
      return refuse("pin_required", `product "${id}" is confirmed with the household's PIN, and none came`);
    const takesPin = (product: string) => this.#shop.product(product)?.confirmation === "pin";
    const writing = [...this.#pending.values()].filter(({ receiver }) => receiver.hi === hi && receiver.lo === lo);
    const wait = pinWait(fold.orders.of(hi, lo), writing.length, takesPin, this.#gate.member.clock.now());
    if (wait === 0) return undefined;
    return refuse("pin_blocked", "this receiver's PINs were wrong too often, or are being looked at", {
      retryAfterS: wait / 1000,
    });
  }

  async #write(
    { confirmation }: Product,
    request: OrderRequest,
    receiver: ReceiverId,
    { writer, fold }: Shard,
    id: string,
    digest: string,
  ): Promise<OrderView | Refusal> {
    const key = this.#shop.envelopeKey();
    if (!key)
      return refuse("orders_unavailable", "no order processor has shown its key in this show yet", { retryAfterS: 2 });
    const { subject: account, details, pin, product, quantity } = request;
    // One that nobody asks for is not kept.
    const data = packPersonalData({ account, details, ...(pin && confirmation === "pin" ? { pin } : {}) });
    const envelope = await encloseData(data, key, id);
    const time = this.#gate.member.clock.now();
    try {
      await writer.writeOrder({ ...receiver, id, product, quantity, digest, envelope, time });
    } catch (error) {
      return refuseLog(error instanceof Error ? error : new Error(String(error)));
    }
    const standing = fold.orders.get(id);
    if (standing?.order.digest !== digest) return conflict(id);
    return this.#view(standing) ?? unknownProduct(this.#gate.replica.show, product);
  }

  /** Undefined where the product has not arrived here: an order is shown with its price or not at all. */
  #view({ order, state, reason, step }: StandingOrder): OrderView | undefined {
    const product = this.#shop.product(order.product);
    if (!product) return undefined;
    const { id, quantity, time } = order;
    const { title, price, currency } = product;
    const total = price * quantity;
    return { id, product: product.id, title, quantity, price, total, currency, state, reason, step, time };
  }
}

export function unknownProduct(show: string, product: string): Refusal {
  return refuse("unknown_product", `show "${show}" has no product "${product}"`);
}

/** The provider is told whose money it is, and nothing may be cut off that. */
function refuseAccount({ subject }: OrderRequest): Refusal | undefined {
  const bytes = jsonBytes(subject);
  if (bytes <= MAX_ACCOUNT_BYTES) return undefined;
  return refuse("forbidden", `the token's subject has ${bytes} bytes; orders take at most ${MAX_ACCOUNT_BYTES}`);
}

function conflict(id: string): Refusal {
  return refuse("order_conflict", `this key was for another order, ${id}; a new order takes a key of its own`);
}

function ordersIn(bytes: Uint8Array): readonly (ReceiverId & { readonly id: string })[] {
  const kind = kindOf(bytes);
  // Thousands of ballots come for each order: their batches are not read again.
  if (kind !== "orders" && kind !== "outcomes") return [];
  const batch = batchOf(bytes);
  if (batch?.kind === "orders") return batch.orders;
  return batch?.kind === "outcomes" ? batch.outcomes : [];
}

function half(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)).subarray(0, 16));
}
