import { describe, expect, test } from "vitest";
import { MAX_PRESS, MAX_VOTES } from "../../../crdt/ballot.ts";
import { refuse } from "../../../edge/refusal.ts";
import { MAX_BALLOT_BYTES } from "../../../edge/routes/ballots.ts";
import { Harness, HOUR_MS, problemOf } from "./harness.ts";

const path = "/v1/shows/demo/polls/open/ballots";

async function opened(limits = {}): Promise<Harness> {
  const harness = new Harness({ limits });
  await harness.open("open", "once", "three");
  return harness;
}

test("a ballot is answered with its receipt", async () => {
  const harness = await opened();
  const response = await harness.vote("open", { option: "no", press: 3 });
  expect(response.status).toBe(202);
  expect(Object.fromEntries(response.headers)).toEqual({
    "content-type": "application/json",
    "server-timing": "log;dur=0",
  });
  expect(await response.json()).toEqual({
    code: "RB-000003",
    show: "demo",
    poll: "open",
    option: "no",
    press: 3,
    k: 1,
    shard: 0,
    edge: "fra",
    boot: "b1",
    sequence: 1,
    level: "local",
    time: harness.world.time,
  });
});

test("a page of any origin may read its receipt", async () => {
  const harness = await opened();
  const asked = { token: harness.receiver(), json: { option: "no", press: 1 }, headers: { Origin: "null" } };
  expect((await harness.ask("POST", path, asked)).headers.get("access-control-allow-origin")).toBe("*");
});

test("Server-Timing says how long the log took", async () => {
  const harness = await opened();
  harness.show.beforeVote = async () => {
    harness.world.time += 7;
  };
  expect((await harness.vote("open", { option: "no", press: 1 })).headers.get("server-timing")).toBe("log;dur=7");
});

test("who votes, signed or not, how durable and which of its votes reach the show", async () => {
  const harness = await opened();
  await harness.vote("three", { option: "no", press: 1, k: 3 }, harness.receiver("viewer", false));
  await harness.ask("POST", "/v1/shows/demo/polls/open/ballots?level=peer", {
    token: harness.receiver("tv-2"),
    json: { option: "yes", press: 9, more: "is ignored" },
  });
  expect(harness.show.requests).toEqual([
    { subject: "viewer", signed: true, poll: "three", option: "no", press: 1, k: 3, level: "local" },
    { subject: "tv-2", signed: false, poll: "open", option: "yes", press: 9, k: 1, level: "peer" },
  ]);
});

test("a body counts by its bytes, whatever its type is called", async () => {
  const harness = await opened();
  const token = harness.receiver();
  const body = '{"option":"no","press":1}';
  for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
    expect((await harness.ask("POST", path, { token, body, headers: { "Content-Type": type } })).status).toBe(202);
  }
});

