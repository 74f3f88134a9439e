import type { Hono } from "hono";
import { hc } from "hono/client";
import type { InferInput, InferOutput } from "valibot";
import type {
  AllResultsBody,
  ContentBody,
  ContentItemBody,
  MineBody,
  ProblemBody,
  ReceiptBody,
  ReceiverBody,
  ResultsBody,
  OrderAnswer,
  OrdersAnswer,
  ProductsAnswer,
} from "../answers.ts";
import type { HealthBody, NearestBody } from "../network-answers.ts";
import type {
  AuditBody,
  ForgottenAnswer,
  GraphicsBody,
  LostAnswer,
  ProducerPollBody,
  ShowBody,
  StopAnswer,
  ThresholdAnswer,
  ThresholdsAnswer,
} from "../producer-answers.ts";
import type { DecisionAnswer, ProductAnswer, SellingAnswer } from "../selling-answers.ts";
import type {
  BallotBody,
  LostBody,
  OpenBody,
  PageBody,
  PictureQuery,
  RundownBody,
  ScheduleBody,
  DecisionBody,
  OrderBody,
} from "../schemas.ts";
import type { ShowFile } from "../show-file.ts";
import type { ThresholdBody } from "../threshold-file.ts";

/** An edge's routes as `hono/client` has them: the types are those of the schemas that check what comes and goes. */
export type EdgeRoutes = {
  "/healthz": { $get: Endpoint<Nothing, HealthBody> };
  "/v1/edges/nearest": { $get: Endpoint<{ query: { country?: string; show?: string; shard?: string } }, NearestBody> };
  "/v1/receivers": { $post: Endpoint<Nothing, ReceiverBody, 201> };
  "/v1/shows": { $post: Endpoint<{ json: InferInput<typeof ShowFile> }, ShowBody, 201> };
  "/v1/shows/:show": { $get: Endpoint<InShow, ShowBody> };
  "/v1/shows/:show/audit": { $get: Endpoint<InShow, AuditBody> };
  "/v1/shows/:show/content": { $get: Endpoint<InShow, ContentBody> };
  "/v1/shows/:show/content/:id": {
    $put: Endpoint<Item & { json: InferInput<typeof PageBody> }, ContentItemBody>;
    $delete: Endpoint<Item, ContentItemBody>;
  };
  /** The picture's bytes are the body: `{ init: { body, headers: { "Content-Type": … } } }`. */
  "/v1/shows/:show/content/:id/picture": {
    $put: Endpoint<Item & { query: InferInput<typeof PictureQuery> }, ContentItemBody>;
  };
  "/v1/shows/:show/lost": { $post: Endpoint<InShow & { json: InferInput<typeof LostBody> }, LostAnswer> };
  "/v1/shows/:show/thresholds": { $get: Endpoint<InShow, InferOutput<typeof ThresholdsAnswer>> };
  "/v1/shows/:show/thresholds/:threshold": {
    $put: Endpoint<OfThreshold & { json: InferInput<typeof ThresholdBody> }, ThresholdAnswer>;
  };
  "/v1/shows/:show/thresholds/:threshold/arm": { $post: Endpoint<OfThreshold, ThresholdAnswer> };
  "/v1/shows/:show/thresholds/:threshold/disarm": { $post: Endpoint<OfThreshold, ThresholdAnswer> };
  "/v1/shows/:show/stop": { $post: Endpoint<InShow, StopAnswer> };
  "/v1/shows/:show/forget": { $post: Endpoint<InShow, InferOutput<typeof ForgottenAnswer>> };
  "/v1/shows/:show/rundown": { $post: Endpoint<InShow & { json: InferInput<typeof RundownBody> }, ShowBody> };
  "/v1/shows/:show/results": { $get: Endpoint<InShow, AllResultsBody> };
  "/v1/shows/:show/selling": { $get: Endpoint<InShow, SellingAnswer> };
  "/v1/shows/:show/products": { $get: Endpoint<InShow, ProductsAnswer> };
  "/v1/shows/:show/products/:product/offer": { $post: Endpoint<OfProduct, ProductAnswer> };
  "/v1/shows/:show/products/:product/withdraw": { $post: Endpoint<OfProduct, ProductAnswer> };
  "/v1/shows/:show/orders": { $post: Endpoint<InShow & { json: InferInput<typeof OrderBody> }, OrderAnswer, 202> };
  "/v1/shows/:show/orders/mine": { $get: Endpoint<InShow, OrdersAnswer> };
  "/v1/shows/:show/decisions/:order": {
    $post: Endpoint<{ param: { show: string; order: string }; json: InferInput<typeof DecisionBody> }, DecisionAnswer>;
  };
  "/v1/shows/:show/polls/:poll/results": { $get: Endpoint<OfPoll, ResultsBody> };
  "/v1/shows/:show/polls/:poll/graphics": { $get: Endpoint<OfPoll, GraphicsBody> };
  "/v1/shows/:show/polls/:poll/ballots": {
    $post: Endpoint<OfPoll & { json: InferInput<typeof BallotBody> }, ReceiptBody, 202>;
  };
  "/v1/shows/:show/polls/:poll/ballots/mine": { $get: Endpoint<OfPoll, MineBody> };
  "/v1/shows/:show/polls/:poll/arm": { $post: Endpoint<OfPoll, ProducerPollBody> };
  "/v1/shows/:show/polls/:poll/open": {
    $post: Endpoint<OfPoll & { json: InferInput<typeof OpenBody> }, ProducerPollBody>;
  };
  "/v1/shows/:show/polls/:poll/close": { $post: Endpoint<OfPoll, ProducerPollBody> };
  "/v1/shows/:show/polls/:poll/void": { $post: Endpoint<OfPoll, ProducerPollBody> };
  "/v1/shows/:show/polls/:poll/release": { $post: Endpoint<OfPoll, ProducerPollBody> };
  "/v1/shows/:show/polls/:poll/schedule": {
    $put: Endpoint<OfPoll & { json: InferInput<typeof ScheduleBody> }, ProducerPollBody>;
    $delete: Endpoint<OfPoll, ProducerPollBody>;
  };
};

