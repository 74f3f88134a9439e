import { totals } from "../../crdt/show.ts";
import { GraphicsBody } from "../producer-answers.ts";
import { problem } from "../problem.ts";
import { isRefusal, type Refusal } from "../refusal.ts";
import type { PollView, ShowService } from "../service.ts";
import { bearer } from "../tokens.ts";
import { answer, PRODUCERS } from "./answer.ts";
import { pathParam, type RouteContext, type RouteHandler } from "./context.ts";
import { described } from "./describe.ts";
import { SHOW_REFUSALS } from "./refusals.ts";

/** A poll for graphics systems that read JSON every so often (vMix, Viz, CasparCG templates), hidden counts included. */
export function showGraphics({ edge, tokens, world }: RouteContext): RouteHandler {
  return described(GRAPHICS, (c) => {
    const id = pathParam(c, "show");
    // In the address too, as most graphics systems cannot send a header.
    const token = c.req.query("token") ?? bearer(c.req.raw.headers);
    const reader = tokens.operatorAs(token, "reader", id);
    if (isRefusal(reader)) return problem(reader);
    const show = edge.show(id);
    if (isRefusal(show)) return problem(show);
    const poll = show.poll(pathParam(c, "poll"));
    if (isRefusal(poll)) return problem(poll);
    const body = graphicsBody(show, poll, world.clock.now());
    return isRefusal(body) ? problem(body) : answer(body, 200, PRODUCERS);
  });
}

function graphicsBody(show: ShowService, view: PollView, time: number): GraphicsBody | Refusal {
  const { definition, final, opensAt, closesAt } = view;
  const counts = final?.counts ?? show.counts(definition.id);
  if (isRefusal(counts)) return counts;
  const each = totals(counts);
  const total = each.reduce((sum, count) => sum + count, 0);
  return {
    show: show.definition.id,
    title: show.definition.title,
    rehearsal: show.definition.rehearsal === true,
    poll: definition.id,
    question: definition.question,
    state: view.state,
    final: final !== undefined,
    ...(opensAt === undefined ? {} : { opens_at: opensAt }),
    ...(closesAt === undefined ? {} : { closes_at: closesAt }),
    time,
    total,
    options: definition.options.map(({ id: option, text }, i) => {
      const count = each[i] ?? 0;
      const percent = total > 0 ? Math.round((count / total) * 1000) / 10 : 0;
      return { option, letter: letterOf(i), text, count, percent, rank: rankOf(count, each) };
    }),
  };
}

/** A to Z, then AA to IU for the 255th: the letters that receivers show. */
function letterOf(i: number): string {
  const last = String.fromCharCode(65 + (i % 26));
  return i < 26 ? last : String.fromCharCode(64 + Math.floor(i / 26)) + last;
}

function rankOf(count: number, all: readonly number[]): number {
  return 1 + all.filter((other) => other > count).length;
}

const GRAPHICS = {
  summary: "A poll for graphics systems: counts, shares and ranks, hidden ones included",
  tag: "readers",
  token: "reader",
  query: { token: "The token, for systems that cannot send a header" },
  answer: GraphicsBody,
  refusals: [...SHOW_REFUSALS, "unknown_poll"],
} as const;
