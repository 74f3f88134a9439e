import type { Context } from "hono";
import { AuditBody, LostAnswer, ProducerPollBody, ShowBody, ForgottenAnswer, StopAnswer } from "../producer-answers.ts";
import { problem } from "../problem.ts";
import { isRefusal, type Refusal } from "../refusal.ts";
import { check, checkJson, LostBody, OpenBody, RundownBody, ScheduleBody } from "../schemas.ts";
import type { PollView, ShowService } from "../service.ts";
import { MAX_SHOW_FILE_BYTES, showDefinition, ShowFile } from "../show-file.ts";
import type { OperatorRole } from "../token.ts";
import { bearer, type Operator } from "../tokens.ts";
import { producerPollBody, showBody } from "../view.ts";
import { answer, PRODUCERS } from "./answer.ts";
import { readText, refuseOtherThanJson } from "./body.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";
import { BODY_REFUSALS, DEED_REFUSALS, SHOW_REFUSALS, TOKEN_REFUSALS } from "./refusals.ts";

/** Bytes of a producer's command. */
export const MAX_COMMAND_BYTES = 4096;

/** What a producer's route does once it is known who asks, and for which show. */
type ProducerHandler = (c: Context, show: ShowService, operator: Operator) => Response | Promise<Response>;

/** Lets an operator through who may act as `role` in the show of the path. */
export function withRole({ tokens, edge }: RouteContext, role: OperatorRole, handle: ProducerHandler): RouteHandler {
  return (c) => {
    const id = pathParam(c, "show");
    const operator = tokens.operatorAs(bearer(c.req.raw.headers), role, id);
    if (isRefusal(operator)) return problem(operator);
    const show = edge.show(id);
    return isRefusal(show) ? problem(show) : handle(c, show, operator);
  };
}

export function createShow({ tokens, edge }: RouteContext): RouteHandler {
  return described(CREATE, async (c) => {
    // Who asks comes first: strangers get no megabyte parsed.
    const operator = tokens.operator(bearer(c.req.raw.headers));
    if (isRefusal(operator)) return problem(operator);
    const file = await readJson(c.req.raw, MAX_SHOW_FILE_BYTES, ShowFile, "reading the show file");
    if (isRefusal(file)) return problem(file);
    const allowed = tokens.operatorAs(bearer(c.req.raw.headers), "producer", file.id);
    if (isRefusal(allowed)) return problem(allowed);
    const show = await edge.createShow(showDefinition(file), operator.subject);
    if (isRefusal(show)) return problem(show);
    return answer(showBody(show, edge.boot), 201, { ...PRODUCERS, Location: `/v1/shows/${file.id}` });
  });
}

export function showShow(context: RouteContext): RouteHandler {
  const { boot } = context.edge;
  return described(
    SHOW,
    withRole(context, "reader", (_c, show) => answer(showBody(show, boot), 200, PRODUCERS)),
  );
}

export function showAudit(context: RouteContext): RouteHandler {
  const audit: ProducerHandler = (_c, show) => answer({ audit: show.audit() }, 200, PRODUCERS);
  return described(AUDIT, withRole(context, "viewer", audit));
}

/** Commands to a poll that are told by the address alone. */
export type PollCommand = "arm" | "close" | "void" | "release";

const COMMANDS: Readonly<Record<PollCommand, { readonly token: OperatorRole; readonly summary: string }>> = {
  arm: { token: "operator", summary: "Arms a poll: its definition is fixed, and receivers see it" },
  close: { token: "operator", summary: "Closes a poll, after the grace for good" },
  release: { token: "operator", summary: "Shows a poll's results to everyone" },
  void: { token: "producer", summary: "Voids a poll: it counts for nothing" },
};

export function commandPoll(context: RouteContext, command: PollCommand): RouteHandler {
  const handler = withRole(context, COMMANDS[command].token, async (c, show, { subject }) =>
    pollAnswer(await show.deeds[command](pathParam(c, "poll"), subject)),
  );
  return described({ ...COMMAND, ...COMMANDS[command] }, handler);
}

/** Opens a poll; with a duration its closing time stands on the board from the start, so that a cut-off edge closes too. */
export function openPoll(context: RouteContext): RouteHandler {
  const handler = withRole(context, "operator", async (c, show, { subject }) => {
    const text = await readText(c.req.raw, MAX_COMMAND_BYTES);
    if (typeof text !== "string") return problem(text);
    const doing = "reading how to open the poll";
    const body = text.trim() === "" ? check(OpenBody, {}, doing) : checkJson(OpenBody, text, doing);
    if (isRefusal(body)) return problem(body);
    return pollAnswer(await show.deeds.open(pathParam(c, "poll"), subject, body.duration_ms));
  });
  return described(OPEN, handler);
}

/** Has a poll open and close by itself. */
export function schedulePoll(context: RouteContext): RouteHandler {
  const handler = withRole(context, "operator", async (c, show, { subject }) => {
    const body = await readJson(c.req.raw, MAX_COMMAND_BYTES, ScheduleBody, "reading when the poll opens");
    if (isRefusal(body)) return problem(body);
    const { opens_at: opensAt, open_for_ms: openMs } = body;
    const times = { opensAt, ...(openMs === undefined ? {} : { openMs }) };
    return pollAnswer(await show.deeds.schedule(pathParam(c, "poll"), times, subject));
  });
  return described(SCHEDULE, handler);
}

