import * as v from "valibot";
import { MAX_OPTIONS, MAX_POLLS, MAX_VOTES } from "../crdt/ballot.ts";
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
  }),
  v.forward(
    v.check((poll) => poll.mode === "votes" || poll.votes === 1, '1 where mode is not "votes"'),
    ["votes"],
  ),
);

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
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const problem of unfitThresholds(dataset.value)) addIssue({ message: problem });
  }),
  v.title("Redbutton show"),
);

export function showDefinition(file: v.InferOutput<typeof ShowFile>): ShowDefinition {
  const { id, title, shards } = file;
  const polls = file.polls.map(({ grace_ms: graceMs, ...poll }) => ({ ...poll, graceMs }));
  const thresholds = file.thresholds.map((threshold) => thresholdOf(threshold.id, threshold));
  return { id, title, shards, polls, thresholds };
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

function areUnique(named: readonly { readonly id: string }[]): boolean {
  return new Set(named.map(({ id }) => id)).size === named.length;
}
