import { describe, expect, test } from "vitest";
import { MAX_PICTURE_BYTES } from "../../../edge/picture.ts";
import { thresholdOf } from "../../../edge/threshold-file.ts";
import type { OperatorRole } from "../../../edge/token.ts";
import { Harness, problemOf } from "./harness.ts";

const CROWD = { rule: { kind: "present", at_least: 10 }, message: { kind: "text", text: "{count}" } } as const;
const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3);
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 1);
const WEBP = new TextEncoder().encode("RIFF1234WEBPVP8 ");
const SVG = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>');

describe("who may do what", () => {
  const file = { id: "new", title: "New", polls: [] };
  const png = { body: PNG, headers: { "Content-Type": "image/png" } };
  const deeds: [method: string, path: string, role: OperatorRole, more: object][] = [
    ["POST", "/v1/shows", "producer", { json: file }],
    ["GET", "/v1/shows/demo", "reader", {}],
    ["GET", "/v1/shows/demo/audit", "viewer", {}],
    ["POST", "/v1/shows/demo/forget", "producer", {}],
    ["POST", "/v1/shows/demo/lost", "producer", { json: { edge: "fra", boot: "b1" } }],
    ["POST", "/v1/shows/demo/polls/secret/arm", "operator", {}],
    ["POST", "/v1/shows/demo/polls/open/open", "operator", {}],
    ["POST", "/v1/shows/demo/polls/open/close", "operator", {}],
    ["POST", "/v1/shows/demo/polls/secret/void", "producer", {}],
    ["POST", "/v1/shows/demo/polls/secret/release", "operator", {}],
    ["GET", "/v1/shows/demo/thresholds", "reader", {}],
    ["PUT", "/v1/shows/demo/thresholds/crowd", "operator", { json: CROWD }],
    ["POST", "/v1/shows/demo/thresholds/known/arm", "operator", {}],
    ["POST", "/v1/shows/demo/thresholds/known/disarm", "operator", {}],
    ["PUT", "/v1/shows/demo/content/rules", "operator", { json: { title: "Rules", text: "One each." } }],
    ["PUT", "/v1/shows/demo/content/logo/picture?title=Logo&text=A+dot", "operator", png],
  ];
  const lower: Record<OperatorRole, OperatorRole | undefined> = {
    reader: undefined,
    viewer: "reader",
    operator: "viewer",
    producer: "operator",
  };

  test.for(deeds)("%s %s takes %s", async ([method, path, role, more]) => {
    const harness = new Harness();
    await harness.show.deeds.arm("open", "test");
    harness.show.board.setThreshold(thresholdOf("known", { ...CROWD, duration_ms: 1000, urgent: false }));
    if (path.endsWith("/close")) await harness.show.deeds.open("open", "test");
    const ask = async (token: string | undefined) => harness.ask(method, path, { token, ...more });
    expect(await problemOf(await ask(undefined))).toMatchObject({ status: 401, code: "token_missing" });
    expect(await problemOf(await ask("a.b.c"))).toMatchObject({ status: 401, code: "token_invalid" });
    expect(await problemOf(await ask(harness.receiver()))).toMatchObject({ status: 403, code: "forbidden" });
    expect(await problemOf(await ask(harness.operator("producer", ["other"])))).toMatchObject({
      status: 403,
      code: "forbidden",
    });
    const below = lower[role];
    if (below)
      expect(await problemOf(await ask(harness.operator(below)))).toMatchObject({ status: 403, code: "forbidden" });
    const response = await ask(harness.operator(role, ["demo", "new"]));
    expect([response.status, response.headers.get("cache-control")]).toEqual([
      path === "/v1/shows" ? 201 : 200,
      "private, no-store",
    ]);
  });
});

