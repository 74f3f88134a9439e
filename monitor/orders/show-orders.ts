import { batchOf, kindOf } from "../../crdt/batch.ts";
import type { Order } from "../../crdt/order.ts";
import { shardOf } from "../../crdt/receiver.ts";
import type { Replica } from "../../crdt/replica.ts";
import { Shop } from "../../crdt/shop.ts";
import type { PricedOrder, Task, Untold } from "./books.ts";
import { Courier } from "./courier.ts";
import type { ProcessorOptions } from "./processor.ts";
import { reconcile, type Reconciliation } from "./reconcile.ts";
import type { Change, DutyHealth } from "../process.ts";

/** Orders that are at the provider at once: a provider's usual limit for one customer. */
export const MAX_AT_PROVIDER = 16;
/** How long a claim is good, ms: a question and a charge, each until it times out, and then some. */
export const CLAIM_MS = 30_000;
/** Orders taken into the books in one transaction. */
export const MAX_TAKEN_AT_ONCE = 100;
/** How often our books are compared with the provider's, ms: each day, and once when a processor starts. */
export const RECONCILE_INTERVAL_MS = 86_400_000;
/** When that is tried again where the provider's list could not be had, ms. */
export const RECONCILE_RETRY_MS = 5000;
/** The same while they differ, ms: a refund that was under way is no problem for a day. */
export const RECHECK_INTERVAL_MS = 60_000;
/** Outcomes that are told in one go. */
const MAX_TOLD_AT_ONCE = 500;
/** Differences that a line of the log names; the report has all. */
const MAX_LOGGED_DIFFERENCES = 20;

/**
 * Brings the orders of a show from the ledger to their end:
 *
 *     ledger ──► books: row, stock and task in one commit ──► provider, asked until it is known ──► books ──► ledger
 *                                                                  └─ too often: laid aside for an operator
 *
 * Each step may happen twice, here or at another processor, and then changes nothing: an order's row is unique, a claim
 * has a fence, the provider knows the order's id, and an outcome its step.
 */
export class ShowOrders {
  readonly #replica: Replica;
  readonly #options: ProcessorOptions;
  readonly #shop: Shop;
  readonly #courier: Courier;
  /** Orders that came and are not in the books yet. */
  #arrived: Order[] = [];
  /** Orders at the provider, by id. */
  readonly #atProvider = new Set<string>();
  /** Why a step did not succeed last time. */
  readonly #failures = new Map<keyof typeof DOING, string>();
  /** Decisions that are in the books, by order and time. */
  readonly #decided = new Set<string>();
  #hasReadLog = false;
  #hasOpened = false;
  #isTaking = false;
  #isClaiming = false;
  #isTelling = false;
  #shown = "";
  /** When books are compared with the provider's next, ms since 1970. */
  #comparedNextAt = -Infinity;
  readonly #figures = { orders_taken: 0, outcomes_told: 0, orders_stuck: 0, differences: 0 };

  constructor(replica: Replica, options: ProcessorOptions) {
    this.#replica = replica;
    this.#options = options;
    this.#shop = new Shop(replica.board.doc);
    this.#courier = new Courier(replica.show, this.#shop, options);
  }

