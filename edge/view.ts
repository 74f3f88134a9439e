import type { ContentItem } from "../crdt/content.ts";
import type { Schedule } from "../crdt/deed.ts";
import type { Counts, Poll, RundownItem } from "../crdt/show.ts";
import type {
  ContentBody,
  ContentItemBody,
  OptionCounts,
  OrderAnswer,
  PollBody,
  ProductsAnswer,
  ResultsBody,
} from "./answers.ts";
import type { ProducerPollBody, ShowBody, ThresholdAnswer } from "./producer-answers.ts";
import type { ProductAnswer, SellingAnswer } from "./selling-answers.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import type { OrderView } from "./order-desk.ts";
import { productBody } from "./product-file.ts";
import type { ProductView, SellingView } from "./selling.ts";
import type { PollView, ShowService } from "./service.ts";
import { ruleFile } from "./threshold-file.ts";
import type { ThresholdView } from "./thresholds.ts";

/** What of a show is told to whom, as JSON has it. Nothing here decides: `countsVisible` does. */

/** Identifies a revision of a show's content at this boot of this edge. */
export function revisionTag(boot: string, show: ShowService): string {
  return `${boot}-${show.revision}`;
}

/** The polls that receivers may know of, with the counts that they may see. A draft is nobody's business. */
export function publicPolls(show: ShowService): PollBody[] {
  return show
    .polls()
    .filter((view) => view.state !== "draft")
    .map((view) => pollBody(view, view.countsVisible ? countsOf(show, view) : undefined));
}

export function publicContent(show: ShowService): ContentItemBody[] {
  return show.content().map((item) => contentItemBody(show.definition.id, item));
}

export function showBody(show: ShowService, boot: string): ShowBody {
  const { shards, created, rundown } = show.definition;
  return {
    ...showName(show),
    ...(rundown ? { rundown: rundown.map(rundownBody) } : {}),
    shards,
    created,
    revision: revisionTag(boot, show),
    polls: show.polls().map((view) => producerPollBody(view)),
    content: publicContent(show),
    roster: show.roster().map((entry) => ({ ...entry, shards: [...entry.shards] })),
  };
}

/** A show as everyone may know it. */
export function showName(show: ShowService): ContentBody["show"] {
  const { id, title, rehearsal } = show.definition;
  return { id, title, ...(rehearsal ? { rehearsal } : {}) };
}

function rundownBody({ poll, afterMs, openMs }: RundownItem) {
  return { poll, after_s: afterMs / 1000, ...(openMs === undefined ? {} : { open_for_s: openMs / 1000 }) };
}

/** A poll for its producers; its counts stand under its results. */
export function producerPollBody(view: PollView): ProducerPollBody {
  return {
    ...pollBody(view, undefined),
    ...(view.definition.answer === undefined ? {} : { answer: view.definition.answer }),
    released: view.released,
    ...(view.schedule ? { scheduled: scheduleBody(view.schedule) } : {}),
    grace_ms: view.definition.graceMs,
    results: view.definition.results,
    counts_visible: view.countsVisible,
    final: view.final !== undefined,
    waiting_for: [...view.waitingFor],
  };
}

/** A threshold for its producers. */
export function thresholdAnswer({ definition, standing, progress, fired }: ThresholdView): ThresholdAnswer {
  const { id, rule, message, durationMs, urgent } = definition;
  return {
    id,
    rule: ruleFile(rule),
    message,
    duration_ms: durationMs,
    urgent,
    state: standing.is,
    ...("epoch" in standing ? { epoch: standing.epoch } : {}),
    ...(progress ? { progress: progressBody(progress) } : {}),
    fired: fired.map(({ cue: { cue, value, of, coverage, by }, confirmedAt }) => ({
      id: cue.id,
      event_id: cue.eventId,
      epoch: cue.epoch,
      at: cue.firedAt,
      value,
      ...(of === undefined ? {} : { of }),
      by,
      coverage: { ...coverage },
      ...(confirmedAt === undefined ? {} : { confirmed_at: confirmedAt }),
    })),
  };
}

/** What may be bought now. */
export function publicProducts(show: ShowService): ProductsAnswer["products"] {
  return show.selling.offered().map(({ definition, availability }) => ({ ...productBody(definition), availability }));
}

/** An order for its receiver. */
export function orderAnswer(order: OrderView): OrderAnswer {
  return { ...order };
}

export function productAnswer({ definition, state, sales }: ProductView): ProductAnswer {
  return { ...productBody(definition), state, ...(sales ? { sales: { ...sales } } : {}) };
}

export function sellingAnswer({ products, orders, stuck }: SellingView): SellingAnswer {
  return {
    products: products.map(productAnswer),
    orders: { ...orders },
    stuck: stuck.map(({ decision, ...its }) => ({ ...its, ...(decision ? { decision: decision.decision } : {}) })),
  };
}

function progressBody({ at, value, target, perSecond, remainingMs }: NonNullable<ThresholdView["progress"]>) {
  const remaining = remainingMs === undefined ? {} : { remaining_ms: Math.round(remainingMs) };
  return { at, value, target, per_second: perSecond, ...remaining };
}

/** A poll's results, whoever asks. */
export function resultsBody(show: ShowService, view: PollView): ResultsBody | Refusal {
  const counts = countsOf(show, view);
  if (isRefusal(counts)) return counts;
  const results = { poll: view.definition.id, state: view.state, counts: optionCounts(view.definition, counts) };
  if (!view.final) return results;
  const { at, cut, lost } = view.final;
  return { ...results, final: { at, cut: { ...cut }, lost: [...lost], late: show.late(results.poll) } };
}

export function contentItemBody(show: string, item: ContentItem): ContentItemBody {
  const { id, kind, title, text, mediaType, hash, at } = item;
  const picture = hash === undefined ? {} : { picture: `/v1/shows/${show}/pictures/${hash}` };
  return { id, kind, title, text, ...picture, ...(mediaType === undefined ? {} : { media_type: mediaType }), at };
}

function scheduleBody({ opensAt, openMs }: Schedule) {
  return { opens_at: opensAt, ...(openMs === undefined ? {} : { open_for_ms: openMs }) };
}

function countsOf(show: ShowService, view: PollView): Counts | Refusal {
  return view.final?.counts ?? show.counts(view.definition.id);
}

function pollBody(view: PollView, counts: Counts | Refusal | undefined): PollBody {
  const { id, question, options, mode, votes, answer } = view.definition;
  return {
    id,
    question,
    options: options.map((option) => ({ id: option.id, text: option.text })),
    mode,
    votes,
    state: view.state,
    ...(view.opensAt === undefined ? {} : { opens_at: view.opensAt }),
    ...(view.closesAt === undefined ? {} : { closes_at: view.closesAt }),
    ...(counts === undefined || isRefusal(counts) ? {} : { counts: optionCounts(view.definition, counts) }),
    ...(answer === undefined || !view.released ? {} : { answer }),
  };
}

function optionCounts(poll: Poll, counts: Counts): OptionCounts[] {
  return poll.options.map(({ id }, index) => ({
    option: id,
    anonymous: counts.anonymous[index] ?? 0,
    signed: counts.signed[index] ?? 0,
  }));
}
