import * as v from "valibot";
import type { ContentItem } from "../crdt/content.ts";
import type { Poll } from "../crdt/show.ts";
import type { Rule, Threshold } from "../crdt/threshold.ts";
import { Line, Slug } from "./schemas.ts";

/** Most thresholds of a show: each is measured at every flush. */
export const MAX_THRESHOLDS = 100;
/** Highest count that a threshold may wait for: more receivers than there are people is a slip of the finger. */
export const MAX_THRESHOLD_COUNT = 10_000_000_000;
/** Shortest and longest time that receivers show a cue, ms. */
export const CUE_MS = { shortest: 1000, longest: 600_000, usual: 10_000 } as const;

const Count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_THRESHOLD_COUNT));
const steps = {
  at_least: v.pipe(Count, v.description("The count at which it is crossed.")),
  every: v.exactOptional(v.pipe(Count, v.description("Crossed again at each further so many."))),
};
const poll = v.pipe(Slug, v.description("A poll of the show."));
const option = v.pipe(Slug, v.description("An option of the poll."));

export const RuleFile = v.variant(
  "kind",
  [
    v.strictObject({ kind: v.literal("present"), ...steps }),
    v.strictObject({ kind: v.literal("voted"), poll: v.exactOptional(poll), ...steps }),
    v.strictObject({ kind: v.literal("votes"), poll, option, ...steps }),
    v.strictObject({
      kind: v.literal("share"),
      poll,
      option,
      percent: v.pipe(v.number(), v.gtValue(0), v.maxValue(100)),
      sample: v.pipe(Count, v.description("Votes that the poll has at least.")),
    }),
  ],
  'a rule of kind "present", "voted", "votes" or "share"',
);

export const MessageFile = v.variant(
  "kind",
  [
    v.strictObject({
      kind: v.literal("text"),
      text: v.pipe(Line, v.description("{count} stands for the count that was crossed.")),
    }),
    v.strictObject({
      kind: v.literal("content"),
      content: v.pipe(Slug, v.description("A page or picture that is published.")),
    }),
  ],
  'a message of kind "text" or "content"',
);

/** What a threshold is made of beside its id: what a producer puts. */
const entries = {
  rule: RuleFile,
  message: MessageFile,
  duration_ms: v.pipe(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(CUE_MS.shortest), v.maxValue(CUE_MS.longest)), CUE_MS.usual),
    v.description("Milliseconds for which receivers show the cue."),
  ),
  urgent: v.pipe(
    v.optional(v.boolean(), false),
    v.description("With the database away its cue goes straight to the encoder; fires once only."),
  ),
};
const URGENT_ONCE = 'no "every" where it is urgent: such a threshold fires once only';

export const ThresholdBody = v.pipe(
  v.strictObject(entries),
  v.check(({ rule, urgent }) => !(urgent && "every" in rule), URGENT_ONCE),
);
/** A threshold as a show's file says it. */
export const ThresholdFile = v.pipe(
  v.strictObject({ id: v.pipe(Slug, v.description("Names the threshold, once in the show.")), ...entries }),
  v.check(({ rule, urgent }) => !(urgent && "every" in rule), URGENT_ONCE),
);

export function thresholdOf(id: string, file: v.InferOutput<typeof ThresholdBody>): Threshold {
  const { rule, message, duration_ms: durationMs, urgent } = file;
  return { id, rule: ruleOf(rule), message, durationMs, urgent };
}

/** The inverse of `ruleOf`. */
export function ruleFile(rule: Rule): v.InferOutput<typeof RuleFile> {
  if (rule.kind === "share") return rule;
  const { atLeast, ...rest } = rule;
  return { ...rest, at_least: atLeast };
}

function ruleOf(file: v.InferOutput<typeof RuleFile>): Rule {
  if (file.kind === "share") return file;
  const { at_least: atLeast, ...rule } = file;
  return { ...rule, atLeast };
}

/** What a threshold may speak of. */
export interface ThresholdScene {
  readonly polls: readonly Pick<Poll, "id" | "options">[];
  readonly content: readonly Pick<ContentItem, "id">[];
}

/** What is wrong with a threshold in a show: what was named and is not there. */
export function thresholdProblems({ rule, message }: Threshold, { polls, content }: ThresholdScene): string[] {
  const problems: string[] = [];
  const named = rule.kind === "present" ? undefined : rule.poll;
  const found = polls.find(({ id }) => id === named);
  if (named !== undefined && !found) problems.push(`rule.poll: got "${named}", wanted ${listed(polls)}`);
  if (found && "option" in rule && !found.options.some(({ id }) => id === rule.option))
    problems.push(`rule.option: got "${rule.option}", wanted ${listed(found.options)}`);
  if (message.kind === "content" && !content.some(({ id }) => id === message.content))
    problems.push(`message.content: got "${message.content}", wanted something published: ${listed(content)}`);
  return problems;
}

function listed(named: readonly { readonly id: string }[]): string {
  return named.length === 0 ? "(there is nothing yet)" : `one of ${named.map(({ id }) => `"${id}"`).join(", ")}`;
}
