// What must hold in every run, each under its name.
import { batchOf } from "../../../crdt/batch.ts";
import type { Product } from "../../../crdt/shop.ts";
import { integer, text } from "../../../crdt/store/libsql-column.ts";
import type { Database, Row } from "../../../crdt/store/libsql-database.ts";
import type { Edge } from "../../../edge/edge.ts";
import { orderDigest, type OrderView } from "../../../edge/order-desk.ts";
import { isRefusal } from "../../../edge/refusal.ts";
import type { ProviderBooks, TakenCharge } from "../../support/provider-books.ts";
import type { Box, Running } from "../box.ts";
import type { Life } from "../life.ts";
import type { Stage } from "../stage.ts";
import { SHOW, type Body, type Buyer } from "./buyer.ts";
import { PIN } from "./provider.ts";

/** What a run is judged by. */
export interface Scene {
  readonly stage: Stage;
  /** Each in a currency of its own, so that the provider's books tell them apart. */
  readonly products: readonly Product[];
  readonly buyers: readonly Buyer[];
  readonly edges: readonly Box<Edge>[];
  /** The order processors' database, without a network. */
  readonly database: Database;
  readonly provider: ProviderBooks;
  /** Orders that an operator has cancelled, and nothing else decided of since. */
  readonly cancelled: ReadonlySet<string>;
}

/** An order as the database has it. */
interface Booked {
  readonly id: string;
  readonly product: string;
  readonly quantity: number;
  readonly total: number;
  readonly state: string;
  readonly reason: string;
  readonly step: number;
}

const SELECT_ORDERS = "SELECT id, product, quantity, total, state, reason, step FROM orders ORDER BY id";
const SELECT_WAITING = `
  SELECT (SELECT count(*) FROM order_tasks) AS tasks, (SELECT count(*) FROM orders WHERE told < step) AS untold`;
const ENDS: ReadonlySet<string> = new Set(["confirmed", "rejected", "cancelled"]);

export class Invariants {
  readonly #scene: Scene;
  /** Orders that some edge has answered for, by id. */
  readonly #acknowledged = new Map<string, Buyer>();
  /** "host id digest" of every order that is on that host's disk. */
  readonly #durable = new Set<string>();
  /** Program → order → the last step that it told. */
  readonly #steps = new WeakMap<Life, Map<string, number>>();
  /** Charges that were judged already. */
  #judged = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  get acknowledged(): readonly string[] {
    return [...this.#acknowledged.keys()];
  }

  /** A batch became durable on a host's disk. */
  onbatch(host: string, bytes: Uint8Array): void {
    const batch = batchOf(bytes);
    if (batch?.kind !== "orders") return;
    for (const { id, digest } of batch.orders) this.#durable.add(`${host} ${id} ${digest}`);
  }

  /** An edge answers for an order, whether anyone hears it or not. */
  onanswer(buyer: Buyer, body: Body, view: OrderView, { life }: Running<Edge>): void {
    this.#acknowledged.set(view.id, buyer);
    this.#check("an answer is about what was asked", isOf(view, body), `${view.id} at ${life.host}`);
    if (view.state !== "received") return;
    const isDurable = this.#durable.has(`${life.host} ${view.id} ${orderDigest({ key: buyer.key, ...body })}`);
    this.#check("what is acknowledged is on the edge's disk", isDurable, `${view.id} at ${life.host}`);
  }

