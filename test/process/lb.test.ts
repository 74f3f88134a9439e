// `redbutton lb` as a program, and HAProxy configured by its export: the same questions to both.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { EdgeStub } from "../support/edge-stub.ts";
import { endAll, redbutton, until, type Started } from "../support/processes.ts";
import { edgesDown } from "../support/steering-log.ts";
import { missingPrograms, runProgram, startProgram, type RunningProgram } from "../support/programs.ts";

const folder = mkdtempSync(join(tmpdir(), "redbutton-lb-"));
const settingsFile = join(folder, "lb.json");
const stubs: EdgeStub[] = [];
let ports: { lb: number; status: number; haproxy: number };
let lb: Started;
let haproxy: RunningProgram | undefined;
const noHaproxy = missingPrograms("haproxy");

/** More than a test takes on any machine: what is under way ends when the test says so, and by no clock. */
const DRAIN_MS = 120_000;

interface Echo {
  readonly edge: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

beforeAll(async () => {
  for (const name of ["fra", "nyc", "syd"]) await EdgeStub.start(name, {}, stubs);
  const [a = 0, b = 0, c = 0] = await freePorts(3);
  ports = { lb: a, status: b, haproxy: c };
  writeSettings({});
  lb = redbutton(["lb", "--config", settingsFile]);
  await until("the front", () => lb.output().includes("lb is up"));
  if (!noHaproxy) await startHaproxy();
});
afterEach(() => {
  for (const stub of stubs) stub.condition = "well";
});
afterAll(async () => {
  await endAll();
  await haproxy?.end();
  for (const stub of stubs) await stub.stop();
  rmSync(folder, { recursive: true, force: true });
});

function writeSettings(more: object): void {
  const settings = {
    listen: { host: "127.0.0.1", port: ports.lb },
    status: { host: "127.0.0.1", port: ports.status },
    seeds: stubs.map(({ address }) => address),
    drainMs: DRAIN_MS,
    ...more,
  };
  writeFileSync(settingsFile, JSON.stringify(settings));
}

async function startHaproxy(): Promise<void> {
  const config = join(folder, "haproxy.cfg");
  const exportFile = join(folder, "export.json");
  const listen = { host: "127.0.0.1", port: ports.haproxy };
  writeFileSync(exportFile, JSON.stringify({ listen, seeds: stubs.map(({ address }) => address) }));
  const exported = redbutton(["lb", "export", "haproxy", "--settings", exportFile, "--out", config]);
  expect(await exported.exited, exported.output()).toBe(0);
  await runProgram("haproxy", ["-c", "-f", config]);
  haproxy = startProgram("haproxy", ["-db", "-f", config]);
  await until("HAProxy", async () => (await fetch(`http://127.0.0.1:${ports.haproxy}/`).catch(() => undefined))?.ok);
}

const fronts = ["lb", "haproxy"] as const;
const addressOf = (front: (typeof fronts)[number]) => `http://127.0.0.1:${ports[front]}`;

async function echo(front: (typeof fronts)[number], path: string, init: RequestInit = {}): Promise<Echo> {
  const response = await fetch(`${addressOf(front)}${path}`, init);
  expect(response.status).toBe(200);
  return (await response.json()) as Echo;
}

/** Edges that answered one of `count` receivers; "none" for an answer that was no edge's. */
async function edgesOf(front: (typeof fronts)[number], count: number): Promise<string> {
  const asked = Array.from({ length: count }, (_, i) =>
    echo(front, "/who", { headers: { Authorization: `Bearer ${i}` } }).then(
      ({ edge }) => edge,
      () => "none",
    ),
  );
  return [...new Set(await Promise.all(asked))].toSorted().join(" ");
}

describe.for(fronts)("%s", (front) => {
  const why = front === "haproxy" ? noHaproxy : "";

  test.skipIf(why)(`spreads receivers over all edges${why}`, async () => {
    await until("all edges", async () => (await edgesOf(front, 60)) === "fra nyc syd");
  });

  test.skipIf(why)(`passes requests on as they are, and says from whom they come${why}`, async () => {
    const body = "x".repeat(3_000_000);
    const sent = await echo(front, "/v1/some?thing=1&b", { method: "PUT", body, headers: { "X-Mine": "kept" } });
    expect(sent).toMatchObject({ method: "PUT", url: "/v1/some?thing=1&b" });
    expect(sent.body === body).toBe(true);
    expect(sent.headers).toMatchObject({
      "x-mine": "kept",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": `127.0.0.1:${ports[front]}`,
      host: `127.0.0.1:${ports[front]}`,
    });
  });

  test.skipIf(why)(`streams a body whose length nobody knows${why}`, async () => {
    const { promise, resolve, reject } = Promise.withResolvers<Echo>();
    const request = httpRequest(`${addressOf(front)}/chunks`, { method: "POST" }, (response) => {
      let text = "";
      response.on("data", (part: Buffer) => (text += part.toString()));
      response.on("end", () => resolve(JSON.parse(text) as Echo));
    }).on("error", reject);
    request.write("one, ");
    request.end("two");
    expect((await promise).body).toBe("one, two");
  });

  test.skipIf(why)(`carries WebSockets both ways${why}`, async () => {
    const socket = new WebSocket(`${addressOf(front).replace("http", "ws")}/v1/shows/final/live`);
    const messages: string[] = [];
    socket.on("message", (data: Buffer) => messages.push(data.toString("utf8")));
    await until("the greeting", () => messages.length === 1);
    expect(JSON.parse(messages[0]!)).toMatchObject({ headers: { "x-forwarded-for": "127.0.0.1" } });
    const long = "y".repeat(300_000);
    socket.send(long);
    await until("the echo", () => messages[1] === long);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.close(1000);
    expect(await closed).toBe(1000);
  });

  test.skipIf(why)(
    `sends nobody to an edge that is not ready, drains or hangs, and comes back to it${why}`,
    async () => {
      const [fra] = stubs;
      for (const condition of ["not ready", "draining", "hung"] as const) {
        fra!.condition = condition;
        await until(`fra left out (${condition})`, async () => (await edgesOf(front, 60)) === "nyc syd");
        fra!.condition = "well";
        await until("fra again", async () => (await edgesOf(front, 60)) === "fra nyc syd");
      }
    },
  );

  test.skipIf(why)(`an edge that is gone costs nobody an answer, whatever was asked${why}`, async () => {
    const [, , syd] = stubs;
    await syd!.stop();
    // HAProxy closes a connection on which a request met a dead one behind it: whoever asks repeats that by itself.
    const asked = Array.from({ length: 40 }, (_, i) => {
      const ballot = { method: "POST", body: `${i}`, headers: { Authorization: `Bearer ${i}` } };
      const again = () => echo(front, "/ballot", ballot);
      return front === "lb" ? again() : again().catch(again);
    });
    for (const { edge, body } of await Promise.all(asked)) {
      expect(["fra", "nyc"]).toContain(edge);
      expect(body).not.toBe("");
    }
    stubs.splice(2, 1);
    await EdgeStub.start("syd", {}, stubs, syd!.port);
    await until("syd again", async () => (await edgesOf(front, 60)) === "fra nyc syd");
  });

  test.skipIf(why)(`what may have arrived is not sent twice${why}`, async () => {
    const before = stubs.reduce((sum, { requests }) => sum + requests, 0);
    // On a connection that was used before, HAProxy passes the break on, as if there were no HAProxy.
    const sent = fetch(`${addressOf(front)}/break`, { method: "POST", body: "a ballot" });
    expect(
      await sent.then(
        ({ status }) => status,
        () => 502,
      ),
    ).toBe(502);
    expect(stubs.reduce((sum, { requests }) => sum + requests, 0) - before).toBe(1);
  });

  test.skipIf(why)(`goes on where every edge says that it is not ready${why}`, async () => {
    for (const stub of stubs) stub.condition = "not ready";
    await until("all down", () =>
      front === "lb" ? edgesDown(lb.output()) === "fra nyc syd" : haproxy!.output().includes("no server available"),
    );
    await until("all of them again", async () => (await edgesOf(front, 60)) === "fra nyc syd");
  });
});

test("the same receiver comes to the same edge", async () => {
  const edgesOfMine = async () => {
    const mine = { headers: { Authorization: "Bearer mine" } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => echo("lb", "/who", mine)));
    return new Set(answers.map(({ edge }) => edge));
  };
  // A busy machine's edge may miss its checks just then, and its receivers are moved.
  await until("one edge for all 20", async () => (await edgesOfMine()).size === 1);
});

