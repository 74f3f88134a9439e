import type { InferInput } from "valibot";
import type { Poll, RundownItem } from "../../crdt/show.ts";
import type { Rule, Threshold } from "../../crdt/threshold.ts";
import type { ShowFile } from "../show-file.ts";
import type { ShowPicture } from "./picture-of-show.ts";

type File = InferInput<typeof ShowFile>;

/**
 * A show's file again, to rehearse it: the same polls, rundown and thresholds under an id of its own. What is decided of
 * the one is decided of the other, and nothing that is counted can mix, as documents, keys and rows go by the id. It sells
 * nothing: a provider would charge for a rehearsal as for the show.
 */
export function rehearsalOf({ show, polls, thresholds }: ShowPicture, taken: readonly string[]): File {
  return {
    id: freeId(show.id, taken),
    title: show.title,
    shards: show.shards,
    rehearsal: true,
    polls: polls.map(({ poll }) => pollFile(poll)),
    ...(show.rundown ? { rundown: show.rundown.map(rundownFile) } : {}),
    thresholds: thresholds.map(({ threshold }) => ({ id: threshold.id, ...thresholdFile(threshold) })),
  };
}

/** `talent-final-r1`, or the next number that no show has: a show's id is its own for ever. */
function freeId(id: string, taken: readonly string[]): string {
  const stem = id.slice(0, 35);
  for (let i = 1; ; i++) if (!taken.includes(`${stem}-r${i}`)) return `${stem}-r${i}`;
}

function pollFile({ id, question, options, mode, votes, graceMs, results, answer }: Poll): File["polls"][number] {
  const texts = options.map((option) => ({ id: option.id, text: option.text }));
  return { id, question, options: texts, mode, votes, grace_ms: graceMs, results, ...(answer ? { answer } : {}) };
}

function rundownFile({ poll, afterMs, openMs }: RundownItem) {
  return { poll, after_s: afterMs / 1000, ...(openMs === undefined ? {} : { open_for_s: openMs / 1000 }) };
}

function thresholdFile({ rule, message, durationMs, urgent }: Threshold) {
  return { rule: ruleFile(rule), message, duration_ms: durationMs, urgent };
}

function ruleFile(rule: Rule) {
  if (rule.kind === "share") return rule;
  const { atLeast, ...rest } = rule;
  return { ...rest, at_least: atLeast };
}
