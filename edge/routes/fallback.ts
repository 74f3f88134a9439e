import type { Hono } from "hono";
import type { World } from "../../crdt/ports.ts";
import { problem } from "../problem.ts";
import { refuse } from "../refusal.ts";
import type { RouteHandler } from "./context.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] as const;

/** For what no route takes: 405 with the methods that the address does take (RFC 9110, 15.5.6), or 404. */
export function refuseUnknown(app: Hono): RouteHandler {
  return ({ req }) => {
    const allowed = METHODS.filter((method) => app.router.match(method, req.path)[0].length > 0);
    if (allowed.length === 0) return problem(refuse("not_found", `there is nothing at "${req.path.slice(0, 100)}"`));
    const allow = allowed.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
    return problem(refuse("method_not_allowed", `${req.method} came, and this takes ${allow}`), { Allow: allow });
  };
}

/** For a throw: our own mistake, told to the log and not to the client. */
export function refuseMistake({ log }: World): (error: unknown, request: Request) => Response {
  return (error, { method, url }) => {
    log("error", "a request failed", { method, url, error });
    return problem(
      refuse("internal", "this edge made a mistake, which stands in its log; trying again is safe", { retryAfterS: 1 }),
    );
  };
}

/** Lets pages of any origin use a route (Fetch, 3.2); browsers may remember it for a day. */
export function allowOrigins(): RouteHandler {
  return () => new Response(null, { status: 204, headers: PREFLIGHT });
}

const PREFLIGHT = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
  "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match",
  "Access-Control-Max-Age": "86400",
} as const;
