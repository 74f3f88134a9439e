import { describe, expect, test } from "vitest";
import type { HealthBody } from "../../../edge/network-answers.ts";
import type { RefusalCode } from "../../../edge/refusal.ts";
import { problem, PROBLEMS } from "../../../edge/problem.ts";
import { Harness, problemOf } from "./harness.ts";

describe("how an edge is", () => {
  test("stands in /healthz, whether it is ready or not", async () => {
    const harness = new Harness();
    harness.edge.reasons = ['show "demo" is catching up'];
    const response = await harness.ask("GET", "/healthz");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      edge: "fra",
      region: "eu",
      boot: "00000000000000b1",
      ready: false,
      reasons: ['show "demo" is catching up'],
      draining: false,
      load: { receivers: 0, ballots_per_s: 1, capacity: { receivers: 100, ballots_per_s: 50 } },
      clock: { trusted: true, skew_ms: 1 },
      links: [{ peer: "nyc", open: true, round_trip_ms: 80 }],
      alarms: [],
      shows: [{ id: "demo", ready: true, lag_ms: { nyc: 12 } }],
    });
  });

  test("is also how its watcher is, without what may name an address", async () => {
    const problems = ["no link is open", 'show "demo": latching cues failed: "http://10.0.0.7:8080" failed: refused'];
    const watcher = { health: () => ({ ok: false, problems }), metrics: () => "redbutton_process_ok 0\n" };
    const harness = new Harness({ watcher });
    const body = (await (await harness.ask("GET", "/healthz")).json()) as HealthBody;
    expect(body.watcher).toEqual({ ok: false, problems: ["no link is open", 'show "demo": latching cues failed'] });
    expect(await (await harness.ask("GET", "/metrics")).text()).toMatch(/\nredbutton_process_ok 0\n$/);
  });

  test("decides /readyz, with each reason", async () => {
    const harness = new Harness();
    expect((await harness.ask("GET", "/readyz")).status).toBe(200);
    harness.edge.reasons = ["a", "b"];
    const response = await harness.ask("GET", "/readyz");
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await problemOf(response)).toMatchObject({
      status: 503,
      code: "not_ready",
      detail: "a; b",
      reasons: ["a", "b"],
    });
  });

  test("stands in /metrics, as Prometheus reads it", async () => {
    const harness = new Harness();
    await harness.dial("/v1/shows/demo/live");
    const response = await harness.ask("GET", "/metrics");
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    const sample = /^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[\d.]+$/;
    const lines = text.trimEnd().split("\n");
    expect(lines.filter((line) => !line.startsWith("# ") && !sample.test(line))).toEqual([]);
    expect(lines).toContain('redbutton_info{edge="fra",region="eu",boot="00000000000000b1"} 1');
    expect(lines).toContain("redbutton_receiver_sockets 1");
    expect(lines).toContain('redbutton_show_lag_ms{show="demo",peer="nyc"} 12');
    const names = lines.filter((line) => line.startsWith("# TYPE")).map((line) => line.split(" ")[2]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("what there is not", () => {
  test.for<[method: string, path: string, allow: string]>([
    ["GET", "/v1/shows/demo/polls/open/ballots", "POST, OPTIONS"],
    ["DELETE", "/v1/shows/demo/content", "GET, HEAD, OPTIONS"],
    ["POST", "/v1/shows/demo/content/rules", "PUT, DELETE, OPTIONS"],
    ["PATCH", "/v1/shows", "POST, OPTIONS"],
    ["POST", "/metrics", "GET, HEAD"],
    ["BREW", "/healthz", "GET, HEAD"],
  ])("%s %s is told what there is: %s", async ([method, path, allow]) => {
    const response = await new Harness().ask(method, path);
    expect(response.headers.get("allow")).toBe(allow);
    expect(await problemOf(response)).toMatchObject({ status: 405, code: "method_not_allowed" });
  });

  test.for([
    "/",
    "/v1",
    "/v1/shows/demo/polls",
    "/v1/shows/demo/content/",
    "/favicon.ico",
    "/v1/shows/demo/content/a/b",
    "/%00",
  ])("%s is nothing", async (path) => {
    expect(await problemOf(await new Harness().ask("GET", path))).toMatchObject({ status: 404, code: "not_found" });
  });

  test("HEAD is GET without a body", async () => {
    const response = await new Harness().ask("HEAD", "/v1/shows/demo/content");
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });
});

test("routes are found by one regular expression, and receivers' have one handler", async () => {
  const { app } = new Harness();
  await app.hono.request("/healthz");
  expect(app.hono.router.name).toBe("SmartRouter + RegExpRouter");
  expect(app.hono.router.match("POST", "/v1/shows/demo/polls/open/ballots")[0]).toHaveLength(1);
});

describe("pages of other origins", () => {
  test.for([
    "/v1/receivers",
    "/v1/shows/demo/polls/open/ballots",
    "/v1/shows/demo/polls/open/ballots/mine",
    "/v1/shows/demo/content",
    "/v1/shows/demo/results",
    // The console of an edge that is gone goes on at another.
    "/v1/shows",
    "/v1/shows/demo/stop",
    "/v1/shows/demo/content/rules",
  ])("may use %s", async (path) => {
    const response = await new Harness().ask("OPTIONS", path);
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-headers")).toContain("Authorization");
    expect(response.headers.get("access-control-max-age")).toBe("86400");
  });

  test("run no show without a token: no browser sends one by itself", async () => {
    const response = await new Harness().ask("POST", "/v1/shows/demo/stop", {
      headers: { Origin: "https://evil.test" },
    });
    expect(await problemOf(response)).toMatchObject({ status: 401, code: "token_missing" });
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
  });
});

describe("problems", () => {
  test.for(Object.keys(PROBLEMS) as RefusalCode[])("%s has a status and a body", async (code) => {
    const response = problem({ refused: code, detail: "why", retryAfterS: 0.2, extra: { more: 1 } });
    expect(await problemOf(response)).toEqual({
      type: `urn:redbutton:problem:${code}`,
      title: PROBLEMS[code].title,
      status: response.status,
      detail: "why",
      code,
      retry_after_s: 1,
      more: 1,
    });
    expect(response.headers.get("retry-after")).toBe("1");
    expect(response.headers.has("www-authenticate")).toBe(response.status === 401 || code === "forbidden");
  });
});

describe("what describes the edge", () => {
  interface OpenApi {
    openapi: string;
    paths: Record<
      string,
      Record<string, { summary?: string; requestBody?: unknown; responses: Record<string, unknown> }>
    >;
  }

  test("is /openapi.json, with every route and from the schemas that check", async () => {
    const harness = new Harness();
    const document = (await (await harness.ask("GET", "/openapi.json")).json()) as OpenApi;
    expect(document.openapi).toBe("3.1.0");
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const routed = harness.app.hono.routes
      .filter(
        ({ method, path }) => method !== "OPTIONS" && !/\.(json|xml)$|^\/(tv|console|graphics|assets)\b/.test(path),
      )
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect(described.toSorted()).toEqual(routed.toSorted());
    const ballots = document.paths["/v1/shows/{show}/polls/{poll}/ballots"]?.["post"];
    expect(ballots?.requestBody).toMatchObject({
      content: {
        "application/json": {
          schema: { required: ["option", "press"], properties: { press: { minimum: 1, maximum: 65_535 } } },
        },
      },
    });
    expect(Object.keys(ballots?.responses ?? {})).toEqual([
      "202",
      "400",
      "401",
      "403",
      "404",
      "409",
      "413",
      "421",
      "422",
      "429",
      "503",
    ]);
  });

  test("is /schemas/show.json, for editors", async () => {
    const response = await new Harness().ask("GET", "/schemas/show.json");
    expect(response.headers.get("content-type")).toBe("application/schema+json");
    expect(await response.json()).toMatchObject({
      $schema: expect.stringContaining("json-schema.org"),
      title: "Redbutton show",
      required: ["id", "title", "polls"],
      properties: {
        polls: {
          items: { required: ["id", "question", "options"], properties: { options: { minItems: 2, maxItems: 255 } } },
        },
      },
    });
  });
});