  /** An edge tells a receiver of its order. */
  async ontold(view: OrderView, { life }: Running<Edge>): Promise<void> {
    const steps = this.#steps.get(life) ?? new Map<string, number>();
    this.#steps.set(life, steps);
    const before = steps.get(view.id) ?? 0;
    this.#check("what is told goes forward", view.step >= before, `${view.id} at ${life.host}`);
    steps.set(view.id, view.step);
    if (view.state === "received") return;
    const booked = (await this.#booked()).find(({ id }) => id === view.id);
    const isSo = booked && (booked.step > view.step || (booked.step === view.step && booked.state === view.state));
    this.#check("what is told is committed", isSo === true, `${view.id} ${view.state} at ${life.host}`);
  }

  /** Money may have moved. */
  onmoney(): void {
    const { provider, products } = this.#scene;
    for (const charge of provider.charges.slice(this.#judged)) this.#judgeCharge(charge);
    this.#judged = provider.charges.length;
    for (const { id, price, currency, stock } of products) {
      const kept = [...provider.entries.values()].filter((entry) => entry.state === "charged");
      const taken = kept.reduce((sum, entry) => sum + (entry.currency === currency ? entry.amount : 0), 0);
      this.#check("nobody pays for what is not there", taken <= price * stock, `${taken} taken for ${id}`);
    }
  }

  /** What holds at any time. */
  async inspect(): Promise<void> {
    const booked = await this.#booked();
    for (const row of await this.#scene.database.read("SELECT product, left FROM stock")) {
      const product = this.#product(text(row.product));
      const out = piecesOf(booked, product.id);
      this.#check("never oversold", out <= product.stock, `${out} of ${product.stock} of ${product.id}`);
      const isWhole = out + integer(row.left) === product.stock;
      this.#check("no piece gets lost", isWhole, `${out} out, ${integer(row.left)} left of ${product.id}`);
    }
  }

  /** Why all has not come to rest yet. */
  async unrest(): Promise<string | undefined> {
    const { buyers, edges, database } = this.#scene;
    const buyer = buyers.find(({ isDone }) => !isDone);
    if (buyer) return `${buyer.subject} still asks`;
    const booked = new Map((await this.#booked()).map((order) => [order.id, order]));
    for (const id of this.#acknowledged.keys())
      if (!ENDS.has(booked.get(id)?.state ?? ""))
        return `order ${id} is ${booked.get(id)?.state ?? "not in the books"}`;
    const [waiting] = await database.read(SELECT_WAITING);
    if (integer(waiting?.tasks) + integer(waiting?.untold) > 0) return `work is left: ${JSON.stringify(waiting)}`;
    for (const [id, { subject }] of this.#acknowledged) {
      const lacking = edges.find((edge) => viewAt(edge, subject, id)?.step !== booked.get(id)!.step);
      if (lacking) return `${lacking.host} has not heard the last of ${id}`;
    }
    return undefined;
  }

  /** What holds when all has come to rest. */
  async atRest(): Promise<void> {
    await this.inspect();
    const booked = await this.#booked();
    for (const order of booked) {
      this.#scene.stage.saw(`an order ends: ${order.state} ${order.reason}`.trimEnd());
      this.#judgeMoney(order);
      this.#judgeEdges(order);
    }
    for (const id of this.#scene.cancelled) {
      const state = booked.find((order) => order.id === id)?.state;
      this.#check("what is cancelled stays so", state === "cancelled" || state === "rejected", `${id} is ${state}`);
    }
    this.#judgeSums(booked);
    await this.#judgeKeys(booked);
  }

  #judgeCharge({ amount, account, details, pin }: TakenCharge): void {
    const { key, body } = marksIn(details);
    const { provider, buyers } = this.#scene;
    const times = provider.charges.filter((charge) => marksIn(charge.details).key === key).length;
    this.#check("an order is charged once", times === 1, `${key}, ${times} times`);
    const buyer = buyers.find((each) => each.key === key)!;
    const { product: id, quantity } = buyer.bodies[body]!;
    const { price, confirmation } = this.#product(id);
    const costs = price * quantity;
    this.#check("the price is the board's", amount === costs, `${key}: charged ${amount}, costs ${costs}`);
    this.#check("the buyer pays", account === buyer.subject, `${buyer.subject}: charged to ${String(account)}`);
    const isMeant = confirmation === "press" || pin === PIN;
    this.#check("what takes a PIN is paid with it", isMeant, `${key}: ${String(pin)}`);
  }

  /** What the provider has of an order that is over. */
  #judgeMoney({ id, state, reason, total }: Booked): void {
    const entry = this.#scene.provider.entries.get(id);
    const has = entry?.state ?? "nothing";
    const where = `${id} is ${state} (${reason}), the provider has ${has} of ${entry?.amount ?? 0}`;
    const isPaid = entry?.state === "charged" && entry.amount === total;
    if (state === "confirmed") this.#check("what is confirmed was charged", isPaid, where);
    else this.#check("what is not confirmed costs nothing", has !== "charged", where);
    this.#check("a refund is a cancellation", (has === "refunded") === (reason === "refunded"), where);
  }

  /** Every edge says the same, and it is what the database says. */
  #judgeEdges({ id, product, quantity, total, state, reason, step }: Booked): void {
    const buyer = this.#acknowledged.get(id);
    if (!buyer) return;
    const wanted = JSON.stringify([product, quantity, total, state, reason, step]);
    for (const edge of this.#scene.edges) {
      const view = viewAt(edge, buyer.subject, id);
      const said =
        view && JSON.stringify([view.product, view.quantity, view.total, view.state, view.reason, view.step]);
      this.#check("edges say what the database says", said === wanted, `${id} at ${edge.host}: ${said}, not ${wanted}`);
    }
  }

  #judgeSums(booked: readonly Booked[]): void {
    const { products, provider, edges } = this.#scene;
    for (const { id, currency } of products) {
      const sum = (orders: readonly { product: string; state: string; total: number }[]) =>
        orders.reduce(
          (all, { product, state, total }) => all + (product === id && state === "confirmed" ? total : 0),
          0,
        );
      const entries = [...provider.entries.values()].filter((entry) => entry.currency === currency);
      const taken = entries.reduce((all, { state, amount }) => all + (state === "charged" ? amount : 0), 0);
      const told = edges.map((edge) => sum(this.#viewsAt(edge)));
      const sums = [taken, sum(booked), ...told];
      this.#check("all books agree to the cent", new Set(sums).size === 1, `${id}: ${sums.join(", ")}`);
    }
  }

  /** A key stands for the one body that was taken, everywhere and for ever; every other is told so. */
  async #judgeKeys(booked: readonly Booked[]): Promise<void> {
    for (const [id, buyer] of this.#acknowledged) {
      const order = booked.find((each) => each.id === id)!;
      for (const body of buyer.bodies)
        for (const { host, running } of this.#scene.edges) {
          const answer = await buyer.place(body, running!);
          const isRight = order.quantity === body.quantity ? !isRefusal(answer) : isConflict(answer);
          this.#check("a key is one order", isRight, `${id} × ${body.quantity} at ${host}: ${JSON.stringify(answer)}`);
        }
    }
  }

  #viewsAt(edge: Box<Edge>): OrderView[] {
    return this.#scene.buyers.flatMap(({ subject }) => viewsAt(edge, subject));
  }

  #product(id: string): Product {
    return this.#scene.products.find((product) => product.id === id)!;
  }

  async #booked(): Promise<Booked[]> {
    return (await this.#scene.database.read(SELECT_ORDERS)).map(bookedOf);
  }

  #check(invariant: string, holds: boolean, detail: string): void {
    if (!holds) this.#scene.stage.violate(invariant, detail);
  }
}

