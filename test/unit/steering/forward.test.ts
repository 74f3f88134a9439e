import { describe, expect, test } from "vitest";
import { answerHeaders, forwardHeaders, mayRepeat, type Failure } from "../../../edge/steering/forward.ts";
import { stickyDraw } from "../../../edge/steering/sticky.ts";

const from = { client: "203.0.113.9", forwardedFor: undefined, host: "tv.example.org", protocol: "http" } as const;

function named(headers: readonly string[]): [string, string][] {
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]!] as [string, string]] : []));
}

describe("headers on their way to an edge", () => {
  test("lose what is for one connection only, and what it names", () => {
    const raw = [
      "Host",
      "tv.example.org",
      "Connection",
      "close, X-Secret",
      "X-Secret",
      "1",
      "TE",
      "trailers",
      "Accept",
      "*/*",
    ];
    expect(named(forwardHeaders(raw, from))).toEqual([
      ["Host", "tv.example.org"],
      ["Accept", "*/*"],
      ["X-Forwarded-For", "203.0.113.9"],
      ["X-Forwarded-Proto", "http"],
      ["X-Forwarded-Host", "tv.example.org"],
    ]);
  });

  test("say who sent them, behind what was said before; a client's own word of host and protocol does not pass", () => {
    const raw = ["X-Forwarded-For", "198.51.100.1", "X-Forwarded-Host", "evil", "X-Forwarded-Proto", "https"];
    const headers = named(forwardHeaders(raw, { ...from, forwardedFor: "198.51.100.1" }));
    expect(headers).toEqual([
      ["X-Forwarded-For", "198.51.100.1, 203.0.113.9"],
      ["X-Forwarded-Proto", "http"],
      ["X-Forwarded-Host", "tv.example.org"],
    ]);
  });

  test("ask for an upgrade anew, and keep the WebSocket's own", () => {
    const raw = ["Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Key", "k"];
    const headers = named(forwardHeaders(raw, from, "websocket"));
    expect(headers).toContainEqual(["Sec-WebSocket-Key", "k"]);
    expect(headers.filter(([name]) => name === "Upgrade" || name === "Connection")).toEqual([
      ["Connection", "Upgrade"],
      ["Upgrade", "websocket"],
    ]);
  });

  test("come back without what is for one connection only, each cookie by itself", () => {
    const raw = ["Connection", "keep-alive", "Keep-Alive", "timeout=5", "Set-Cookie", "a", "Set-Cookie", "b"];
    expect(named(answerHeaders(raw))).toEqual([
      ["Set-Cookie", "a"],
      ["Set-Cookie", "b"],
    ]);
  });
});

test.for<[method: string, hasBody: boolean, failure: Failure, may: boolean]>([
  ["POST", true, "not connected", true],
  ["GET", false, "not connected", true],
  ["GET", false, "no answer", true],
  ["GET", true, "no answer", false],
  ["POST", true, "no answer", false],
  ["POST", false, "no answer", false],
  ["PUT", true, "no answer", false],
  ["GET", false, "answer begun", false],
])("%s (with a body: %s) that failed with %j goes to another edge: %s", ([method, hasBody, failure, may]) => {
  expect(mayRepeat(method, hasBody, failure)).toBe(may);
});

test("draws are the same for the same receiver, and evenly spread over receivers", () => {
  const first = (receiver: string) => stickyDraw(receiver)();
  expect(first("a")).toBe(first("a"));
  const draws = Array.from({ length: 10_000 }, (_, i) => first(`Bearer token-${i}`));
  for (let tenth = 0; tenth < 10; tenth++) {
    const within = draws.filter((draw) => Math.floor(draw * 10) === tenth).length;
    expect(Math.abs(within - 1000)).toBeLessThan(150);
  }
});
