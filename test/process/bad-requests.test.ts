// Requests to the public address that are wrong: each gets a clear error, nothing is lost, the edge stays up.
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deriveTokenKeys } from "../../edge/token.ts";
import type { Cluster } from "../support/cluster.ts";
import type { Crowd } from "../support/crowd.ts";
import { codeOf } from "../support/edge-client.ts";
import { aShow } from "../support/show-files.ts";
import { GOOD, PAST, SHOW, Siege } from "./siege.ts";

const BEST = `/v1/shows/${SHOW}/polls/best/ballots`;

let siege: Siege;
let cluster: Cluster;
let crowd: Crowd;

beforeAll(async () => {
  siege = await Siege.begin();
  ({ cluster, crowd } = siege);
});
afterAll(() => siege?.cluster.end());

describe("ballots over HTTP", () => {
  test.for<[what: string, path: string, body: unknown, status: number, code: string]>([
    ["no JSON", BEST, '{"option":', 400, "malformed"],
    ["nothing", BEST, "", 400, "malformed"],
    ["a list", BEST, [GOOD], 400, "malformed"],
    ["a number for an option", BEST, { option: 7, press: 1 }, 400, "malformed"],
    ["no press", BEST, { option: "red" }, 400, "malformed"],
    ["press 0", BEST, { option: "red", press: 0 }, 400, "malformed"],
    ["half a press", BEST, { option: "red", press: 1.5 }, 400, "malformed"],
    ["a press beyond 16 bits", BEST, { option: "red", press: 65_536 }, 400, "malformed"],
    ["a vote beyond the poll's", BEST, { ...GOOD, k: 2 }, 422, "vote_out_of_range"],
    ["an unknown option", BEST, { option: "pink", press: 1 }, 422, "unknown_option"],
    ["an option named like the language's own", BEST, { option: "constructor", press: 1 }, 422, "unknown_option"],
    ["an unknown poll", `/v1/shows/${SHOW}/polls/worst/ballots`, GOOD, 404, "unknown_poll"],
    ["an unknown show", "/v1/shows/none/polls/best/ballots", GOOD, 404, "unknown_show"],
    ["a show named like a path", "/v1/shows/..%2F..%2Fetc/polls/best/ballots", GOOD, 404, "unknown_show"],
    ["a poll that is over", `/v1/shows/${SHOW}/polls/over/ballots`, GOOD, 409, "poll_closed"],
    ["a poll that is not open yet", "/v1/shows/later/polls/best/ballots", GOOD, 409, "poll_not_open"],
    ["an unknown level", `${BEST}?level=planet`, GOOD, 400, "malformed"],
    ["an oversized body", BEST, { ...GOOD, more: "x".repeat(5000) }, 413, "too_large"],
  ])("%s", async ([, path, body, status, code]) => {
    const answer = await cluster.client("fra", cluster.receiverToken("nobody")).post(path, body);
    expect({ status: answer.status, code: codeOf(answer) }).toEqual({ status, code });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  });

  test("an oversized body whose length nobody announced", async () => {
    const { hostname, port } = new URL(cluster.address("fra"));
    const socket = connect(Number(port), hostname);
    const answered = new Promise((resolve) => socket.once("data", (data: Buffer) => resolve(data.toString("latin1"))));
    const head = [
      "Host: fra",
      `Authorization: Bearer ${cluster.receiverToken("nobody")}`,
      "Transfer-Encoding: chunked",
    ];
    socket.write(`POST ${BEST} HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n`);
    for (let i = 0; i < 5; i++) socket.write(`3e8\r\n${"x".repeat(1000)}\r\n`);
    // It does not wait for the end, which never comes.
    expect(await answered).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test.for<[what: string, token: () => string | undefined, status: number, code: string]>([
    ["no token", () => undefined, 401, "token_missing"],
    ["garbage", () => "garbage", 401, "token_invalid"],
    ["one without a signature", () => cluster.receiverToken("x").replace(/[^.]*$/, ""), 401, "token_invalid"],
    ["one whose claims were changed", () => forged(cluster.receiverToken("x")), 401, "token_invalid"],
    ["one that nobody signed", () => unsigned(), 401, "token_invalid"],
    ["another network's", () => foreign(), 401, "token_invalid"],
    ["an expired one", () => cluster.receiverToken("x", { exp: PAST }), 401, "token_expired"],
    ["an operator's", () => cluster.operatorToken("producer"), 403, "forbidden"],
    ["one without end", () => "x".repeat(9000), 401, "token_invalid"],
  ])("with a token that is %s", async ([, token, status, code]) => {
    const answer = await cluster.client("nyc", token()).post(BEST, GOOD);
    expect({ status: answer.status, code: codeOf(answer) }).toEqual({ status, code });
  });

  test("a replayed one is acknowledged again, and contradictory ones are told what is known", async () => {
    await crowd.vote("moody", "red", { at: ["fra"] });
    await crowd.vote("moody", "green", { at: ["fra"] });
    const press = (option: string, number: number) => crowd.press("moody", { option, press: number }, "fra");
    expect(await press("green", 2)).toMatchObject({ status: 202 });
    const known = { known_press: 2, known_option: "green" };
    expect(await press("blue", 2)).toMatchObject({ status: 409, body: { code: "press_conflict", ...known } });
    expect(await press("red", 1)).toMatchObject({ status: 409, body: { code: "press_stale", ...known } });
    const once = cluster.client("fra", cluster.receiverToken("moody"));
    const path = `/v1/shows/${SHOW}/polls/once/ballots`;
    expect(await once.post(path, { option: "red", press: 1 })).toMatchObject({ status: 202 });
    expect(codeOf(await once.post(path, { option: "blue", press: 2 }))).toBe("already_voted");
  });

  test("too many of one receiver", async () => {
    // All at once: one after the other a busy machine may be slower than the limit.
    const choice = { option: "red", press: 1 };
    const answers = await Promise.all(Array.from({ length: 40 }, () => crowd.press("restless", choice, "nyc")));
    const refused = answers.filter(({ status }) => status !== 202);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) expect(answer).toMatchObject({ status: 429, body: { code: "rate_limited" } });
    expect(Number(refused[0]!.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

describe("producers' and other addresses", () => {
  test.for<
    [
      what: string,
      method: string,
      path: string,
      token: () => string | undefined,
      body: unknown,
      status: number,
      code: string,
    ]
  >([
    ["a show without a file", "POST", "/v1/shows", () => cluster.operatorToken("producer"), "{}", 400, "malformed"],
    [
      "a show without end",
      "POST",
      "/v1/shows",
      () => cluster.operatorToken("producer"),
      `"${"x".repeat(2 ** 20)}"`,
      413,
      "too_large",
    ],
    [
      "a show that exists",
      "POST",
      "/v1/shows",
      () => cluster.operatorToken("producer"),
      aShow(SHOW),
      409,
      "show_exists",
    ],
    [
      "a show, by an operator",
      "POST",
      "/v1/shows",
      () => cluster.operatorToken("operator"),
      aShow("mine"),
      403,
      "forbidden",
    ],
    ["a show, by a receiver", "POST", "/v1/shows", () => cluster.receiverToken("x"), aShow("mine"), 403, "forbidden"],
    [
      "a closing, by a reader",
      "POST",
      `/v1/shows/${SHOW}/polls/best/close`,
      () => cluster.operatorToken("reader"),
      undefined,
      403,
      "forbidden",
    ],
    [
      "a closing, by another show's",
      "POST",
      `/v1/shows/${SHOW}/polls/best/close`,
      () => cluster.operatorToken("producer", ["later"]),
      undefined,
      403,
      "forbidden",
    ],
    [
      "a closing, by an expired one",
      "POST",
      `/v1/shows/${SHOW}/polls/best/close`,
      () => cluster.operatorToken("producer", "*", PAST),
      undefined,
      401,
      "token_expired",
    ],
    [
      "an opening of what was closed",
      "POST",
      `/v1/shows/${SHOW}/polls/over/open`,
      () => cluster.operatorToken("producer"),
      undefined,
      409,
      "poll_state",
    ],
    [
      "a boot that never was, named lost",
      "POST",
      `/v1/shows/${SHOW}/lost`,
      () => cluster.operatorToken("producer"),
      { edge: "fra", boot: "0" },
      400,
      "malformed",
    ],
    [
      "hidden results",
      "GET",
      `/v1/shows/${SHOW}/polls/best/results`,
      () => undefined,
      undefined,
      403,
      "results_hidden",
    ],
    [
      "a document over plain HTTP",
      "GET",
      `/v1/rooms/${SHOW}/board`,
      () => cluster.operatorToken("reader"),
      undefined,
      400,
      "malformed",
    ],
    [
      "another method",
      "DELETE",
      `/v1/shows/${SHOW}`,
      () => cluster.operatorToken("producer"),
      undefined,
      405,
      "method_not_allowed",
    ],
    ["an unknown address", "GET", "/v2/shows", () => undefined, undefined, 404, "not_found"],
  ])("%s", async ([, method, path, token, body, status, code]) => {
    const answer = await cluster.client("nyc", token()).ask(method, path, body);
    expect({ status: answer.status, code: codeOf(answer) }).toEqual({ status, code });
  });
});

test("after all of it everything is as it has to be", () => siege.expectUnharmed());

/** The token with another's name in it. */
function forged(token: string): string {
  const [header, claims, signature] = token.split(".");
  const changed = { ...(JSON.parse(atob(claims!)) as object), sub: "another" };
  return [header, Buffer.from(JSON.stringify(changed)).toString("base64url"), signature].join(".");
}

function unsigned(): string {
  const parts = [
    { alg: "none", typ: "JWT" },
    { sub: "x", exp: PAST + 9999, role: "receiver", anon: true },
  ];
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;
}

function foreign(): string {
  return deriveTokenKeys(randomBytes(32)).receivers.sign({ sub: "x", exp: PAST + 9999, role: "receiver", anon: true });
}