function bookedOf(row: Row): Booked {
  return {
    id: text(row.id),
    product: text(row.product),
    quantity: integer(row.quantity),
    total: integer(row.total),
    state: text(row.state),
    reason: text(row.reason),
    step: integer(row.step),
  };
}

function piecesOf(booked: readonly Booked[], id: string): number {
  const out = booked.filter(({ product, state }) => product === id && (state === "reserved" || state === "confirmed"));
  return out.reduce((sum, { quantity }) => sum + quantity, 0);
}

function isOf(view: OrderView, { product, quantity }: Body): boolean {
  return view.product === product && view.quantity === quantity;
}

function isConflict(answer: object): boolean {
  return "refused" in answer && answer.refused === "order_conflict";
}

/** Which buyer's order it is, and which of its bodies. */
function marksIn(details: unknown): { readonly key: string; readonly body: number } {
  const { key = "", body = "" } = details as Readonly<Record<string, string>>;
  return { key, body: Number(body) };
}

function viewsAt({ running }: Box<Edge>, subject: string): readonly OrderView[] {
  const show = running?.program.show(SHOW);
  const orders = !show || isRefusal(show) ? [] : show.orders.mine(subject);
  return isRefusal(orders) ? [] : orders;
}

function viewAt(edge: Box<Edge>, subject: string, id: string): OrderView | undefined {
  return viewsAt(edge, subject).find((view) => view.id === id);
}