export function unschedulePoll(context: RouteContext): RouteHandler {
  const handler = withRole(context, "operator", async (c, show, { subject }) =>
    pollAnswer(await show.deeds.schedule(pathParam(c, "poll"), undefined, subject)),
  );
  return described(UNSCHEDULE, handler);
}

/** Starts the rundown of the show's file: now, or at a time that was agreed. */
export function startRundown(context: RouteContext): RouteHandler {
  const handler = withRole(context, "operator", async (c, show, { subject }) => {
    const body = await readJson(c.req.raw, MAX_COMMAND_BYTES, RundownBody, "reading when the show starts");
    if (isRefusal(body)) return problem(body);
    const refusal = await show.deeds.startRundown(body.starts_at ?? context.world.clock.now(), subject);
    return refusal ? problem(refusal) : answer(showBody(show, context.edge.boot), 200, PRODUCERS);
  });
  return described(RUNDOWN, handler);
}

/** Destroys the show's key, for ever. */
export function forgetShow(context: RouteContext): RouteHandler {
  const handler = withRole(context, "producer", async (_c, show, { subject }) => {
    const forgotten = await show.deeds.forget(subject);
    return isRefusal(forgotten) ? problem(forgotten) : answer(forgotten, 200, PRODUCERS);
  });
  return described(FORGET, handler);
}

/** Emergency stop. An operator may: whoever sees the fire pulls the handle. */
export function stopShow(context: RouteContext): RouteHandler {
  const handler = withRole(context, "operator", async (_c, show, { subject }) => {
    const stopped = await show.deeds.stop(subject);
    return isRefusal(stopped) ? problem(stopped) : answer(stopped, 200, PRODUCERS);
  });
  return described(STOP, handler);
}

export function nameLost(context: RouteContext): RouteHandler {
  const handler = withRole(context, "producer", async (c, show, { subject }) => {
    const body = await readJson(c.req.raw, MAX_COMMAND_BYTES, LostBody, "reading which boot is lost");
    if (isRefusal(body)) return problem(body);
    const refusal = await show.deeds.nameLost(body.edge, body.boot, subject);
    return refusal ? problem(refusal) : answer({ ...body, lost: true }, 200, PRODUCERS);
  });
  return described(LOST, handler);
}

/** A request's body in JSON, as `schema` has it. */
export async function readJson<S extends Parameters<typeof checkJson>[0]>(
  request: Request,
  limit: number,
  schema: S,
  doing: string,
): Promise<ReturnType<typeof checkJson<S>>> {
  const otherType = refuseOtherThanJson(request);
  if (otherType) return otherType;
  const text = await readText(request, limit);
  return typeof text === "string" ? checkJson(schema, text, doing) : text;
}

function pollAnswer(view: PollView | Refusal): Response {
  return isRefusal(view) ? problem(view) : answer(producerPollBody(view), 200, PRODUCERS);
}

const CREATE = {
  summary: "Creates a show from its file",
  tag: "producers",
  token: "producer",
  body: ShowFile,
  status: 201,
  answer: ShowBody,
  refusals: [
    ...TOKEN_REFUSALS,
    ...BODY_REFUSALS,
    "show_exists",
    "not_ready",
    "clock_untrusted",
    "draining",
    "overloaded",
    "log_full",
  ],
} as const;

const SHOW = {
  summary: "A show with its polls, content and roster",
  tag: "producers",
  token: "reader",
  answer: ShowBody,
  refusals: SHOW_REFUSALS,
} as const;

const AUDIT = {
  summary: "What producers did, oldest first",
  tag: "producers",
  token: "viewer",
  answer: AuditBody,
  refusals: SHOW_REFUSALS,
} as const;

const COMMAND = {
  tag: "producers",
  answer: ProducerPollBody,
  refusals: [...DEED_REFUSALS, "unknown_poll", "poll_state"],
} as const;

const OPEN = {
  ...COMMAND,
  summary: "Opens a poll, for a time or until it is closed",
  token: "operator",
  body: OpenBody,
  refusals: [...COMMAND.refusals, "malformed", "too_large"],
} as const;

const SCHEDULE = {
  ...COMMAND,
  summary: "Has a poll open by itself, for a time or until it is closed",
  token: "operator",
  body: ScheduleBody,
  refusals: [...COMMAND.refusals, ...BODY_REFUSALS],
} as const;

const UNSCHEDULE = { ...COMMAND, summary: "Takes back when a poll opens by itself", token: "operator" } as const;

const RUNDOWN = {
  summary: "Starts the show's rundown: its polls open and close by themselves",
  tag: "producers",
  token: "operator",
  body: RundownBody,
  answer: ShowBody,
  refusals: [...DEED_REFUSALS, ...BODY_REFUSALS],
} as const;

const FORGET = {
  summary: "Destroys the show's key: nothing leads from its ballots back to receivers any more",
  tag: "producers",
  token: "producer",
  answer: ForgottenAnswer,
  refusals: [...DEED_REFUSALS, "poll_state"],
} as const;

const STOP = {
  summary: "Emergency stop: closes all polls, takes back schedules and armed thresholds, takes all off the screens",
  tag: "producers",
  token: "operator",
  answer: StopAnswer,
  refusals: DEED_REFUSALS,
} as const;

const LOST = {
  summary: "Names a boot of an edge lost: finals no longer wait for it",
  tag: "producers",
  token: "producer",
  body: LostBody,
  answer: LostAnswer,
  refusals: [...DEED_REFUSALS, ...BODY_REFUSALS],
} as const;
