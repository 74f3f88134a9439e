import * as v from "valibot";
import { MAX_OPTIONS, MAX_POLLS, MAX_VOTES } from "../crdt/ballot.ts";
import type { RundownItem } from "../crdt/show.ts";
import { MAX_PRODUCTS, ProductFile, productOf } from "./product-file.ts";
import { Line, Slug } from "./schemas.ts";
import type { ShowDefinition } from "./service.ts";
import { MAX_THRESHOLDS, ThresholdFile, thresholdOf, thresholdProblems } from "./threshold-file.ts";

/** Bytes of a show file: some 1,000 polls of ten options. */
export const MAX_SHOW_FILE_BYTES = 1024 * 1024;
/** More shards than this are more documents than a replica could be asked to follow. */
export const MAX_SHARDS = 256;
/** Longest grace: a viewer must not wait longer than a minute for a result. */
export const MAX_GRACE_MS = 60_000;
export const DEFAULT_GRACE_MS = 2000;

const PollOption = v.strictObject({
  id: v.pipe(Slug, v.description("Names the option in ballots and results.")),
  text: v.pipe(Line, v.description("What viewers read.")),
});

const PollFile = v.pipe(
  v.strictObject({
    id: v.pipe(Slug, v.description("Names the poll, once in the show.")),
    question: Line,
    options: v.pipe(
      v.array(PollOption),
      v.minLength(2, "at least 2 options"),
      v.maxLength(MAX_OPTIONS, `at most ${MAX_OPTIONS} options`),
      v.check((options) => areUnique(options), "options whose ids differ"),
    ),
    mode: v.pipe(
      v.optional(v.picklist(["last", "first", "votes"]), "last"),
      v.description('Which ballots of a receiver count: its last one, its first one, or "votes" of them.'),
    ),
    votes: v.pipe(
      v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_VOTES)), 1),
      v.description('Votes a receiver has where mode is "votes".'),
    ),
    grace_ms: v.pipe(
      v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_GRACE_MS)), DEFAULT_GRACE_MS),
      v.description("Milliseconds after closing in which ballots already under way still count."),
    ),
    results: v.pipe(
      v.optional(v.picklist(["hidden", "live"]), "hidden"),
      v.description("Whether viewers see counts while the poll is open; hidden ones wait for their release."),
    ),
    answer: v.exactOptional(
      v.pipe(Slug, v.description("The right option of a quiz, by its id: shown once the poll is released.")),
    ),
  }),
  v.forward(
    v.check(({ answer, options }) => answer === undefined || options.some(({ id }) => id === answer), "an option's id"),
    ["answer"],
  ),
  v.forward(
    v.check((poll) => poll.mode === "votes" || poll.votes === 1, '1 where mode is not "votes"'),
    ["votes"],
  ),
);

/** Longest time of a rundown, s: a show of a whole day. */
export const MAX_RUNDOWN_S = 24 * 60 * 60;

const Seconds = v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_RUNDOWN_S));

const RundownEntry = v.strictObject({
  poll: v.pipe(Slug, v.description("One of the show's polls.")),
  after_s: v.pipe(Seconds, v.description("Seconds after the start of the show at which it opens.")),
  open_for_s: v.exactOptional(
    v.pipe(Seconds, v.minValue(1), v.description("Seconds that it is open; left out, until a producer closes it.")),
  ),
});

/** A show as its file says it: what `POST /v1/shows` takes and editors check by /schemas/show.json. */
export const ShowFile = v.pipe(
  v.strictObject({
    $schema: v.optional(v.string()),
    id: v.pipe(Slug, v.description("Names the show in addresses and documents, once and for ever.")),
    title: Line,
    shards: v.pipe(
      v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_SHARDS)), 1),
      v.description("Parts of the audience that replicas can keep separately; fixed for ever."),
    ),
    polls: v.pipe(
      v.array(PollFile),
      v.maxLength(MAX_POLLS, `at most ${MAX_POLLS} polls`),
      v.check((polls) => areUnique(polls), "polls whose ids differ"),
    ),
    thresholds: v.optional(
      v.pipe(
        v.array(ThresholdFile),
        v.maxLength(MAX_THRESHOLDS, `at most ${MAX_THRESHOLDS} thresholds`),
        v.check((thresholds) => areUnique(thresholds), "thresholds whose ids differ"),
      ),
      [],
    ),
    products: v.optional(
      v.pipe(
        v.array(ProductFile),
        v.maxLength(MAX_PRODUCTS, `at most ${MAX_PRODUCTS} products`),
        v.check((products) => areUnique(products), "products whose ids differ"),
        v.description("What the show sells. Offered once a producer says so; fixed for ever."),
      ),
      [],
    ),
    rehearsal: v.exactOptional(
      v.pipe(v.boolean(), v.description("A trial run: every page says so, and nothing of it is the real show's.")),
    ),
    rundown: v.exactOptional(
      v.pipe(
        v.array(RundownEntry),
        v.description("When polls open and close by themselves, once a producer starts the rundown."),
        v.check((entries) => new Set(entries.map(({ poll }) => poll)).size === entries.length, "each poll once"),
      ),
    ),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const problem of unfitThresholds(dataset.value)) addIssue({ message: problem });
  }),
  v.forward(
    v.check(
      ({ polls, rundown = [] }) => rundown.every((entry) => polls.some(({ id }) => id === entry.poll)),
      "polls of this show",
    ),
    ["rundown"],
  ),
  v.title("Redbutton show"),
);

export function showDefinition(file: v.InferOutput<typeof ShowFile>): ShowDefinition {
  const { id, title, shards, rehearsal, rundown } = file;
  const polls = file.polls.map(({ grace_ms: graceMs, ...poll }) => ({ ...poll, graceMs }));
  const thresholds = file.thresholds.map((threshold) => thresholdOf(threshold.id, threshold));
  return {
    id,
    title,
    shards,
    polls,
    thresholds,
    ...(file.products.length > 0 ? { products: file.products.map(productOf) } : {}),
    ...(rehearsal ? { rehearsal } : {}),
    ...(rundown ? { rundown: rundown.map(rundownItem) } : {}),
  };
}

/** Content may be published later, and is looked for when the threshold is armed. */
function unfitThresholds({
  polls,
  thresholds,
}: Pick<v.InferOutput<typeof ShowFile>, "polls" | "thresholds">): string[] {
  return thresholds.flatMap(({ id, ...body }) => {
    const threshold = thresholdOf(id, body);
    const content = threshold.message.kind === "content" ? [{ id: threshold.message.content }] : [];
    return thresholdProblems(threshold, { polls, content }).map((problem) => `threshold "${id}": ${problem}`);
  });
}

function rundownItem({ poll, after_s: after, open_for_s: open }: v.InferOutput<typeof RundownEntry>): RundownItem {
  const afterMs = Math.round(after * 1000);
  return { poll, afterMs, ...(open === undefined ? {} : { openMs: Math.round(open * 1000) }) };
}

function areUnique(named: readonly { readonly id: string }[]): boolean {
  return new Set(named.map(({ id }) => id)).size === named.length;
}
