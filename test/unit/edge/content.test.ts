import { describe, expect, test } from "vitest";
import { NEXT_POLL_MS } from "../../../edge/feed.ts";
import { refuse } from "../../../edge/refusal.ts";
import { Harness, problemOf } from "./harness.ts";

const path = "/v1/shows/demo/content";

interface Content {
  readonly revision: string;
  readonly next_poll_ms: number;
  readonly polls: readonly { readonly id: string; readonly counts?: unknown }[];
}

async function get(harness: Harness, token?: string): Promise<Content> {
  const response = await harness.ask("GET", path, { token });
  expect(response.status).toBe(200);
  return (await response.json()) as Content;
}

describe("the content of a show", () => {
  test("is what receivers need, and no more", async () => {
    const harness = new Harness();
    await harness.show.deeds.arm("secret", "ann");
    await harness.show.deeds.open("secret", "ann", 30_000);
    await harness.show.deeds.publish(
      { id: "rules", kind: "page", title: "Rules", text: "One each.", at: 5 },
      undefined,
      "ann",
    );
    await harness.vote("secret", { option: "no", press: 1 });
    const now = harness.world.time;
    expect(await get(harness)).toEqual({
      show: { id: "demo", title: "Demo" },
      revision: "00000000000000b1-4",
      time: now,
      next_poll_ms: expect.any(Number),
      polls: [
        {
          id: "secret",
          question: "Well?",
          options: [
            { id: "yes", text: "Yes" },
            { id: "no", text: "No" },
          ],
          mode: "last",
          votes: 1,
          state: "open",
          opens_at: now,
          closes_at: now + 30_000,
        },
      ],
      content: [{ id: "rules", kind: "page", title: "Rules", text: "One each.", at: 5 }],
      products: [],
    });
  });

  test("shows counts where everyone may see them, anonymous and signed apart", async () => {
    const harness = new Harness();
    await harness.open("open", "secret");
    await harness.vote("open", { option: "no", press: 1 });
    await harness.vote("open", { option: "no", press: 1 }, harness.receiver("viewer", false));
    await harness.vote("secret", { option: "no", press: 1 });
    const counts = [
      { option: "yes", anonymous: 0, signed: 0 },
      { option: "no", anonymous: 1, signed: 1 },
    ];
    const { polls } = await get(harness);
    expect(polls.map(({ id, counts: shown }) => [id, shown])).toEqual([
      ["secret", undefined],
      ["open", counts],
    ]);
    await harness.show.deeds.release("secret", "ann");
    expect((await get(harness)).polls[0]?.counts).toEqual([
      { option: "yes", anonymous: 0, signed: 0 },
      { option: "no", anonymous: 1, signed: 0 },
    ]);
  });

  test("is asked for again soon while something is open, later while nothing is, never by all at once", async () => {
    const harness = new Harness();
    const spread = async () => {
      const found: number[] = [];
      for (let i = 0; i < 50; i++) found.push((await get(harness)).next_poll_ms);
      return found;
    };
    const quiet = await spread();
    await harness.show.deeds.arm("open", "ann");
    const busy = await spread();
    for (const [found, [least, most]] of [
      [quiet, NEXT_POLL_MS.quiet],
      [busy, NEXT_POLL_MS.busy],
    ] as const) {
      expect(Math.min(...found)).toBeGreaterThanOrEqual(least);
      expect(Math.max(...found)).toBeLessThanOrEqual(most);
      expect(new Set(found).size).toBeGreaterThan(20);
    }
  });

  test("is had once a revision", async () => {
    const harness = new Harness();
    await harness.open("open");
    const response = await harness.ask("GET", path);
    expect(response.headers.get("cache-control")).toBe("max-age=1, stale-while-revalidate=5");
    const etag = response.headers.get("etag")!;
    expect(etag).toBe('W/"00000000000000b1-3"');
    const again = (value: string) => harness.ask("GET", path, { headers: { "If-None-Match": value } });
    for (const value of [etag, etag.slice(2), `"other", ${etag}`, "*"]) {
      const known = await again(value);
      expect([known.status, known.headers.get("etag"), await known.text()]).toEqual([304, etag, ""]);
    }
    expect((await again('W/"00000000000000b1-2"')).status).toBe(200);
    await harness.vote("open", { option: "no", press: 1 });
    expect((await again(etag)).status).toBe(200);
  });

  test("marks who shows a token as present, also where it has the content already", async () => {
    const harness = new Harness();
    const { revision } = await get(harness);
    expect(harness.show.arrived.size).toBe(0);
    await get(harness, harness.receiver("tv-1"));
    const headers = { "If-None-Match": `W/"${revision}"` };
    await harness.ask("GET", path, { token: harness.receiver("viewer", false), headers });
    expect([...harness.show.arrived]).toEqual([
      ["tv-1", false],
      ["viewer", true],
    ]);
  });

  test("is refused with a token that is wrong, so that its bearer learns of it", async () => {
    const harness = new Harness();
    expect(await problemOf(await harness.ask("GET", path, { token: "a.b.c" }))).toMatchObject({ status: 401 });
  });

  test("is refused where the show is unknown or not ready", async () => {
    const harness = new Harness();
    expect(await problemOf(await harness.ask("GET", "/v1/shows/other/content"))).toMatchObject({
      status: 404,
      code: "unknown_show",
    });
    harness.edge.refusal = refuse("not_ready", "catching up", { retryAfterS: 1 });
    expect(await problemOf(await harness.ask("GET", path))).toMatchObject({ status: 503, code: "not_ready" });
  });
});