  onchange(change: Change): void {
    if (change.kind !== "batches") return;
    const orders = change.batches.flatMap(ordersIn);
    if (orders.length === 0) return;
    this.#arrived.push(...orders);
    if (this.#hasOpened) void this.#advance();
  }

  /** Tries again whatever failed, and does what follows from time and from operators. */
  async round(): Promise<void> {
    await this.#open();
    // Before what was decided, which is about orders that are taken; and that before anything is charged.
    await this.#take();
    await this.#decide();
    await this.#advance();
    await this.#show();
    await this.#reconcile();
  }

  /** Our books beside the provider's, now. */
  async reconciliation(): Promise<Reconciliation> {
    const { books, provider } = this.#options;
    const { show } = this.#replica;
    // Ours first, so that what is confirmed in ours is charged in theirs; what came in between is left for the next time.
    const booked = await books.orders(show);
    const known = new Set(booked.map(({ order }) => order));
    const charges = await provider.list(show);
    const later = new Set((await books.orders(show)).map(({ order }) => order).filter((order) => !known.has(order)));
    return reconcile(
      booked,
      charges.filter(({ reference }) => !later.has(reference)),
    );
  }

  /** When there is something to do though nobody comes, ms since 1970: now where an order is in hand. */
  async nextDue(): Promise<number | undefined> {
    const { books, member } = this.#options;
    const isWaiting = IN_HAND.some((step) => this.#failures.has(step));
    if (!this.#hasOpened || this.#arrived.length > 0 || this.#atProvider.size > 0 || isWaiting)
      return member.world.clock.now();
    const isSelling = this.#shop.products().some(({ id }) => this.#shop.isOffered(id));
    const dues = [await books.nextDue(this.#replica.show), isSelling ? this.#comparedNextAt : undefined];
    const known = dues.filter((due) => due !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  health(): DutyHealth {
    return {
      problems: [
        ...[...this.#failures].map(([step, why]) => `${DOING[step]}: ${why}`),
        ...(this.#figures.differences > 0
          ? [`${this.#figures.differences} orders differ from the provider's books`]
          : []),
      ],
      waitsFor: [],
      figures: {
        ...this.#figures,
        provider_calls: this.#courier.calls,
        orders_arrived: this.#arrived.length,
        at_provider: this.#atProvider.size,
      },
    };
  }

  /** Once a boot: the shelf, the key on the board, and what the log has of orders, taken or not. */
  async #open(): Promise<void> {
    if (this.#hasOpened) return;
    const { books, keys, member } = this.#options;
    await books.shelve(this.#replica.show, this.#shop.products());
    // What an earlier boot wrote and nobody has heard of: outcomes are in the books as told.
    await this.#replica.reappend();
    const [newest] = keys;
    if (newest)
      await this.#replica.change(() =>
        this.#shop.setEnvelopeKey(newest.id, { key: newest.key, since: member.clock.now() }),
      );
    if (!this.#hasReadLog)
      for await (const bytes of this.#replica.batches()) for (const order of ordersIn(bytes)) this.#arrived.push(order);
    this.#hasReadLog = true;
    this.#hasOpened = true;
  }

  async #advance(): Promise<void> {
    await this.#take();
    await this.#tell();
    await this.#claim();
  }

  /** From the ledger into the books; what cannot be committed stays, and is tried again. */
  async #take(): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    while (this.#arrived.length > 0) {
      const some = this.#arrived.slice(0, MAX_TAKEN_AT_ONCE);
      const isTaken = await this.#try("books", async () => {
        await this.#options.books.take(
          this.#replica.show,
          some.map((order) => this.#priced(order)),
        );
        return true;
      });
      if (!isTaken) break;
      this.#arrived = this.#arrived.slice(some.length);
      this.#figures.orders_taken += some.length;
    }
    this.#isTaking = false;
  }

  /** By the price on the board, which never changes. One that nothing is known of finds no stock either. */
  #priced(order: Order): PricedOrder {
    const product = this.#shop.product(order.product);
    return { order, total: (product?.price ?? 0) * order.quantity, currency: product?.currency ?? "" };
  }

  /** From the books to the provider. */
  async #claim(): Promise<void> {
    if (this.#isClaiming) return;
    this.#isClaiming = true;
    const room = MAX_AT_PROVIDER - this.#atProvider.size;
    const now = this.#options.member.world.clock.now();
    const claim = () => this.#options.books.claim(this.#replica.show, now, now + CLAIM_MS, room);
    const tasks = room === 0 ? [] : ((await this.#try("books", claim)) ?? []);
    this.#isClaiming = false;
    for (const task of tasks) void this.#handle(task);
  }

  async #handle(task: Task): Promise<void> {
    this.#atProvider.add(task.order);
    await this.#try("provider", () => this.#courier.bring(task));
    this.#atProvider.delete(task.order);
    await this.#tell();
    await this.#claim();
  }

  /** From the books into the ledger, and only what is committed: again after a crash, with the same step. */
  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    await this.#try("ledger", async () => {
      for (;;) {
        const untold = await this.#options.books.untold(this.#replica.show, MAX_TOLD_AT_ONCE);
        if (untold.length === 0) return;
        await Promise.all(untold.map((outcome) => this.#write(outcome)));
        await this.#options.books.told(untold);
        this.#figures.outcomes_told += untold.length;
      }
    });
    this.#isTelling = false;
  }

  async #write({ order: id, digest, hi, lo, step, state, reason }: Untold): Promise<void> {
    const { writer } = this.#replica.shard(shardOf({ hi, lo }, this.#replica.board.show!.shards));
    const time = this.#options.member.clock.now();
    await writer.writeOutcome({ id, digest, hi, lo, step, state, reason, time });
  }

  async #decide(): Promise<void> {
    for (const [order, { decision, at }] of this.#shop.decisions()) {
      const key = `${order}/${at}`;
      if (this.#decided.has(key)) continue;
      const isDone = await this.#try("books", () =>
        this.#options.books.decide(this.#replica.show, order, decision, at),
      );
      if (isDone) this.#decided.add(key);
    }
  }

  /** How sales go and what is stuck, onto the board where it is another than before. */
  async #show(): Promise<void> {
    await this.#try("board", async () => {
      const { books, member } = this.#options;
      const { show } = this.#replica;
      const [products, stuck] = [await books.sales(show), await books.stuck(show)];
      this.#figures.orders_stuck = stuck.length;
      const shown = JSON.stringify([products, stuck]);
      if (shown === this.#shown) return;
      await this.#replica.change(() => {
        this.#shop.setSales(member.name, { at: member.world.clock.now(), products });
        const ids = new Set(stuck.map(({ order }) => order));
        for (const { order } of this.#shop.stuck()) if (!ids.has(order)) this.#shop.clearStuck(order);
        for (const order of stuck) this.#shop.setStuck(order);
      });
      this.#shown = shown;
    });
  }

  /** Each day, and more often while they differ. A difference is somebody's to look into, and nothing here corrects it. */
  async #reconcile(): Promise<void> {
    const now = this.#options.member.world.clock.now();
    if (now < this.#comparedNextAt) return;
    this.#comparedNextAt = now + RECONCILE_RETRY_MS;
    await this.#try("reconciliation", async () => {
      const { differences, orders } = await this.reconciliation();
      this.#comparedNextAt = now + (differences.length > 0 ? RECHECK_INTERVAL_MS : RECONCILE_INTERVAL_MS);
      this.#figures.differences = differences.length;
      const { log } = this.#options.member.world;
      const told = { show: this.#replica.show, orders, differences: differences.slice(0, MAX_LOGGED_DIFFERENCES) };
      log(differences.length > 0 ? "error" : "info", "books were compared with the provider's", told);
    });
  }

  /** Undefined where it failed: the next round tries again. */
  async #try<T>(step: keyof typeof DOING, task: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await task();
      this.#failures.delete(step);
      return result;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!this.#failures.has(step))
        this.#options.member.world.log("warn", DOING[step], { show: this.#replica.show, error: why });
      this.#failures.set(step, why);
      return undefined;
    }
  }
}

/** Steps that keep an order in hand when they fail: a task at the provider is in the books, with its time. */
const IN_HAND = ["books", "ledger", "board"] as const;

const DOING = {
  books: "writing orders into the books failed",
  provider: "asking the provider failed",
  ledger: "telling receivers failed",
  reconciliation: "comparing books with the provider's failed",
  board: "showing sales on the board failed",
} as const;

function ordersIn(bytes: Uint8Array): readonly Order[] {
  if (kindOf(bytes) !== "orders") return [];
  const batch = batchOf(bytes);
  return batch?.kind === "orders" ? batch.orders : [];
}
