import { addresseeOf, openEnvelope } from "../../crdt/envelope.ts";
import { PIN_MISSING } from "../../crdt/order.ts";
import { readPersonalData, type PersonalData } from "../../crdt/personal-data.ts";
import type { Shop } from "../../crdt/shop.ts";
import { pauseAfter } from "./backoff.ts";
import type { Ending, Task } from "./books.ts";
import type { ProcessorOptions } from "./processor.ts";
import type { Booking } from "./provider.ts";

/** Tries after which an order waits for an operator. */
export const MAX_TRIES = 12;
/** Or how long after it came, ms: providers forget their keys after a day. */
export const MAX_WAIT_MS = 86_400_000;

/** Brings tasks to the provider, and what comes of them into the books. */
export class Courier {
  readonly #show: string;
  readonly #shop: Shop;
  readonly #options: ProcessorOptions;
  #calls = 0;

  constructor(show: string, shop: Shop, options: ProcessorOptions) {
    this.#show = show;
    this.#shop = shop;
    this.#options = options;
  }

  /** Tasks that the provider was asked about. */
  get calls(): number {
    return this.#calls;
  }

  /** One try. Whatever it comes to is in the books when this settles, or the claim runs out. */
  async bring(task: Task): Promise<void> {
    const { books } = this.#options;
    const personal = await this.#personalOf(task);
    if (!personal) return books.layAside(task, "unreadable", this.#now());
    if (this.#lacksPin(task, personal)) return books.end(task, { state: "rejected", reason: PIN_MISSING });
    try {
      const ending = endingOf(task, await this.#ask(task, personal));
      if (ending === "amount-differs") await books.layAside(task, ending, this.#now());
      else await books.end(task, ending);
    } catch (error) {
      await this.#putOff(task);
      throw error;
    }
  }

  async #putOff(task: Task): Promise<void> {
    const { books, member } = this.#options;
    const now = this.#now();
    if (task.tries >= MAX_TRIES || now - task.since > MAX_WAIT_MS) await books.layAside(task, "no-answer", now);
    else await books.postpone(task, now + pauseAfter(task.tries, member.world.random));
  }

  /** After a try whose outcome is unknown the provider is asked what it has, before it is asked to do anything. */
  async #ask(task: Task, { account, details, pin }: PersonalData): Promise<Booking> {
    const { provider } = this.#options;
    const { order: reference, product, quantity, total: amount, currency } = task;
    this.#calls += 1;
    const known = task.tries > 1 ? await provider.find(reference) : undefined;
    if (task.action === "refund") return known?.state === "refunded" ? known : provider.refund(reference);
    if (known && known.state !== "absent") return known;
    return provider.charge({
      reference,
      show: this.#show,
      product,
      quantity,
      amount,
      currency,
      account,
      details,
      ...(pin === undefined ? {} : { pin }),
    });
  }

  /** Undefined where none of our keys opens them. A refund needs none. */
  async #personalOf({ order, envelope, action }: Task): Promise<PersonalData | undefined> {
    if (action === "refund") return { account: "", details: {} };
    const key = this.#options.keys.find(({ id }) => id === addresseeOf(envelope));
    const data = key && (await openEnvelope(envelope, key, order));
    return data && readPersonalData(data);
  }

  /** Edges ask for it; here no money is moved without it, whatever an edge let through. */
  #lacksPin({ action, product }: Task, { pin }: PersonalData): boolean {
    return action === "charge" && pin === undefined && this.#shop.product(product)?.confirmation === "pin";
  }

  #now(): number {
    return this.#options.member.world.clock.now();
  }
}

/** What a provider's word means for an order. Its books and ours must agree to the cent. */
function endingOf({ action, total, currency }: Task, booking: Booking): Ending | "amount-differs" {
  switch (booking.state) {
    case "charged":
      if (action === "refund") throw new Error("the provider was asked for a refund, and has it charged still");
      if (booking.amount !== total || booking.currency !== currency) return "amount-differs";
      return { state: "confirmed", reason: "" };
    case "refunded":
      return { state: "cancelled", reason: "refunded" };
    case "refused":
      if (action === "refund") return { state: "cancelled", reason: "never-charged" };
      return { state: "rejected", reason: booking.reason };
    case "absent":
      throw new Error("the provider knows nothing of what it was asked for");
  }
}