describe("what is refused", () => {
  const good = { option: "no", press: 1 };
  const json = JSON.stringify;

  test.for<[what: string, body: string, status: number, code: string, detail: string | RegExp]>([
    ["no body", "", 400, "malformed", /^reading the ballot: this is no JSON/],
    ["half a body", '{"option":', 400, "malformed", /no JSON/],
    ["a list", "[]", 400, "malformed", /"option" is missing/],
    ["null", "null", 400, "malformed", "reading the ballot: the whole is null, wanted Object"],
    ["no option", json({ press: 1 }), 400, "malformed", /^reading the ballot: "option" is missing/],
    [
      "an option that is a number",
      json({ ...good, option: 1 }),
      400,
      "malformed",
      'reading the ballot: "option" is 1, wanted string',
    ],
    ["an option that is no name", json({ ...good, option: "../x" }), 422, "unknown_option", /"..\/x"/],
    ["an option of a thousand characters", json({ ...good, option: "x".repeat(1000) }), 400, "malformed", /^.{1,200}$/],
    ["an unknown option", json({ ...good, option: "maybe" }), 422, "unknown_option", /"maybe"/],
    ["no press", json({ option: "no" }), 400, "malformed", /"press" is missing/],
    ["press 0", json({ ...good, press: 0 }), 400, "malformed", /"press" is 0, wanted >=1/],
    [
      "a press past the largest",
      json({ ...good, press: MAX_PRESS + 1 }),
      400,
      "malformed",
      /"press" is 65536, wanted <=65535/,
    ],
    ["half a press", json({ ...good, press: 1.5 }), 400, "malformed", /"press" is 1.5/],
    ["a press in words", json({ ...good, press: "1" }), 400, "malformed", /"press" is "1", wanted number/],
    ["k 0", json({ ...good, k: 0 }), 400, "malformed", /"k" is 0/],
    ["k past the largest", json({ ...good, k: MAX_VOTES + 1 }), 400, "malformed", /"k" is 16/],
    ["k past the poll's votes", json({ ...good, k: 2 }), 422, "vote_out_of_range", /gives a receiver 1/],
    [
      "a body past the limit",
      json({ ...good, x: "x".repeat(MAX_BALLOT_BYTES) }),
      413,
      "too_large",
      /larger than 4096 bytes/,
    ],
  ])("%s", async ([, body, status, code, detail]) => {
    const harness = await opened();
    const problem = await problemOf(await harness.ask("POST", path, { token: harness.receiver(), body }));
    expect(problem).toMatchObject({ status, code, detail: expect.stringMatching(detail) });
  });

  test.for([true, false])("one byte too many, its length announced: %s", async (announced) => {
    const harness = await opened();
    const body = json(good).padEnd(MAX_BALLOT_BYTES + 1);
    const headers = (text: string) => (announced ? { "Content-Length": String(text.length) } : {});
    const ask = (text: string) =>
      harness.ask("POST", path, { token: harness.receiver(), body: text, headers: headers(text) });
    expect((await ask(body.slice(0, -1))).status).toBe(202);
    expect(await problemOf(await ask(body))).toMatchObject({ status: 413 });
  });

  test.for<[what: string, path: string, status: number, code: string]>([
    ["an unknown show", "/v1/shows/other/polls/open/ballots", 404, "unknown_show"],
    ["an unknown poll", "/v1/shows/demo/polls/other/ballots", 404, "unknown_poll"],
    ["a show with a strange name", "/v1/shows/%2e%2e%2f/polls/open/ballots", 404, "unknown_show"],
    ["a level that is none", `${path}?level=global`, 400, "malformed"],
    ["a poll that is not open", "/v1/shows/demo/polls/secret/ballots", 409, "poll_not_open"],
  ])("%s", async ([, address, status, code]) => {
    const harness = await opened();
    const response = await harness.ask("POST", address, { token: harness.receiver(), json: good });
    expect(await problemOf(response)).toMatchObject({ status, code, type: `urn:redbutton:problem:${code}` });
  });

  test("a ballot after the grace, or for what is void", async () => {
    const harness = await opened();
    await harness.show.deeds.close("open", "test");
    harness.world.time += 1999;
    expect((await harness.vote("open", good)).status).toBe(202);
    harness.world.time += 1;
    expect(await problemOf(await harness.vote("open", good))).toMatchObject({ status: 409, code: "poll_closed" });
    await harness.show.deeds.void("once", "test");
    expect(await problemOf(await harness.vote("once", good))).toMatchObject({ status: 409, code: "poll_void" });
  });

  test.for<
    [what: string, token: (harness: Harness) => string | undefined, status: number, code: string, challenge: string]
  >([
    ["no token", () => undefined, 401, "token_missing", "Bearer"],
    ["a wrong token", () => "a.b.c", 401, "token_invalid", 'Bearer error="invalid_token"'],
    [
      "a producer's token",
      (harness) => harness.operator("producer"),
      403,
      "forbidden",
      'Bearer error="insufficient_scope"',
    ],
  ])("%s", async ([, token, status, code, challenge]) => {
    const harness = await opened();
    const response = await harness.ask("POST", path, { token: token(harness), json: good });
    expect(response.headers.get("www-authenticate")).toBe(challenge);
    expect(await problemOf(response)).toMatchObject({ status, code });
    expect(harness.show.requests).toEqual([]);
  });

  test("an expired token", async () => {
    const harness = await opened();
    const token = harness.receiver();
    harness.world.time += HOUR_MS;
    expect(await problemOf(await harness.vote("open", good, token))).toMatchObject({
      status: 401,
      code: "token_expired",
    });
  });

  test("what the edge refuses, with when to come back", async () => {
    const harness = await opened();
    harness.edge.refusal = refuse("log_full", "the disk is full", { retryAfterS: 1.5 });
    const response = await harness.vote("open", good);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await problemOf(response)).toMatchObject({ status: 503, code: "log_full", retry_after_s: 2 });
  });

  test("what breaks, without saying what broke", async () => {
    const harness = await opened();
    harness.show.beforeVote = () => Promise.reject(new Error("secret detail"));
    const problem = await problemOf(await harness.vote("open", good));
    expect(problem).toMatchObject({ status: 500, code: "internal" });
    expect(JSON.stringify(problem)).not.toContain("secret detail");
    expect(harness.world.lines).toEqual(["error: a request failed"]);
  });
});

