import * as v from "valibot";
import { MAX_QUANTITY } from "../crdt/order.ts";
import type { Product } from "../crdt/shop.ts";
import { Line, Slug } from "./schemas.ts";

/** Most products of a show: a viewer chooses with four arrow keys. */
export const MAX_PRODUCTS = 50;
/** Highest price of one piece in the currency's smallest unit, and most pieces: their product stays an exact number. */
export const MAX_PRICE = 100_000_000;
export const MAX_STOCK = 10_000_000;

const whole = (least: number, most: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

/** A product as a show's file says it. */
export const ProductFile = v.strictObject({
  id: v.pipe(Slug, v.description("Names the product, once in the show.")),
  title: Line,
  text: v.optional(v.pipe(v.string(), v.maxLength(1000, "at most 1000 characters")), ""),
  price: v.pipe(whole(0, MAX_PRICE), v.description("Of one piece, in the currency's smallest unit: 2990 is 29.90.")),
  currency: v.pipe(v.string(), v.regex(/^[A-Z]{3}$/, "three capital letters of ISO 4217")),
  stock: v.pipe(whole(0, MAX_STOCK), v.description("Pieces that there are; never more are sold.")),
  most_at_once: v.pipe(v.optional(whole(1, MAX_QUANTITY), 1), v.description("Most pieces in one order.")),
  confirmation: v.pipe(
    v.optional(v.picklist(["press", "pin"]), "press"),
    v.description(
      "How the viewer confirms: by pressing twice, or with the account's PIN: edges ask for it, the provider checks it.",
    ),
  ),
});

export function productOf({ most_at_once: mostAtOnce, ...file }: v.InferOutput<typeof ProductFile>): Product {
  return { ...file, mostAtOnce };
}

/** The inverse of `productOf`: what receivers and producers are told. */
export function productBody({ mostAtOnce, ...product }: Product): v.InferOutput<typeof ProductFile> {
  return { ...product, most_at_once: mostAtOnce };
}
