import { AllResultsBody, ResultsBody } from "../answers.ts";
import { problem } from "../problem.ts";
import { isRefusal, refuse, type Refusal } from "../refusal.ts";
import type { PollView, ShowService } from "../service.ts";
import { bearer } from "../tokens.ts";
import { resultsBody } from "../view.ts";
import { answer, ANY_ORIGIN, NO_STORE } from "./answer.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";

/** Who asks for results: hidden ones are for those with at least a reader's token. */
type Asker = "anyone" | "reader";

export function showResults(context: RouteContext): RouteHandler {
  return described(ONE, async (c) => {
    const show = context.edge.show(pathParam(c, "show"));
    if (isRefusal(show)) return problem(show);
    const poll = show.poll(pathParam(c, "poll"));
    if (isRefusal(poll)) return problem(poll);
    const asker = await askerOf(context, c.req.raw, show);
    if (typeof asker !== "string") return problem(asker);
    if (asker === "anyone" && !poll.countsVisible) return problem(hidden(poll));
    const results = resultsBody(show, poll);
    return isRefusal(results) ? problem(results) : answer(results, 200, headersFor(asker));
  });
}

export function showAllResults(context: RouteContext): RouteHandler {
  return described(ALL, async (c) => {
    const show = context.edge.show(pathParam(c, "show"));
    if (isRefusal(show)) return problem(show);
    const asker = await askerOf(context, c.req.raw, show);
    if (typeof asker !== "string") return problem(asker);
    return answer(allResults(show, asker), 200, headersFor(asker));
  });
}

function allResults(show: ShowService, asker: Asker): AllResultsBody {
  const known = show.polls().filter((poll) => asker === "reader" || poll.state !== "draft");
  const results = known.map((poll) => {
    const shown = asker === "reader" || poll.countsVisible ? resultsBody(show, poll) : hidden(poll);
    return isRefusal(shown) ? { poll: poll.definition.id, state: poll.state, hidden: true as const } : shown;
  });
  return asker === "reader" ? { results, present: show.present() } : { results };
}

/** A receiver's token is as good as none; one that is neither's is refused, so that its bearer learns of it. */
async function askerOf({ tokens }: RouteContext, request: Request, show: ShowService): Promise<Asker | Refusal> {
  const token = bearer(request.headers);
  if (token === undefined) return "anyone";
  const operator = tokens.operatorAs(token, "reader", show.definition.id);
  if (!isRefusal(operator)) return "reader";
  const receiver = await tokens.receiver(token);
  if (!isRefusal(receiver)) return "anyone";
  return receiver.refused === "token_expired" ? receiver : operator;
}

function hidden(poll: PollView): Refusal {
  return refuse("results_hidden", `the results of poll "${poll.definition.id}" are hidden until they are released`);
}

function headersFor(asker: Asker): Record<string, string> {
  switch (asker) {
    case "anyone":
      return { ...ANY_ORIGIN, "Cache-Control": "max-age=1", Vary: "Authorization" };
    case "reader":
      return { ...ANY_ORIGIN, ...NO_STORE };
  }
}

const ONE = {
  summary: "A poll's results; hidden ones with a reader's token",
  tag: "receivers",
  answer: ResultsBody,
  refusals: [
    "token_invalid",
    "token_expired",
    "results_hidden",
    "forbidden",
    "unknown_show",
    "unknown_poll",
    "not_ready",
    "clock_untrusted",
  ],
} as const;

const ALL = {
  summary: "The results of all polls, as far as the asker may see them",
  tag: "receivers",
  answer: AllResultsBody,
  refusals: ["token_invalid", "token_expired", "forbidden", "unknown_show", "not_ready", "clock_untrusted"],
} as const;
