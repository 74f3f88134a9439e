import * as v from "valibot";
import { CONTENT_KINDS } from "../crdt/content.ts";
import { POLL_STATES } from "../crdt/poll.ts";
import { ProductFile } from "./product-file.ts";
import { AVAILABILITIES } from "./selling.ts";

/** What receivers are answered: described for /openapi.json, and the types that the code which builds it has to meet. */

export const Milliseconds = v.pipe(v.number(), v.integer(), v.description("milliseconds since 1970"));

/** Counts of one option. Receivers whose token names no one are kept apart from those that the broadcaster vouches for. */
export const OptionCounts = v.object({ option: v.string(), anonymous: v.number(), signed: v.number() });
export type OptionCounts = v.InferOutput<typeof OptionCounts>;

export const PollBody = v.object({
  id: v.string(),
  question: v.string(),
  options: v.array(v.object({ id: v.string(), text: v.string() })),
  mode: v.picklist(["last", "first", "votes"]),
  votes: v.number(),
  state: v.picklist(POLL_STATES),
  opens_at: v.exactOptional(Milliseconds),
  closes_at: v.exactOptional(Milliseconds),
  counts: v.exactOptional(v.array(OptionCounts)),
  answer: v.exactOptional(v.pipe(v.string(), v.description("the right option of a quiz, once it is released"))),
});
export type PollBody = v.InferOutput<typeof PollBody>;

export const ContentItemBody = v.object({
  id: v.string(),
  kind: v.picklist(CONTENT_KINDS),
  title: v.string(),
  text: v.string(),
  picture: v.exactOptional(v.pipe(v.string(), v.description("address of the picture, relative to this edge"))),
  media_type: v.exactOptional(v.string()),
  at: Milliseconds,
});
export type ContentItemBody = v.InferOutput<typeof ContentItemBody>;

export const ShowName = v.object({
  id: v.string(),
  title: v.string(),
  rehearsal: v.exactOptional(v.pipe(v.literal(true), v.description("a trial run: its ballots are nobody's result"))),
});

/** A product that receivers may buy now. */
export const OfferBody = v.object({
  ...ProductFile.entries,
  availability: v.pipe(v.picklist(AVAILABILITIES), v.description("roughly what is left")),
});
export type OfferBody = v.InferOutput<typeof OfferBody>;

export const ContentBody = v.object({
  show: ShowName,
  revision: v.pipe(v.string(), v.description("changes with everything below it")),
  time: Milliseconds,
  next_poll_ms: v.pipe(v.number(), v.description("after so long ask again")),
  polls: v.array(PollBody),
  content: v.array(ContentItemBody),
  products: v.pipe(v.array(OfferBody), v.description("what may be bought now")),
});
export type ContentBody = v.InferOutput<typeof ContentBody>;

export const ResultsBody = v.object({
  poll: v.string(),
  state: v.picklist(POLL_STATES),
  counts: v.array(OptionCounts),
  final: v.exactOptional(
    v.object({
      at: Milliseconds,
      cut: v.pipe(v.record(v.string(), v.number()), v.description("shard/edge/boot → last sequence that counted")),
      lost: v.array(v.string()),
      late: v.pipe(
        v.number(),
        v.description("ballots beyond the cut that this edge has heard of: kept, and not counted"),
      ),
    }),
  ),
});
export type ResultsBody = v.InferOutput<typeof ResultsBody>;

export const AllResultsBody = v.object({
  results: v.array(
    v.union([ResultsBody, v.object({ poll: v.string(), state: v.picklist(POLL_STATES), hidden: v.literal(true) })]),
  ),
  present: v.exactOptional(
    v.pipe(v.number(), v.description("receivers that retrieved the content; with a reader's token")),
  ),
});
export type AllResultsBody = v.InferOutput<typeof AllResultsBody>;

export const ReceiverBody = v.object({
  token: v.string(),
  receiver: v.pipe(v.string(), v.description("the token's subject")),
  signed: v.pipe(v.boolean(), v.description("the broadcaster vouches for it: it may order")),
  expires_at: Milliseconds,
  edge: v.string(),
  region: v.string(),
});
export type ReceiverBody = v.InferOutput<typeof ReceiverBody>;

export const ReceiptBody = v.object({
  code: v.string(),
  show: v.string(),
  poll: v.string(),
  option: v.string(),
  press: v.number(),
  k: v.number(),
  shard: v.number(),
  edge: v.string(),
  boot: v.string(),
  sequence: v.number(),
  level: v.picklist(["local", "peer"]),
  time: Milliseconds,
});
export type ReceiptBody = v.InferOutput<typeof ReceiptBody>;

export const OwnReceiptBody = v.object({
  code: v.string(),
  show: v.string(),
  poll: v.string(),
  option: v.exactOptional(v.string()),
  press: v.number(),
  k: v.number(),
  state: v.pipe(
    v.picklist(["counted", "replaced", "late", "closed", "void"]),
    v.description("closed: the result stands, and this ballot is in it unless the receiver chose again"),
  ),
  accepted_at: v.exactOptional(Milliseconds),
  recorded: v.exactOptional(v.boolean()),
  edges: v.exactOptional(v.object({ have: v.number(), of: v.number() })),
});

export const MineBody = v.object({
  ballots: v.array(v.object({ press: v.number(), option: v.string(), k: v.number() })),
});
export type MineBody = v.InferOutput<typeof MineBody>;

export const ORDER_STATES = ["received", "reserved", "confirmed", "rejected", "cancelled"] as const;

/** An order as its receiver is told of it, by HTTP and on its WebSocket. */
export const OrderAnswer = v.object({
  id: v.string(),
  product: v.string(),
  title: v.pipe(v.string(), v.description("the product's")),
  quantity: v.number(),
  price: v.pipe(v.number(), v.description("of one piece, in the currency's smallest unit")),
  total: v.number(),
  currency: v.string(),
  state: v.picklist(ORDER_STATES),
  reason: v.pipe(v.string(), v.description("why, where there is something to explain")),
  step: v.pipe(v.number(), v.description("grows with each word of the order processor")),
  time: Milliseconds,
});
export type OrderAnswer = v.InferOutput<typeof OrderAnswer>;
export const OrdersAnswer = v.object({ orders: v.array(OrderAnswer) });
export type OrdersAnswer = v.InferOutput<typeof OrdersAnswer>;
export const ProductsAnswer = v.object({ products: v.array(OfferBody) });
export type ProductsAnswer = v.InferOutput<typeof ProductsAnswer>;

export const ProblemBody = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  code: v.string(),
  retry_after_s: v.exactOptional(v.number()),
});
export type ProblemBody = v.InferOutput<typeof ProblemBody>;