test("the front refuses as an edge would, where there is none", async () => {
  writeSettings({ admin: { fra: "down", nyc: "down", syd: "down" } });
  lb.signal("SIGHUP");
  await until("no edge", async () => (await fetch(`${addressOf("lb")}/x`)).status === 503);
  const response = await fetch(`${addressOf("lb")}/x`);
  expect(await response.json()).toMatchObject({ code: "no_edge", status: 503 });
  expect(response.headers.get("retry-after")).toBe("1");
  writeSettings({});
  lb.signal("SIGHUP");
  await until("edges", async () => (await fetch(`${addressOf("lb")}/x`)).status === 200);
});

test("the front counts, and lets what is under way come to its end when it stops", async () => {
  const text = await (await fetch(`http://127.0.0.1:${ports.status}/metrics`)).text();
  expect(text).toMatch(/^redbutton_lb_answers_total\{edge="fra"\} [1-9]/m);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = httpRequest(`${addressOf("lb")}/slow`, { method: "POST" }, (response) => {
    response.resume();
    resolve(response.statusCode!);
  }).on("error", reject);
  request.write("begun, ");
  await until("the request at an edge", () => stubs.some(({ open }) => open > 0));
  lb.signal("SIGTERM");
  await until("no new connection", async () =>
    fetch(`${addressOf("lb")}/x`).then(
      () => false,
      () => true,
    ),
  );
  request.end("done");
  expect(await promise).toBe(200);
  expect(await lb.exited).toBe(0);
});