type Endpoint<Input, Output, Status extends number = 200> = {
  input: Input;
  output: Output;
  outputFormat: "json";
  status: Status;
};
type Nothing = Record<never, never>;
type InShow = { param: { show: string } };
type Item = { param: { show: string; id: string } };
type OfThreshold = { param: { show: string; threshold: string } };
type OfProduct = { param: { show: string; product: string } };
type OfPoll = { param: { show: string; poll: string } };

export type EdgeClient = ReturnType<typeof edgeClient>;

/** Sends one request: the platform's `fetch`, or an application's own in tests. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** One edge as a program talks to it, typed by its routes. `token`: a receiver's or an operator's, as the routes want it. */
export function edgeClient(address: string, token?: string, fetch?: Fetch) {
  return hc<Hono<Record<never, never>, EdgeRoutes>>(address, {
    ...(token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } }),
    ...(fetch === undefined ? {} : { fetch }),
  });
}

/** An edge said no, or did not answer. */
export class EdgeRefusal extends Error {
  override readonly name = "EdgeRefusal";
  /** Undefined where no edge answered, or not in its own words. */
  readonly problem: ProblemBody | undefined;
  readonly status: number;

  constructor(status: number, problem: ProblemBody | undefined) {
    super(problem?.detail ?? (status === 0 ? "the edge does not answer" : `the edge answered with status ${status}`));
    this.status = status;
    this.problem = problem;
  }
}

/** The answer's body; throws `EdgeRefusal` where it is a no. */
export async function bodyOf<T>(asked: Promise<{ ok: boolean; status: number; json(): Promise<T> }>): Promise<T> {
  const response = await asked.catch(() => undefined);
  if (!response) throw new EdgeRefusal(0, undefined);
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => undefined);
  throw new EdgeRefusal(response.status, isProblem(problem) ? problem : undefined);
}

function isProblem(value: unknown): value is ProblemBody {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value;
}