describe("a show", () => {
  const file = {
    $schema: "http://localhost/schemas/show.json",
    id: "final-night",
    title: "Final night",
    polls: [
      {
        id: "winner",
        question: "Who?",
        options: [
          { id: "a", text: "A" },
          { id: "b", text: "B" },
        ],
        grace_ms: 500,
      },
    ],
  };

  test("is created from its file, with what the file leaves out", async () => {
    const harness = new Harness();
    const token = harness.operator("producer");
    const response = await harness.ask("POST", "/v1/shows", { token, json: file });
    expect(response.status).toBe(201);
    expect(response.headers.get("location")).toBe("/v1/shows/final-night");
    const body: unknown = await response.json();
    expect(body).toMatchObject({
      id: "final-night",
      shards: 1,
      polls: [
        {
          id: "winner",
          mode: "last",
          votes: 1,
          grace_ms: 500,
          results: "hidden",
          state: "draft",
          final: false,
          waiting_for: [],
        },
      ],
    });
    expect(await (await harness.ask("GET", "/v1/shows/final-night", { token })).json()).toEqual(body);
    expect(await problemOf(await harness.ask("POST", "/v1/shows", { token, json: file }))).toMatchObject({
      status: 409,
      code: "show_exists",
    });
  });

  test("keeps its key to itself", async () => {
    const harness = new Harness();
    expect(
      await (await harness.ask("GET", "/v1/shows/demo", { token: harness.operator("producer") })).text(),
    ).not.toContain("5ec2e7");
  });

  test("is refused with every mistake that its file has", async () => {
    const harness = new Harness();
    const json = {
      id: "X",
      polls: [{ id: "p", question: "", options: [{ id: "a", text: "A" }], mode: "most", votez: 1 }],
    };
    const { status, detail } = await problemOf(
      await harness.ask("POST", "/v1/shows", { token: harness.operator("producer"), json }),
    );
    expect(status).toBe(400);
    expect(detail).toBe(
      'reading the show file: "id" is "X", wanted 1 to 40 of a-z, 0-9 and hyphens within; "title" is missing; ' +
        '"polls.0.question" has a length of 0, wanted some text; "polls.0.options" has a length of 1, wanted at least 2 options; ' +
        '"polls.0.mode" is "most", wanted ("last" | "first" | "votes"); and 1 more',
    );
  });

  test.for<[what: string, more: object, status: number]>([
    ["a body of another type", { body: "id: x", headers: { "Content-Type": "application/yaml" } }, 415],
    ["half a body", { body: '{"id":', headers: { "Content-Type": "application/json; charset=utf-8" } }, 400],
    [
      "a body past the limit",
      { body: " ".repeat(1024 * 1024 + 1), headers: { "Content-Type": "application/json" } },
      413,
    ],
  ])("is refused with %s", async ([, more, status]) => {
    const harness = new Harness();
    expect(
      await problemOf(await harness.ask("POST", "/v1/shows", { token: harness.operator("producer"), ...more })),
    ).toMatchObject({ status });
  });

  test("takes polls through their states, each deed with its audit entry", async () => {
    const harness = new Harness();
    const token = harness.operator("producer");
    const states: unknown[] = [];
    for (const command of ["arm", "open", "close", "release", "void"]) {
      const json = command === "open" ? { duration_ms: 30_000 } : undefined;
      const response = await harness.ask("POST", `/v1/shows/demo/polls/secret/${command}`, { token, json });
      const { state, closes_at, counts_visible } = (await response.json()) as Record<string, unknown>;
      states.push([state, closes_at, counts_visible]);
    }
    const now = harness.world.time;
    expect(states).toEqual([
      ["armed", undefined, false],
      ["open", now + 30_000, false],
      ["closing", now, false],
      ["closing", now, true],
      ["void", now, true],
    ]);
    const { audit } = (await (await harness.ask("GET", "/v1/shows/demo/audit", { token })).json()) as {
      audit: object[];
    };
    expect(audit.map((entry) => Object.values(entry).slice(1))).toEqual(
      ["armed", "open", "closing", "release", "void"].map((action) => ["the producer", "fra", action, "secret"]),
    );
  });

  test.for<[what: string, path: string, body: string, status: number, code: string]>([
    ["a draft cannot open", "polls/secret/open", "", 409, "poll_state"],
    ["an unknown poll", "polls/other/arm", "", 404, "unknown_poll"],
    ["too short a time", "polls/open/open", '{"duration_ms":999}', 400, "malformed"],
    ["too long a time", "polls/open/open", '{"duration_ms":86400001}', 400, "malformed"],
    ["a time of another name", "polls/open/open", '{"duration":5000}', 400, "malformed"],
    ["half a body", "polls/open/open", "{", 400, "malformed"],
    ["a body past the limit", "polls/open/open", " ".repeat(4097), 413, "too_large"],
    ["a boot that is not on the roster", "lost", '{"edge":"mars","boot":"b9"}', 400, "malformed"],
    ["half a boot", "lost", '{"edge":"fra"}', 400, "malformed"],
  ])("%s", async ([, path, body, status, code]) => {
    const harness = new Harness();
    await harness.show.deeds.arm("open", "test");
    const asked = { token: harness.operator("producer"), body, headers: { "Content-Type": "application/json" } };
    expect(await problemOf(await harness.ask("POST", `/v1/shows/demo/${path}`, asked))).toMatchObject({ status, code });
  });

  test("has boots that are named lost", async () => {
    const harness = new Harness();
    const token = harness.operator("producer");
    const response = await harness.ask("POST", "/v1/shows/demo/lost", { token, json: { edge: "fra", boot: "b1" } });
    expect(await response.json()).toEqual({ edge: "fra", boot: "b1", lost: true });
    const show = await (await harness.ask("GET", "/v1/shows/demo", { token })).json();
    expect(show).toMatchObject({ roster: [{ edge: "fra", lost: true }] });
  });
});

