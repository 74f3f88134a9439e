import type { Product } from "../../../crdt/shop.ts";
import type { Edge } from "../../../edge/edge.ts";
import { isRefusal } from "../../../edge/refusal.ts";
import type { ShowService } from "../../../edge/service.ts";
import type { Running } from "../box.ts";
import type { Dice } from "../dice.ts";
import { SHOW, type Market } from "./buyer.ts";

const NAME = "producer";
const TIMEOUT_MS = 9000;
const RETRY_MS = 300;
const MOST_CANCELLED = 6;
/** How often it is looked, after everything has healed, whether an order is stuck. */
const RESOLVE_MS = 3000;

/** Whoever runs the sale: creates the show, offers what it sells, cancels orders, and ends those that are stuck. */
export class Operator {
  /** Orders that are to be cancelled, as an edge has confirmed, and of which nothing else was decided since. */
  readonly cancelled = new Set<string>();
  readonly #market: Market;
  readonly #products: readonly Product[];
  readonly #dice: Dice;

  constructor(market: Market, products: readonly Product[]) {
    this.#market = market;
    this.#products = products;
    this.#dice = market.stage.dice(NAME);
  }

  async open(): Promise<void> {
    const show = { id: SHOW, title: "Gala", shards: 1, polls: [], products: this.#products };
    await this.#until(({ program }) => program.createShow(show, NAME), ["show_exists"]);
    for (const { id } of this.#products) await this.#do((service) => service.selling.offer(id, NAME));
  }

  /** Cancels some of the orders that there are by then. */
  cancelSome(orders: () => readonly string[], fromMs: number, toMs: number): void {
    for (let i = this.#dice.between(0, MOST_CANCELLED); i > 0; i--)
      this.#market.stage.after(this.#dice.between(fromMs, toMs), () => {
        const known = orders();
        if (known.length > 0) void this.#decide(this.#dice.pick(known), "cancel");
      });
  }

  /** From now on whatever is stuck is tried again, or given up. */
  resolve(): void {
    void this.#do((service) => {
      const open = service.selling.view().stuck.filter(({ decision, at }) => !decision || decision.at < at);
      for (const { order } of open) void this.#decide(order, this.#dice.chance(0.5) ? "retry" : "cancel");
      return Promise.resolve();
    });
    this.#market.stage.after(RESOLVE_MS, () => this.resolve());
  }

  /** Once: what is refused, or of unknown outcome, is not asked for again. */
  async #decide(order: string, decision: "cancel" | "retry"): Promise<void> {
    const { stage, front, edges } = this.#market;
    this.cancelled.delete(order);
    await front.ask(
      this.#dice.pick(edges),
      TIMEOUT_MS,
      async ({ program }) => {
        const show = program.show(SHOW);
        return isRefusal(show) ? show : ((await show.selling.decide(order, decision, NAME)) ?? "done");
      },
      (answer) => {
        if (answer !== "done") return;
        stage.saw(`an operator decides: ${decision}`);
        stage.note(`an operator decides: ${decision}`, order);
        if (decision === "cancel") this.cancelled.add(order);
        else this.cancelled.delete(order);
      },
    );
  }

  #do(act: (service: ShowService) => Promise<object | void>): Promise<void> {
    return this.#until(async ({ program }) => {
      const show = program.show(SHOW);
      return isRefusal(show) ? show : ((await act(show)) ?? {});
    });
  }

  async #until(act: (at: Running<Edge>) => Promise<object>, fine: readonly string[] = []): Promise<void> {
    const { stage, front, edges } = this.#market;
    for (;;) {
      const reply = await front.ask(this.#dice.pick(edges), TIMEOUT_MS, act);
      if (reply.kind === "answer" && (!isRefusal(reply.answer) || fine.includes(reply.answer.refused))) return;
      await new Promise<void>((resolve) => void stage.after(RETRY_MS, resolve));
    }
  }
}
