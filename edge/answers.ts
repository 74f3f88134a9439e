import * as v from "valibot";
import { CONTENT_KINDS } from "../crdt/board.ts";
import { POLL_STATES } from "../crdt/poll.ts";
import { ProductFile } from "./product-file.ts";
import { AVAILABILITIES } from "./selling.ts";
import { MessageFile, RuleFile } from "./threshold-file.ts";

/** What the routes answer with: described for /openapi.json, and the types that the code which builds it has to meet. */

const Milliseconds = v.pipe(v.number(), v.integer(), v.description("milliseconds since 1970"));

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

/** A poll as producers see it. Its answer, where it is a quiz, from the start. */
export const ProducerPollBody = v.object({
  ...PollBody.entries,
  released: v.boolean(),
  scheduled: v.exactOptional(v.object({ opens_at: Milliseconds, open_for_ms: v.exactOptional(v.number()) })),
  grace_ms: v.number(),
  results: v.picklist(["hidden", "live"]),
  counts_visible: v.boolean(),
  final: v.boolean(),
  waiting_for: v.array(v.string()),
});
export type ProducerPollBody = v.InferOutput<typeof ProducerPollBody>;

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

const ShowName = v.object({
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

const PlaceBody = v.pipe(
  v.object({ latitude: v.number(), longitude: v.number() }),
  v.description("degrees, north and east positive"),
);

/** Where a receiver may go, best first. */
export const NearestBody = v.object({
  edges: v.array(
    v.object({
      edge: v.string(),
      region: v.string(),
      address: v.pipe(v.string(), v.description("put the paths of this document behind it")),
      distance_km: v.exactOptional(v.number()),
      reason: v.string(),
    }),
  ),
  policy: v.string(),
  pool: v.picklist(["healthy", "draining", "fail open"]),
  place: v.exactOptional(v.pipe(PlaceBody, v.description("where the receiver is taken to be"))),
  left_out: v.array(v.object({ edge: v.string(), reason: v.string() })),
});
export type NearestBody = v.InferOutput<typeof NearestBody>;

/** Every edge that this one knows of. */
export const EdgesBody = v.object({
  edges: v.array(
    v.object({
      edge: v.string(),
      boot: v.string(),
      state: v.picklist(["live", "draining"]),
      region: v.string(),
      address: v.string(),
      place: v.exactOptional(PlaceBody),
      shards: v.pipe(v.record(v.string(), v.pipe(v.array(v.number()), v.readonly())), v.description("by show")),
      since: Milliseconds,
    }),
  ),
});
export type EdgesBody = v.InferOutput<typeof EdgesBody>;

const RosterBody = v.object({
  edge: v.string(),
  boot: v.string(),
  state: v.picklist(["live", "draining"]),
  region: v.string(),
  shards: v.array(v.number()),
  address: v.string(),
  place: v.exactOptional(PlaceBody),
  since: Milliseconds,
  lost: v.boolean(),
});

export const ShowBody = v.object({
  ...ShowName.entries,
  rundown: v.exactOptional(
    v.array(v.object({ poll: v.string(), after_s: v.number(), open_for_s: v.exactOptional(v.number()) })),
  ),
  shards: v.number(),
  created: Milliseconds,
  revision: v.string(),
  polls: v.array(ProducerPollBody),
  content: v.array(ContentItemBody),
  roster: v.array(RosterBody),
});
export type ShowBody = v.InferOutput<typeof ShowBody>;

export const ForgottenAnswer = v.object({ at: Milliseconds, by: v.string() });

/** What an emergency stop has ended, by ids. */
export const StopAnswer = v.object({
  closed: v.array(v.string()),
  unscheduled: v.array(v.string()),
  disarmed: v.array(v.string()),
  withdrawn: v.array(v.string()),
});
export type StopAnswer = v.InferOutput<typeof StopAnswer>;

/** A poll for a graphics system: everything that goes on air, worked out. */
export const GraphicsBody = v.object({
  show: v.string(),
  title: v.string(),
  rehearsal: v.boolean(),
  poll: v.string(),
  question: v.string(),
  state: v.picklist(POLL_STATES),
  final: v.boolean(),
  opens_at: v.exactOptional(Milliseconds),
  closes_at: v.exactOptional(Milliseconds),
  time: Milliseconds,
  total: v.number(),
  options: v.array(
    v.object({
      option: v.string(),
      letter: v.string(),
      text: v.string(),
      count: v.number(),
      percent: v.pipe(v.number(), v.description("of all votes, to one decimal")),
      rank: v.pipe(v.number(), v.description("1 for the most votes; equal counts share a rank")),
    }),
  ),
});
export type GraphicsBody = v.InferOutput<typeof GraphicsBody>;

/** How an edge is. */
export const HealthBody = v.object({
  edge: v.string(),
  region: v.string(),
  boot: v.string(),
  ready: v.boolean(),
  reasons: v.array(v.string()),
  draining: v.boolean(),
  load: v.object({
    receivers: v.number(),
    ballots_per_s: v.number(),
    capacity: v.object({ receivers: v.number(), ballots_per_s: v.number() }),
  }),
  clock: v.object({ trusted: v.boolean(), skew_ms: v.number() }),
  links: v.array(v.object({ peer: v.string(), open: v.boolean(), round_trip_ms: v.number() })),
  alarms: v.array(v.string()),
  watcher: v.exactOptional(
    v.pipe(
      v.object({ ok: v.boolean(), problems: v.array(v.string()) }),
      v.description("of an edge that watches thresholds; why something failed is in the edge's log"),
    ),
  ),
  shows: v.array(
    v.object({
      id: v.string(),
      ready: v.boolean(),
      lag_ms: v.pipe(
        v.record(v.string(), v.number()),
        v.description("by peer: since it covered all that this edge has"),
      ),
    }),
  ),
});
export type HealthBody = v.InferOutput<typeof HealthBody>;

export const AuditBody = v.object({
  audit: v.array(
    v.object({
      at: Milliseconds,
      by: v.string(),
      edge: v.string(),
      action: v.string(),
      target: v.string(),
      detail: v.exactOptional(v.string()),
    }),
  ),
});
export type AuditBody = v.InferOutput<typeof AuditBody>;

export const ThresholdAnswer = v.object({
  id: v.string(),
  rule: RuleFile,
  message: MessageFile,
  duration_ms: v.number(),
  urgent: v.boolean(),
  state: v.pipe(
    v.picklist(["draft", "arming", "armed", "fired", "disarmed"]),
    v.description("arming: until a watcher with the database has reserved its event id"),
  ),
  epoch: v.exactOptional(v.pipe(v.number(), v.description("which firing it waits for, or has come to"))),
  progress: v.exactOptional(
    v.object({
      at: Milliseconds,
      value: v.number(),
      target: v.number(),
      per_second: v.number(),
      remaining_ms: v.exactOptional(v.pipe(v.number(), v.description("to the crossing, at this speed"))),
    }),
  ),
  fired: v.array(
    v.object({
      id: v.string(),
      event_id: v.number(),
      epoch: v.number(),
      at: Milliseconds,
      value: v.number(),
      of: v.exactOptional(v.pipe(v.number(), v.description("votes that a share is of"))),
      by: v.pipe(v.string(), v.description("the watcher that saw it")),
      coverage: v.pipe(
        v.record(v.string(), v.number()),
        v.description("shard/edge/boot → last sequence it was true for"),
      ),
      confirmed_at: v.exactOptional(v.pipe(Milliseconds, v.description("when the encoder said that it has it"))),
    }),
  ),
});
export type ThresholdAnswer = v.InferOutput<typeof ThresholdAnswer>;

export const ThresholdsAnswer = v.object({ thresholds: v.array(ThresholdAnswer) });

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

export const LostAnswer = v.object({ edge: v.string(), boot: v.string(), lost: v.literal(true) });
export type LostAnswer = v.InferOutput<typeof LostAnswer>;

export const ProblemBody = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  code: v.string(),
  retry_after_s: v.exactOptional(v.number()),
});
export type ProblemBody = v.InferOutput<typeof ProblemBody>;
