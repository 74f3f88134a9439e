import type { OrderAnswer, OrdersAnswer } from "../../edge/answers.ts";
import type { Account } from "./account.ts";
import type { Placing } from "./counter.ts";
import { pause, type Edges } from "./edges.ts";
import { isFor, isOver, type Purchase } from "./purchase.ts";
import { ask, type Answer } from "./request.ts";
import type { ShopHost } from "./shop.ts";
import { keep, load } from "./storage.ts";

/** How long after it was confirmed an order is sent without another word, ms: later the viewer is asked again. */
var RESUME_MS = 15 * 60_000;
/** Noes that are not believed after a try without an answer: it may have arrived, and this edge not have heard of it. */
var MAX_DOUBTS = 4;
/** How long an order that is under way is left before it is asked about, s, where there is no socket. */
var LOOK_S = 2;
/** The same where a socket tells: what it told before the order was known here has passed by. */
var PUSHED_LOOK_S = 6;

export interface Orders {
  /** What edges have said of this receiver's orders, newest first. */
  readonly all: () => readonly OrderAnswer[];
  /** The one that is being placed, or was placed last. */
  readonly purchase: () => Purchase | undefined;
  /** Keeps the order, then sends it; while another one is on its way it does nothing. */
  readonly place: (placing: Placing) => void;
  /** The viewer does not stand by the one that was interrupted. */
  readonly drop: () => void;
  /** Sends again what was not answered before the set was switched off. */
  readonly resume: () => void;
  /** Asks what became of orders. */
  readonly look: () => void;
  /** The same where one is under way: a socket that was away has missed what was pushed. */
  readonly catchUp: () => void;
  /** Takes what came on the socket. */
  readonly hear: (order: OrderAnswer) => void;
}

export function createOrders(
  show: string,
  edges: Edges,
  account: Account,
  host: Pick<ShopHost, "isPushed" | "time" | "whenTimed" | "onchange">,
): Orders {
  var path = `/v1/shows/${show}/orders`;
  var name = `order-${show}`;
  var purchase = load<Purchase>(name);
  var known: OrderAnswer[] = [];
  var timer: ReturnType<typeof setTimeout> | undefined;
  var looks = 0;

  function note(): void {
    var order = purchase && purchase.id !== undefined ? find(purchase.id) : undefined;
    keep(name, order && isOver(order) ? null : purchase || null);
    host.onchange();
  }

  function send(sent: Purchase, pin: string | undefined, tries: number): void {
    if (purchase !== sent || sent.is !== "sending") return;
    var body = { key: sent.key, product: sent.product, quantity: sent.quantity, pin };
    account.withToken((token) => {
      ask(edges, { method: "POST", path, token, body }, (answer) => heard(sent, pin, tries, answer));
    });
  }

  /** Sends what was interrupted, unless it was so long ago that the viewer has to stand by it first. */
  function goOn(kept: Purchase): void {
    if (purchase !== kept) return;
    kept.is = host.time() - kept.at < RESUME_MS ? "sending" : "unconfirmed";
    note();
    send(kept, undefined, 0);
  }

  function heard(sent: Purchase, pin: string | undefined, tries: number, answer: Answer): void {
    if (purchase !== sent || sent.is !== "sending") return;
    if (answer.status === 202) return placed(sent, answer.body as OrderAnswer);
    var body = answer.body as { readonly code?: string; readonly retry_after_s?: number; readonly shard?: number };
    if (answer.status === 0 || answer.status >= 500) sent.isUnsure = true;
    if (answer.status === 401) account.forget();
    if (answer.status === 421 && body.shard !== undefined) edges.onshard(body.shard);
    if (body.code === "pin_required") sent.is = "unconfirmed";
    else if (!isPassing(answer.status, body.code) && !(sent.isUnsure && tries < MAX_DOUBTS)) {
      sent.is = "refused";
      sent.why = body.code || `http_${answer.status}`;
    }
    note();
    if (sent.is === "sending")
      setTimeout(() => send(sent, pin, tries + 1), pause(tries, answer.retryAfterS || body.retry_after_s || 0));
  }

  function placed(sent: Purchase, order: OrderAnswer): void {
    sent.is = "placed";
    sent.id = order.id;
    merge(order);
    changed();
  }

  /** Of two words on one order the later one stands: what was pushed may overtake what was asked for. */
  function merge(order: OrderAnswer): void {
    for (var i = 0; i < known.length; i++) {
      if (known[i]!.id !== order.id) continue;
      if (order.step >= known[i]!.step) known[i] = order;
      return;
    }
    known.push(order);
    known.sort((a, b) => b.time - a.time);
  }

  function changed(): void {
    note();
    schedule();
  }

  /** Also one that the edge in use has yet to hear of. */
  function isUnderWay(): boolean {
    var isUnheard = purchase !== undefined && purchase.id !== undefined && !find(purchase.id);
    return isUnheard || !known.every(isOver);
  }

  /** Asks again while an order is under way. */
  function schedule(): void {
    clearTimeout(timer);
    if (!isUnderWay()) looks = 0;
    else timer = setTimeout(look, pause(looks, host.isPushed() ? PUSHED_LOOK_S : LOOK_S));
  }

  function look(): void {
    looks += 1;
    account.withToken((token) => {
      ask(edges, { method: "GET", path: `${path}/mine`, token }, (answer) => {
        if (answer.status === 200) (answer.body as OrdersAnswer).orders.forEach(merge);
        changed();
      });
    });
  }

  function find(id: string): OrderAnswer | undefined {
    for (var i = 0; i < known.length; i++) if (known[i]!.id === id) return known[i];
    return undefined;
  }

  return {
    all: () => known,
    purchase: () => purchase,
    place: (placing) => {
      if (purchase && purchase.is === "sending") return;
      var isSame = purchase && !purchase.id && isFor(purchase, placing);
      purchase = {
        // One that has no outcome yet may have arrived: what is ordered again is the same order.
        key: isSame ? purchase!.key : uuid(),
        product: placing.product,
        quantity: placing.quantity,
        at: host.time(),
        is: "sending",
        isUnsure: isSame ? purchase!.isUnsure : false,
      };
      // Kept before it is sent: a set that loses its power now sends the same order when it is back.
      note();
      send(purchase, placing.pin, 0);
    },
    drop: () => {
      purchase = undefined;
      note();
    },
    resume: () => {
      if (!purchase || purchase.is === "refused") return;
      if (purchase.is === "placed") return look();
      var kept = purchase;
      kept.isUnsure = true;
      host.whenTimed(() => goOn(kept));
    },
    look,
    catchUp: () => {
      if (isUnderWay()) look();
    },
    hear: (order) => {
      merge(order);
      changed();
    },
  };
}

/** What an edge says no to now, and may say yes to later; 421: another edge keeps this receiver. */
function isPassing(status: number, code: string | undefined): boolean {
  if (code === "pin_blocked") return false;
  return status === 0 || status >= 500 || status === 401 || status === 421 || status === 429;
}

/** A random UUID (RFC 9562, version 4). Sets of 2012 have a poorer chance to draw from. */
function uuid(): string {
  var bytes = window.crypto ? crypto.getRandomValues(new Uint8Array(32)) : undefined;
  var drawn = 0;
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => {
    var byte = bytes ? bytes[(drawn += 1)]! : Math.random() * 256;
    return (byte & 15).toString(16);
  });
}
