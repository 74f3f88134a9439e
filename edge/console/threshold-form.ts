import type { InferInput } from "valibot";
import type { Poll } from "../../crdt/show.ts";
import type { ThresholdBody } from "../threshold-file.ts";
import { typed } from "./form.ts";
import { slugOf } from "./numbers.ts";

/** What a threshold waits for, as a form offers it: the rules, and "voted" for the show and for a poll apart. */
export const WAITS = ["voted-poll", "voted-show", "present", "votes", "share"] as const;
export type Wait = (typeof WAITS)[number];

/** Whether it is about one option of the poll. */
export function namesOption(wait: Wait): boolean {
  return wait === "votes" || wait === "share";
}

/** A threshold as a form says it, for the edge to check. Fields of other waits are not looked at. */
export function thresholdDraft(wait: Wait, poll: Pick<Poll, "id">, form: FormData) {
  const json: InferInput<typeof ThresholdBody> = {
    rule: ruleOf(wait, poll.id, form),
    message: { kind: "text", text: typed(form, "text") },
  };
  return { id: idOf(json.rule), json };
}

function ruleOf(wait: Wait, poll: string, form: FormData): InferInput<typeof ThresholdBody>["rule"] {
  const option = typed(form, "option");
  const every = typed(form, "every");
  const steps = { at_least: Number(typed(form, "count")), ...(every === "" ? {} : { every: Number(every) }) };
  switch (wait) {
    case "present":
      return { kind: "present", ...steps };
    case "voted-show":
      return { kind: "voted", ...steps };
    case "voted-poll":
      return { kind: "voted", poll, ...steps };
    case "votes":
      return { kind: "votes", poll, option, ...steps };
    case "share":
      return {
        kind: "share",
        poll,
        option,
        percent: Number(typed(form, "percent")),
        sample: Number(typed(form, "sample")),
      };
  }
}

/** Says what it waits for; cut in front, where poll and option are long, so that the figure stays. */
function idOf(rule: InferInput<typeof ThresholdBody>["rule"]): string {
  const about = "poll" in rule ? rule.poll : "show";
  const option = "option" in rule ? rule.option : rule.kind;
  const figure = rule.kind === "share" ? `${rule.percent}-of-${rule.sample}` : rule.at_least;
  return slugOf(`${about}-${option}-${figure}`.slice(-40));
}
