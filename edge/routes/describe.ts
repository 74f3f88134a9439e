import { resolver, uniqueSymbol, type DescribeRouteOptions } from "hono-openapi";
import type { GenericSchema } from "valibot";
import { ProblemBody } from "../answers.ts";
import { PROBLEMS } from "../problem.ts";
import type { RefusalCode } from "../refusal.ts";
import type { OperatorRole } from "../token.ts";
import type { RouteHandler } from "./context.ts";

/** What /openapi.json says of a route. */
export interface Description {
  readonly summary: string;
  readonly tag: "receivers" | "readers" | "producers" | "operations";
  /** Whose token it takes: a receiver's, or an operator's of at least this role. */
  readonly token?: "receiver" | OperatorRole;
  /** The request's body: JSON by its schema, or bytes by their media types. */
  readonly body?: GenericSchema | readonly string[];
  /** Parameters of the query: name → what for. */
  readonly query?: Readonly<Record<string, string>>;
  readonly status?: number;
  /** The answer's body: JSON by its schema, or of a media type. */
  readonly answer?: GenericSchema | string;
  readonly refusals: readonly RefusalCode[];
}

/**
 * Marks the handler with its description. hono-openapi would add a middleware for it, and with a second handler on a
 * route Hono composes a chain for each request: 1 to 2 µs on every ballot.
 */
export function described(description: Description, handler: RouteHandler): RouteHandler {
  return Object.assign(handler, { [uniqueSymbol]: { spec: specOf(description) } });
}

function specOf(description: Description): DescribeRouteOptions {
  const { summary, tag, token, query = {} } = description;
  return {
    summary,
    tags: [tag],
    parameters: Object.entries(query).map(([name, what]) => ({
      name,
      in: "query",
      description: what,
      schema: { type: "string" },
    })),
    ...(token ? { security: [{ [token === "receiver" ? "receiver" : "operator"]: [] }] } : {}),
    ...(token && token !== "receiver" ? { description: `Takes the role ${token} or a higher one.` } : {}),
    ...(description.body ? { requestBody: { required: true, content: bodyOf(description.body) } } : {}),
    responses: { [description.status ?? 200]: answerOf(description), ...refusalsOf(description.refusals) },
  };
}

function bodyOf(body: GenericSchema | readonly string[]) {
  if (!isMediaTypes(body)) return { "application/json": { schema: resolver(body) } };
  return Object.fromEntries(body.map((type) => [type, { schema: { type: "string" as const, format: "binary" } }]));
}

function answerOf({ answer, summary }: Description) {
  if (answer === undefined) return { description: summary };
  if (typeof answer === "string") return { description: summary, content: { [answer]: {} } };
  return { description: summary, content: { "application/json": { schema: resolver(answer) } } };
}

/** One response a status, with the codes that share it. */
function refusalsOf(codes: readonly RefusalCode[]) {
  const content = { "application/problem+json": { schema: resolver(ProblemBody) } };
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const meant = codes.filter((code) => PROBLEMS[code].status === status);
      return [status, { description: meant.map((code) => `${code}: ${PROBLEMS[code].title}`).join("\n"), content }];
    }),
  );
}

function isMediaTypes(body: GenericSchema | readonly string[]): body is readonly string[] {
  return Array.isArray(body);
}
