import { toJsonSchema } from "@valibot/to-json-schema";
import type { Hono } from "hono";
import { openAPIRouteHandler } from "hono-openapi";
import { ShowFile } from "../show-file.ts";
import { answer, ANY_ORIGIN } from "./answer.ts";
import type { RouteHandler } from "./context.ts";

/** The description of all routes (OpenAPI 3.1), from the schemas that check what comes. */
export function showOpenApi(app: Hono) {
  return openAPIRouteHandler(app, {
    documentation: {
      info: {
        title: "Redbutton edge",
        version: "1",
        description:
          "Errors are application/problem+json (RFC 9457) with a `code` that stays the same for ever. " +
          "Times are milliseconds since 1970. WebSocket close codes: 44xx says not to come back in the same way, 45xx to come back after a while.",
      },
      components: {
        securitySchemes: {
          receiver: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
          operator: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        },
      },
    },
  });
}

/** What editors check a show file by (JSON Schema). What it cannot say, that ids differ, the route still checks. */
export function showSchema(): RouteHandler {
  return () =>
    answer(toJsonSchema(ShowFile, { errorMode: "ignore", typeMode: "input" }), 200, {
      ...ANY_ORIGIN,
      "Content-Type": "application/schema+json",
      "Cache-Control": "max-age=3600",
    });
}