describe("what is published", () => {
  const logo = "/v1/shows/demo/content/logo/picture?title=Logo&text=A+dot";

  test.for<[type: string, bytes: Uint8Array<ArrayBuffer>]>([
    ["image/png", PNG],
    ["image/jpeg", JPEG],
    ["image/webp", WEBP],
  ])("a picture of type %s reaches receivers, and runs nothing there", async ([type, body]) => {
    const harness = new Harness();
    const response = await harness.ask("PUT", logo, {
      token: harness.operator("operator"),
      body,
      headers: { "Content-Type": type },
    });
    expect(response.status).toBe(200);
    const item = (await response.json()) as { picture: string };
    expect(item).toEqual({
      id: "logo",
      kind: "picture",
      title: "Logo",
      text: "A dot",
      picture: item.picture,
      media_type: type,
      at: harness.world.time,
    });
    expect(item.picture).toMatch(/^\/v1\/shows\/demo\/pictures\/[0-9a-f]{64}$/);
    const picture = await harness.ask("GET", item.picture);
    expect(new Uint8Array(await picture.arrayBuffer())).toEqual(body);
    expect(Object.fromEntries(picture.headers)).toMatchObject({
      "content-type": type,
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
    });
  });

  test("a picture of the largest size, and no larger", async () => {
    const harness = new Harness();
    const put = (length: number) => {
      const body = new Uint8Array(length);
      body.set(PNG);
      return harness.ask("PUT", logo, {
        token: harness.operator("operator"),
        body,
        headers: { "Content-Type": "image/png" },
      });
    };
    expect((await put(MAX_PICTURE_BYTES)).status).toBe(200);
    expect(await problemOf(await put(MAX_PICTURE_BYTES + 1))).toMatchObject({ status: 413, code: "too_large" });
  });

  test.for<[what: string, path: string, body: Uint8Array<ArrayBuffer>, type: string, status: number]>([
    ["an SVG", logo, SVG, "image/svg+xml", 415],
    ["an SVG that is called a PNG", logo, SVG, "image/png", 415],
    ["a PNG that is called a JPEG", logo, PNG, "image/jpeg", 415],
    ["a PNG that is cut short", logo, PNG.slice(0, 7), "image/png", 415],
    ["nothing", logo, new Uint8Array(), "image/png", 415],
    ["a page of HTML", logo, new TextEncoder().encode("<html>"), "text/html", 415],
    ["no title", "/v1/shows/demo/content/logo/picture?text=A", PNG, "image/png", 400],
    ["no words for those who do not see", "/v1/shows/demo/content/logo/picture?title=A", PNG, "image/png", 400],
    ["a strange name", "/v1/shows/demo/content/Logo!/picture?title=A&text=B", PNG, "image/png", 400],
  ])("not %s", async ([, path, body, type, status]) => {
    const harness = new Harness();
    const asked = { token: harness.operator("operator"), body, headers: { "Content-Type": type } };
    expect(await problemOf(await harness.ask("PUT", path, asked))).toMatchObject({ status });
    expect(harness.show.content()).toEqual([]);
  });

  test("a page, and whatever stood there is replaced", async () => {
    const harness = new Harness();
    const put = (text: string) =>
      harness.ask("PUT", "/v1/shows/demo/content/rules", {
        token: harness.operator("operator"),
        json: { title: "Rules", text },
      });
    await put("One.");
    expect(await (await put("Two.")).json()).toEqual({
      id: "rules",
      kind: "page",
      title: "Rules",
      text: "Two.",
      at: harness.world.time,
    });
    expect(harness.show.content()).toMatchObject([{ text: "Two." }]);
    expect((await put("x".repeat(8000))).status).toBe(200);
    expect(await problemOf(await put("x".repeat(8001)))).toMatchObject({ status: 400 });
  });

  test.for(["x", "0".repeat(63), "0".repeat(64), "..%2f..%2fetc"])("there is no picture %s", async (hash) => {
    const harness = new Harness();
    const response = await harness.ask("GET", `/v1/shows/demo/pictures/${hash}`);
    expect(await problemOf(response)).toMatchObject({ status: 404, code: "unknown_content" });
  });
});
