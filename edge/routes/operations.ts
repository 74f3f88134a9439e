import { HealthBody } from "../network-answers.ts";
import { connectionsOf, METRICS_TYPE, metricsText } from "../metrics.ts";
import { problem } from "../problem.ts";
import { refuse } from "../refusal.ts";
import type { EdgeService, EdgeWatcher, Health } from "../service.ts";
import { loadBody } from "../steering/report.ts";
import { answer, ANY_ORIGIN, NO_STORE } from "./answer.ts";
import type { RouteContext, RouteHandler } from "./context.ts";
import { described } from "./describe.ts";

/** That the process answers, and how it does: 200 as long as it runs at all. */
export function showHealth({ edge, sessions, watcher }: RouteContext): RouteHandler {
  const { name, region, boot } = edge;
  return described({ summary: "How this edge is", tag: "operations", answer: HealthBody, refusals: [] }, () => {
    const health = edge.health();
    const load = loadBody(sessions.size, Math.round(health.ballotsPerS), health.capacity);
    const { draining } = health;
    const body = {
      edge: name,
      region,
      boot,
      ...readinessBody(edge.readiness()),
      draining,
      load,
      ...healthBody(health),
      ...(watcher ? { watcher: watcherBody(watcher.health()) } : {}),
    };
    return answer(body satisfies HealthBody, 200, { ...ANY_ORIGIN, ...NO_STORE });
  });
}

/** Whether receivers may be sent here: 200, or 503 with each reason why not. Receivers race it, from pages of any origin. */
export function showReadiness({ edge }: RouteContext): RouteHandler {
  return described(
    { summary: "Whether receivers may be sent here", tag: "operations", refusals: ["not_ready"] },
    () => {
      const { ready, reasons } = edge.readiness();
      if (ready) return answer({ ready }, 200, { ...ANY_ORIGIN, ...NO_STORE });
      return problem(refuse("not_ready", reasons.join("; "), { retryAfterS: 1, extra: { reasons } }));
    },
  );
}

export function showMetrics(context: RouteContext): RouteHandler {
  return described({ summary: "Figures for Prometheus", tag: "operations", answer: METRICS_TYPE, refusals: [] }, () => {
    const own = metricsText(context.edge, connectionsOf(context));
    return new Response(own + (context.watcher?.metrics() ?? ""), {
      headers: { "Content-Type": METRICS_TYPE, ...NO_STORE },
    });
  });
}

function readinessBody({ ready, reasons }: ReturnType<EdgeService["readiness"]>) {
  return { ready, reasons: [...reasons] };
}

function healthBody({ clock, links, alarms, shows }: Health) {
  return {
    clock: { trusted: clock.trusted, skew_ms: clock.skewMs },
    links: links.map(({ peer, open, roundTripMs }) => ({ peer, open, round_trip_ms: roundTripMs })),
    alarms: [...alarms],
    shows: shows.map(({ id, ready, lagMs }) => ({ id, ready, lag_ms: { ...lagMs } })),
  };
}

/** Without the reasons: everyone may read this, and they may name the database's or the encoder's address. */
function watcherBody({ ok, problems }: ReturnType<EdgeWatcher["health"]>) {
  return { ok, problems: problems.map((problem) => problem.split(": ", 2).join(": ")) };
}