describe("presses", () => {
  test("a retry gets its receipt again", async () => {
    const harness = await opened();
    const ballot = { option: "no", press: 1 };
    const codes = [await harness.vote("open", ballot), await harness.vote("open", ballot)].map((response) =>
      response.json(),
    );
    const [first, second] = (await Promise.all(codes)) as { code: string }[];
    expect(second?.code).toBe(first?.code);
  });

  test.for<[what: string, poll: string, second: object, code: string]>([
    ["the same press for another option", "open", { option: "yes", press: 5 }, "press_conflict"],
    ["an older press", "open", { option: "yes", press: 4 }, "press_stale"],
    ["a second choice where the first counts", "once", { option: "yes", press: 6 }, "already_voted"],
  ])("%s is told the known one", async ([, poll, second, code]) => {
    const harness = await opened();
    await harness.vote(poll, { option: "no", press: 5 });
    expect(await problemOf(await harness.vote(poll, second))).toMatchObject({
      status: 409,
      code,
      known_press: 5,
      known_option: "no",
    });
  });
});

describe("the limit of a receiver", () => {
  const limits = { ballotsPerReceiver: { burst: 2, perSecond: 1 } };
  const at = (press: number) => ({ option: "no", press });

  test("holds it to its burst and not one past it, and nobody else", async () => {
    const harness = await opened(limits);
    expect((await harness.vote("open", at(1))).status).toBe(202);
    expect((await harness.vote("open", at(2))).status).toBe(202);
    const response = await harness.vote("open", at(3));
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await problemOf(response)).toMatchObject({ status: 429, code: "rate_limited" });
    expect((await harness.vote("open", at(1), harness.receiver("tv-2"))).status).toBe(202);
    harness.world.time += 1000;
    expect((await harness.vote("open", at(3))).status).toBe(202);
  });
});

describe("a receiver's own ballots", () => {
  const mine = "/v1/shows/demo/polls/three/ballots/mine";

  test("are told to it, and to it alone", async () => {
    const harness = await opened();
    await harness.vote("three", { option: "no", press: 1 });
    await harness.vote("three", { option: "yes", press: 2, k: 3 });
    const response = await harness.ask("GET", mine, { token: harness.receiver() });
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(await response.json()).toEqual({
      ballots: [
        { press: 1, option: "no", k: 1 },
        { press: 2, option: "yes", k: 3 },
      ],
    });
    expect(await (await harness.ask("GET", mine, { token: harness.receiver("tv-2") })).json()).toEqual({ ballots: [] });
  });

  test.for<[path: string, status: number]>([
    ["/v1/shows/other/polls/three/ballots/mine", 404],
    ["/v1/shows/demo/polls/other/ballots/mine", 404],
  ])("%s has none", async ([address, status]) => {
    const harness = await opened();
    expect(await problemOf(await harness.ask("GET", address, { token: harness.receiver() }))).toMatchObject({ status });
    expect(await problemOf(await harness.ask("GET", address))).toMatchObject({ status: 401 });
  });
});

test.for(["/v1/shows/d%65mo/polls/open/ballots", "/v1/shows/demo/polls/open/ballots?level=local"])(
  "a ballot at %s goes the router's way, and fares as at the plain address",
  async (path) => {
    const harness = await opened();
    const response = await harness.ask("POST", path, { token: harness.receiver(), json: { option: "no", press: 1 } });
    expect(response.status).toBe(202);
    harness.show.beforeVote = () => Promise.reject(new Error("secret detail"));
    const broken = await harness.ask("POST", path, { token: harness.receiver(), json: { option: "no", press: 1 } });
    expect(await problemOf(broken)).toMatchObject({ status: 500, code: "internal" });
  },
);
