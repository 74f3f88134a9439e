import * as v from "valibot";
import { Milliseconds } from "./answers.ts";
import { ProductFile } from "./product-file.ts";

/** What is answered about what a show sells, to those who run it: described for /openapi.json. */

export const ProductAnswer = v.object({
  ...ProductFile.entries,
  state: v.picklist(["hidden", "offered", "withdrawn"]),
  sales: v.exactOptional(v.object({ at: Milliseconds, left: v.number(), reserved: v.number(), confirmed: v.number() })),
});
export type ProductAnswer = v.InferOutput<typeof ProductAnswer>;

export const SellingAnswer = v.object({
  products: v.array(ProductAnswer),
  orders: v.pipe(
    v.object({
      received: v.number(),
      reserved: v.number(),
      confirmed: v.number(),
      rejected: v.number(),
      cancelled: v.number(),
    }),
    v.description("orders known here, by state"),
  ),
  stuck: v.array(
    v.object({
      order: v.string(),
      product: v.string(),
      quantity: v.number(),
      reason: v.string(),
      at: Milliseconds,
      decision: v.exactOptional(v.picklist(["cancel", "retry"])),
    }),
  ),
});
export type SellingAnswer = v.InferOutput<typeof SellingAnswer>;

export const DecisionAnswer = v.object({ order: v.string(), decision: v.picklist(["cancel", "retry"]) });
export type DecisionAnswer = v.InferOutput<typeof DecisionAnswer>;
