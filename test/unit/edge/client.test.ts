// The typed client against the edge's own application.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bodyOf, edgeClient, EdgeRefusal } from "../../../edge/client/client.ts";
import type { OperatorRole } from "../../../edge/token.ts";
import { Harness } from "./harness.ts";

const SOURCE = readFileSync(new URL("../../../edge/client/client.ts", import.meta.url), "utf8");

function clientOf(harness: Harness, token?: string) {
  return edgeClient("http://fra.test", token, async (input, init) => harness.app.hono.request(input, init));
}

function operator(harness: Harness, role: OperatorRole) {
  return clientOf(harness, harness.operator(role));
}

const param = { show: "demo", poll: "secret" };

test("every route of the client's is one of the edge's", () => {
  const harness = new Harness();
  const routes = new Set(harness.app.hono.routes.map(({ method, path }) => `${method} ${path}`));
  const table = SOURCE.slice(SOURCE.indexOf("export type EdgeRoutes"), SOURCE.indexOf("type Endpoint<"));
  const paths = [...table.matchAll(/^ {2}"(\/\S*)": \{/gm)];
  expect(paths.length).toBeGreaterThan(20);
  const blocks = table.split(/^ {2}"/m).slice(1);
  const missing = blocks.flatMap((block) => {
    const path = block.slice(0, block.indexOf('"'));
    const methods = [...block.matchAll(/\$(get|post|put|delete):/g)].map(([, method]) => method!.toUpperCase());
    return methods.map((method) => `${method} ${path}`).filter((route) => !routes.has(route));
  });
  expect(missing).toEqual([]);
});

describe("the client", () => {
  test("takes a poll through its life, and reads what became of it", async () => {
    const harness = new Harness();
    const { v1 } = operator(harness, "producer");
    const polls = v1.shows[":show"].polls[":poll"];
    expect((await bodyOf(polls.arm.$post({ param }))).state).toBe("armed");
    const opened = await bodyOf(polls.open.$post({ param, json: { duration_ms: 30_000 } }));
    expect([opened.state, opened.closes_at]).toEqual(["open", harness.world.time + 30_000]);
    const receiver = clientOf(harness, harness.receiver()).v1.shows[":show"].polls[":poll"].ballots;
    expect((await bodyOf(receiver.$post({ param, json: { option: "yes", press: 1 } }))).code).toMatch(/^RB-/);
    expect((await bodyOf(receiver.mine.$get({ param }))).ballots).toEqual([{ press: 1, option: "yes", k: 1 }]);
    expect((await bodyOf(polls.results.$get({ param }))).counts[0]).toEqual({ option: "yes", anonymous: 1, signed: 0 });
    expect((await bodyOf(polls.schedule.$delete({ param }))).state).toBe("open");
    const stopped = await bodyOf(v1.shows[":show"].stop.$post({ param: { show: "demo" } }));
    expect(stopped.closed).toEqual(["secret"]);
  });

  test("publishes, and takes off", async () => {
    const harness = new Harness();
    const item = operator(harness, "operator").v1.shows[":show"].content[":id"];
    const at = { param: { show: "demo", id: "name" } };
    const json = { kind: "lower-third" as const, title: "Ben", text: "Juggler" };
    expect(await bodyOf(item.$put({ ...at, json }))).toMatchObject({ id: "name", kind: "lower-third" });
    expect(harness.show.content()).toHaveLength(1);
    await bodyOf(item.$delete(at));
    expect(harness.show.content()).toEqual([]);
  });

  test("says what the edge said no to, in its words", async () => {
    const harness = new Harness();
    const refused = bodyOf(operator(harness, "viewer").v1.shows[":show"].polls[":poll"].arm.$post({ param }));
    await expect(refused).rejects.toMatchObject({
      status: 403,
      problem: { code: "forbidden" },
      message: "this takes the role operator; the token has viewer",
    });
  });

  test("tells an edge that does not answer from one that says no", async () => {
    const gone = edgeClient("http://gone.test", undefined, () => Promise.reject(new TypeError("no route to host")));
    await expect(bodyOf(gone.healthz.$get())).rejects.toThrow(new EdgeRefusal(0, undefined));
    const odd = edgeClient("http://odd.test", undefined, async () => new Response("<html>", { status: 502 }));
    await expect(bodyOf(odd.healthz.$get())).rejects.toThrow("the edge answered with status 502");
  });
});
