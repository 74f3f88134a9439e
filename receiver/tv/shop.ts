import type { OfferBody, OrderAnswer } from "../../edge/answers.ts";
import type { Account } from "./account.ts";
import { afterKey, isBusy, LAST_ORDER, type Step, type Turn } from "./counter.ts";
import type { Edges } from "./edges.ts";
import type { Key } from "./remote.ts";
import { createOrders } from "./orders.ts";
import { offerOf, shopCard, type ShopCard } from "./shop-card.ts";
import type { Texts } from "./texts.ts";

/** What the shop needs of the page around it. */
export interface ShopHost {
  readonly products: () => readonly OfferBody[];
  /** Changes are pushed on a socket. */
  readonly isPushed: () => boolean;
  /** Milliseconds since 1970 by the edge's clock. */
  readonly time: () => number;
  /** Calls `done` once that time is known. */
  readonly whenTimed: (done: () => void) => void;
  readonly onchange: () => void;
}

/** The counter: what the viewer may buy, is buying, and has bought. */
export interface Shop {
  readonly card: (isAway: boolean, texts: Texts) => ShopCard | undefined;
  readonly isBusy: () => boolean;
  /** True where the key meant something at the counter. */
  readonly take: (key: Key) => boolean;
  /** A row of the card was chosen. */
  readonly choose: (turn: Turn) => void;
  /** True where an order was not answered before the set was switched off: it goes on. */
  readonly resume: () => boolean;
  readonly catchUp: () => void;
  readonly hear: (order: OrderAnswer) => void;
}

export function createShop(show: string, edges: Edges, account: Account, host: ShopHost): Shop {
  var step: Step = { at: "list" };
  var orders = createOrders(show, edges, account, host);

  function go(turn: Turn): void {
    step = turn.step;
    if (turn.deed === "look") orders.look();
    else if (turn.deed === "drop") orders.drop();
    else if (turn.deed) orders.place(turn.deed);
    host.onchange();
  }

  return {
    card: (isAway, texts) =>
      shopCard(
        {
          step,
          products: host.products(),
          orders: orders.all(),
          purchase: orders.purchase(),
          isSigned: account.isSigned(),
          isAway,
        },
        texts,
      ),
    isBusy: () => isBusy(step),
    take: (key) => {
      var offer = step.at === "product" ? offerOf(host.products(), step.product) : undefined;
      var turn = afterKey(step, key, offer);
      if (turn) go(turn);
      return turn !== undefined;
    },
    choose: go,
    resume: () => {
      var isInterrupted = orders.purchase() !== undefined;
      if (isInterrupted) step = LAST_ORDER;
      orders.resume();
      return isInterrupted;
    },
    catchUp: orders.catchUp,
    hear: orders.hear,
  };
}
