import { ThresholdAnswer, ThresholdsAnswer } from "../producer-answers.ts";
import { problem } from "../problem.ts";
import { isRefusal, type Refusal } from "../refusal.ts";
import { check, Slug } from "../schemas.ts";
import { ThresholdBody, thresholdOf } from "../threshold-file.ts";
import type { ThresholdView } from "../thresholds.ts";
import { thresholdAnswer } from "../view.ts";
import { answer, PRODUCERS } from "./answer.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";
import { BODY_REFUSALS, DEED_REFUSALS, SHOW_REFUSALS } from "./refusals.ts";
import { MAX_COMMAND_BYTES, readJson, withRole } from "./shows.ts";
import * as v from "valibot";

/** Thresholds with what they wait for, how far they are, and what they fired: counts, so they take a reader's token. */
export function showThresholds(context: RouteContext): RouteHandler {
  const handler = withRole(context, "reader", (_c, show) =>
    answer({ thresholds: show.thresholds.list().map(thresholdAnswer) }, 200, PRODUCERS),
  );
  return described(LIST, handler);
}

/** Defines a threshold, or replaces one that nobody has armed. */
export function putThreshold(context: RouteContext): RouteHandler {
  const handler = withRole(context, "operator", async (c, show, { subject }) => {
    const id = check(Id, { id: pathParam(c, "threshold") }, "reading the address");
    if (isRefusal(id)) return problem(id);
    const body = await readJson(c.req.raw, MAX_COMMAND_BYTES, ThresholdBody, "reading the threshold");
    if (isRefusal(body)) return problem(body);
    return answered(await show.thresholds.put(thresholdOf(id.id, body), subject));
  });
  return described(PUT, handler);
}

export function commandThreshold(context: RouteContext, command: "arm" | "disarm"): RouteHandler {
  const handler = withRole(context, "operator", async (c, show, { subject }) =>
    answered(await show.thresholds[command](pathParam(c, "threshold"), subject)),
  );
  return described({ ...COMMAND, summary: SUMMARIES[command] }, handler);
}

const Id = v.object({ id: Slug });

function answered(view: ThresholdView | Refusal): Response {
  return isRefusal(view) ? problem(view) : answer(thresholdAnswer(view), 200, PRODUCERS);
}

const CHANGE_REFUSALS = [...DEED_REFUSALS, "threshold_state", "threshold_unfit"] as const;

const LIST = {
  summary: "Thresholds: what each waits for, how far it is, and what it fired",
  tag: "producers",
  token: "reader",
  answer: ThresholdsAnswer,
  refusals: [...SHOW_REFUSALS, "clock_untrusted"],
} as const;

const PUT = {
  summary: "Defines a threshold, or replaces one that nobody has armed",
  tag: "producers",
  token: "operator",
  body: ThresholdBody,
  answer: ThresholdAnswer,
  refusals: [...CHANGE_REFUSALS, ...BODY_REFUSALS],
} as const;

const SUMMARIES = {
  arm: "Arms a threshold: its definition is fixed, and it fires once it is crossed",
  disarm: "Takes a threshold off for good",
} as const;

const COMMAND = {
  tag: "producers",
  token: "operator",
  answer: ThresholdAnswer,
  refusals: [...CHANGE_REFUSALS, "unknown_threshold"],
} as const;
