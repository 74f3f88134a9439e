import type { EnvelopeKeyPair } from "../../crdt/envelope.ts";
import type { Member } from "../../crdt/member.ts";
import type { Replica } from "../../crdt/replica.ts";
import type { Change, Duty, DutyHealth } from "../process.ts";
import type { OrderBooks } from "./books.ts";
import type { Provider } from "./provider.ts";
import type { Reconciliation } from "./reconcile.ts";
import { ShowOrders } from "./show-orders.ts";

export interface ProcessorOptions {
  readonly member: Member;
  readonly books: OrderBooks;
  readonly provider: Provider;
  /** The newest first: edges encrypt to it. The others open what is still under way. */
  readonly keys: readonly EnvelopeKeyPair[];
}

/** Processes the orders of every show. Any number of processors may run: each order is charged once. */
export class OrderProcessor implements Duty {
  readonly name = "orders";
  readonly #options: ProcessorOptions;
  readonly #shows = new Map<string, ShowOrders>();

  constructor(options: ProcessorOptions) {
    const { member } = options;
    if (!member.permanent)
      throw new Error("an order processor's member must be opened as permanent: it reads orders again after a crash");
    this.#options = options;
  }

  onchange(replica: Replica, change: Change): void {
    this.#of(replica).onchange(change);
  }

  round(replica: Replica): Promise<void> {
    return this.#of(replica).round();
  }

  /** Our books of a show beside the provider's; undefined where this processor has no such show. */
  report(show: string): Promise<Reconciliation> | undefined {
    return this.#shows.get(show)?.reconciliation();
  }

  /** When there is something to do though nobody comes, ms since 1970; undefined where there is nothing to come. */
  async nextDue(): Promise<number | undefined> {
    const dues = await Promise.all([...this.#shows.values()].map((orders) => orders.nextDue()));
    const known = dues.filter((due) => due !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  health(replica: Replica): DutyHealth {
    return this.#of(replica).health();
  }

  #of(replica: Replica): ShowOrders {
    const known = this.#shows.get(replica.show);
    if (known) return known;
    const orders = new ShowOrders(replica, this.#options);
    this.#shows.set(replica.show, orders);
    return orders;
  }
}