describe("results", () => {
  const one = "/v1/shows/demo/polls/secret/results";
  const all = "/v1/shows/demo/results";
  const counts = [
    { option: "yes", anonymous: 0, signed: 0 },
    { option: "no", anonymous: 1, signed: 0 },
  ];

  async function voted(): Promise<Harness> {
    const harness = new Harness();
    await harness.open("secret");
    await harness.vote("secret", { option: "no", press: 1 });
    return harness;
  }

  test("that are hidden are for readers", async () => {
    const harness = await voted();
    for (const token of [undefined, harness.receiver(), harness.receiver("viewer", false)])
      expect(await problemOf(await harness.ask("GET", one, { token }))).toMatchObject({
        status: 403,
        code: "results_hidden",
      });
    const response = await harness.ask("GET", one, { token: harness.operator("reader", ["demo"]) });
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(await response.json()).toEqual({ poll: "secret", state: "open", counts });
  });

  test.for<[what: string, token: (harness: Harness) => string, status: number]>([
    ["garbage", () => "a.b.c", 401],
    ["a reader of other shows", (harness) => harness.operator("reader", ["other"]), 403],
  ])("are refused to %s", async ([, token, status]) => {
    const harness = await voted();
    for (const path of [one, all])
      expect(await problemOf(await harness.ask("GET", path, { token: token(harness) }))).toMatchObject({ status });
  });

  test("are refused with an expired token, as such", async () => {
    const harness = await voted();
    const tokens = [harness.receiver(), harness.operator("reader")];
    harness.world.time += 3_600_000;
    for (const token of tokens)
      expect(await problemOf(await harness.ask("GET", one, { token }))).toMatchObject({
        status: 401,
        code: "token_expired",
      });
  });

  test("that are released are for everyone, and the final one with its cut", async () => {
    const harness = await voted();
    harness.show.finish("secret");
    expect(await problemOf(await harness.ask("GET", one))).toMatchObject({ code: "results_hidden" });
    await harness.show.deeds.release("secret", "ann");
    const response = await harness.ask("GET", one);
    expect(response.headers.get("cache-control")).toBe("max-age=1");
    expect(await response.json()).toEqual({
      poll: "secret",
      state: "final",
      counts,
      final: { at: harness.world.time, cut: { "0/fra/b1": 7 }, lost: ["syd/b2"], late: 0 },
    });
  });

  test("of all polls say which are hidden; presence and drafts are for readers", async () => {
    const harness = await voted();
    await harness.open("open");
    harness.show.arrive("tv-1", false);
    const empty = [
      { option: "yes", anonymous: 0, signed: 0 },
      { option: "no", anonymous: 0, signed: 0 },
    ];
    expect(await (await harness.ask("GET", all)).json()).toEqual({
      results: [
        { poll: "secret", state: "open", hidden: true },
        { poll: "open", state: "open", counts: empty },
      ],
    });
    expect(await (await harness.ask("GET", all, { token: harness.operator("reader") })).json()).toEqual({
      results: [
        { poll: "secret", state: "open", counts },
        { poll: "open", state: "open", counts: empty },
        { poll: "once", state: "draft", counts: empty },
        { poll: "three", state: "draft", counts: empty },
      ],
      present: 1,
    });
  });

  test("of unknown polls and shows are none", async () => {
    const harness = await voted();
    expect(await problemOf(await harness.ask("GET", "/v1/shows/demo/polls/x/results"))).toMatchObject({
      code: "unknown_poll",
    });
    expect(await problemOf(await harness.ask("GET", "/v1/shows/x/results"))).toMatchObject({ code: "unknown_show" });
  });
});

test("while results are hidden nothing tells them without a reader's token", async () => {
  const harness = new Harness();
  await harness.open("secret");
  for (let i = 0; i < 21; i++) await harness.vote("secret", { option: "no", press: 1 }, harness.receiver(`tv-${i}`));
  const socket = await harness.dial("/v1/shows/demo/live");
  socket.say({ type: "hello", token: harness.receiver() });
  const paths = [
    path,
    "/v1/shows/demo/results",
    "/metrics",
    "/healthz",
    "/readyz",
    "/v1/shows/demo/polls/secret/results",
  ];
  const texts = await Promise.all(paths.map(async (address) => (await harness.ask("GET", address)).text()));
  for (const text of [...texts, ...socket.sent]) expect(text).not.toMatch(/\b21\b|"counts":/);
});
