import type { Edge } from "../../../edge/edge.ts";
import type { OrderView } from "../../../edge/order-desk.ts";
import { isRefusal, type Refusal } from "../../../edge/refusal.ts";
import type { Running } from "../box.ts";
import type { Dice } from "../dice.ts";
import type { Front, Host, Reply } from "../front.ts";
import type { Life } from "../life.ts";
import type { Stage } from "../stage.ts";

export const SHOW = "gala";

/** What is ordered under a key. `details` name the buyer's key and the body, so that the provider's books tell whose. */
export interface Body {
  readonly product: string;
  readonly quantity: number;
  readonly details: Readonly<Record<string, string>>;
  readonly pin?: string;
}

/** What a buyer needs of the run. */
export interface Market {
  readonly stage: Stage;
  readonly front: Front;
  readonly edges: readonly Host<Running<Edge>>[];
  /** An edge takes an order: now, before anyone hears of it. */
  readonly onanswer: (buyer: Buyer, body: Body, view: OrderView, at: Running<Edge>) => void;
  /** An edge tells the buyer of an order, over a socket. */
  readonly ontold: (view: OrderView, at: Running<Edge>) => void;
}

export interface BuyerWish {
  readonly subject: string;
  readonly key: string;
  /** More than one: a receiver that is not one of ours, and says two things under one key. */
  readonly bodies: readonly Body[];
}

/** What another try changes nothing about. */
const FINAL: ReadonlySet<Refusal["refused"]> = new Set(["order_conflict", "quantity_out_of_range", "unknown_product"]);

/** A viewer's device that buys once, and does not give up. */
export class Buyer {
  readonly subject: string;
  readonly key: string;
  readonly bodies: readonly Body[];
  readonly #market: Market;
  readonly #dice: Dice;
  /** Programs that tell this buyer what becomes of its orders. */
  readonly #followed = new WeakSet<Life>();
  #waiting = 0;

  constructor(market: Market, { subject, key, bodies }: BuyerWish) {
    this.#market = market;
    this.subject = subject;
    this.key = key;
    this.bodies = bodies;
    this.#dice = market.stage.dice(`buyer ${subject}`);
  }

  /** Every order of this buyer has an answer. */
  get isDone(): boolean {
    return this.#waiting === 0;
  }

  /** Says each body, the first one here and the next one there. */
  buy(): void {
    const first = this.#dice.below(16);
    for (const [i, body] of this.bodies.entries()) void this.#deliver(body, first + i);
  }

  /** What an edge says to one more try. */
  place(body: Body, at: Running<Edge>): Promise<OrderView | Refusal> | Refusal {
    const show = at.program.show(SHOW);
    if (isRefusal(show)) return show;
    if (!this.#followed.has(at.life)) show.orders.follow(this.subject, (view) => this.#market.ontold(view, at));
    this.#followed.add(at.life);
    return show.orders.place({ subject: this.subject, signed: true, key: this.key, ...body });
  }

  async #deliver(body: Body, first: number): Promise<void> {
    const { stage } = this.#market;
    this.#waiting += 1;
    for (let edge = first; ; edge += this.#dice.below(2)) {
      const reply = await this.#send(body, edge);
      if (this.#isOver(reply)) break;
      await new Promise<void>((resolve) => void stage.after(this.#dice.between(50, 600), resolve));
    }
    this.#waiting -= 1;
  }

  #send(body: Body, edge: number): Promise<Reply<OrderView | Refusal>> {
    const { front, edges, onanswer } = this.#market;
    return front.ask(
      edges[edge % edges.length]!,
      this.#dice.between(300, 2500),
      (at) => this.place(body, at),
      (answer, at) => {
        if (!isRefusal(answer)) onanswer(this, body, answer, at);
      },
    );
  }

  #isOver(reply: Reply<OrderView | Refusal>): boolean {
    const { stage } = this.#market;
    if (reply.kind !== "answer") {
      stage.saw(reply.kind === "silence" ? "an answer was lost" : "an edge was not there");
      return false;
    }
    if (!isRefusal(reply.answer)) return true;
    stage.saw(`refused: ${reply.answer.refused}`);
    return FINAL.has(reply.answer.refused);
  }
}
