import type { OfferBody } from "../../edge/answers.ts";
import type { Key } from "./remote.ts";

/** Shortest and longest PIN that an edge takes. */
var LEAST_DIGITS = 4;
var MOST_DIGITS = 8;

/**
 * Where the viewer stands at the counter, and what is in the hand:
 *
 *     list ──► product ──► confirm ──► order
 *      │          └─────► pin ────────►┘ ▲
 *      └──► history ─────────────────────┘
 */
export type Step =
  | { readonly at: "list" }
  | { readonly at: "history" }
  | Holding
  | PinStep
  /** `id`: undefined for the one that is being placed, or was placed last. */
  | { readonly at: "order"; readonly id: string | undefined };

interface Holding {
  readonly at: "product" | "confirm";
  readonly product: string;
  readonly quantity: number;
}

interface PinStep {
  readonly at: "pin";
  readonly product: string;
  readonly quantity: number;
  readonly digits: string;
}

/** What is ordered. */
export interface Placing {
  readonly product: string;
  readonly quantity: number;
  readonly pin: string | undefined;
}

/** Where a key leads, and what is done on the way. */
export interface Turn {
  readonly step: Step;
  /** "look": asks what became of orders; "drop": gives up the one that was interrupted. */
  readonly deed?: "look" | "drop" | Placing;
}

/** The order that was placed last. */
export var LAST_ORDER: Step = { at: "order", id: undefined };

/** Where a key leads that chooses no row; undefined where it means nothing at the counter. */
export function afterKey(step: Step, key: Key, offer: OfferBody | undefined): Turn | undefined {
  if (key.is === "back") return step.at === "list" ? undefined : { step: before(step) };
  var isSideways = key.is === "left" || key.is === "right";
  if (step.at === "product" && isSideways)
    return { step: withQuantity(step, step.quantity + (key.is === "left" ? -1 : 1), offer) };
  if (step.at === "pin") return afterPinKey(step, key);
  // From the list alone are the cards beside it turned to: not by a slip of the thumb while something is bought.
  return step.at !== "list" && isSideways ? { step } : undefined;
}

/** Whether the viewer is in the middle of something that nothing else should push aside. */
export function isBusy(step: Step): boolean {
  return step.at === "product" || step.at === "confirm" || step.at === "pin";
}

function before(step: Step): Step {
  return step.at === "confirm" || step.at === "pin"
    ? { at: "product", product: step.product, quantity: step.quantity }
    : { at: "list" };
}

function withQuantity(step: Holding, quantity: number, offer: OfferBody | undefined): Step {
  var most = offer ? offer.most_at_once : 1;
  return { at: "product", product: step.product, quantity: Math.min(most, Math.max(1, quantity)) };
}

function afterPinKey(step: PinStep, key: Key): Turn {
  if (key.is === "digit" && step.digits.length < MOST_DIGITS)
    return { step: withDigits(step, step.digits + key.digit) };
  if (key.is === "left") return { step: withDigits(step, step.digits.slice(0, -1)) };
  if (key.is === "ok" && step.digits.length >= LEAST_DIGITS)
    return { step: LAST_ORDER, deed: { product: step.product, quantity: step.quantity, pin: step.digits } };
  return { step };
}

function withDigits(step: PinStep, digits: string): Step {
  return { at: "pin", product: step.product, quantity: step.quantity, digits };
}
