import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { MAX_OPTIONS, MAX_VOTES } from "../../../crdt/ballot.ts";
import { SAMPLE_SHOW } from "../../../edge/cli/sample-show.ts";
import { isRefusal } from "../../../edge/refusal.ts";
import { check, MAX_LINE_CHARS } from "../../../edge/schemas.ts";
import { MAX_GRACE_MS, MAX_RUNDOWN_S, MAX_SHARDS, showDefinition, ShowFile } from "../../../edge/show-file.ts";

const options = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `o${i}`, text: `Option ${i}` }));
const poll = { id: "p", question: "Who?", options: options(2) };
const file = { id: "show", title: "Show", polls: [poll] };

/** Why a file is refused; undefined where it is taken. */
function fault(value: unknown): string | undefined {
  const checked = check(ShowFile, value, "x");
  return isRefusal(checked) ? checked.detail : undefined;
}

const withPoll = (changes: object) => ({ ...file, polls: [{ ...poll, ...changes }] });

test("a file says what it wants, and gets the rest", () => {
  const checked = check(ShowFile, file, "x");
  if (isRefusal(checked)) throw new Error(checked.detail);
  expect(showDefinition(checked)).toEqual({
    id: "show",
    title: "Show",
    shards: 1,
    polls: [{ ...poll, mode: "last", votes: 1, graceMs: 2000, results: "hidden" }],
    thresholds: [],
  });
});

describe("thresholds", () => {
  const message = { kind: "text", text: "{count} viewers" };
  const withThreshold = (rule: object, more: object = {}) => ({
    ...file,
    thresholds: [{ id: "t", rule, message, ...more }],
  });

  test("a rule says what it waits for, and the rest is as usual", () => {
    const checked = check(ShowFile, withThreshold({ kind: "present", at_least: 10_000, every: 5000 }), "x");
    if (isRefusal(checked)) throw new Error(checked.detail);
    expect(showDefinition(checked).thresholds).toEqual([
      { id: "t", rule: { kind: "present", atLeast: 10_000, every: 5000 }, message, durationMs: 10_000, urgent: false },
    ]);
  });

  test.for<[what: string, good: object, bad: object, said: string]>([
    [
      "a poll that is there",
      withThreshold({ kind: "voted", poll: "p", at_least: 1 }),
      withThreshold({ kind: "voted", poll: "q", at_least: 1 }),
      'threshold "t": rule.poll: got "q", wanted one of "p"',
    ],
    [
      "an option that is there",
      withThreshold({ kind: "votes", poll: "p", option: "o1", at_least: 1 }),
      withThreshold({ kind: "votes", poll: "p", option: "o2", at_least: 1 }),
      'rule.option: got "o2", wanted one of "o0", "o1"',
    ],
    [
      "a share of at most all",
      withThreshold({ kind: "share", poll: "p", option: "o1", percent: 100, sample: 1 }),
      withThreshold({ kind: "share", poll: "p", option: "o1", percent: 101, sample: 1 }),
      "<=100",
    ],
    [
      "a share with a sample",
      withThreshold({ kind: "share", poll: "p", option: "o1", percent: 50, sample: 100 }),
      withThreshold({ kind: "share", poll: "p", option: "o1", percent: 50 }),
      "sample",
    ],
    [
      "one that is urgent fires once only",
      withThreshold({ kind: "present", at_least: 1 }, { urgent: true }),
      withThreshold({ kind: "present", at_least: 1, every: 1 }, { urgent: true }),
      "fires once only",
    ],
    [
      "a rule of a known kind",
      withThreshold({ kind: "voted", at_least: 1 }),
      withThreshold({ kind: "applause", at_least: 1 }),
      'a rule of kind "present", "voted", "votes" or "share"',
    ],
    [
      "a message",
      withThreshold({ kind: "voted", at_least: 1 }),
      withThreshold({ kind: "voted", at_least: 1 }, { message: { kind: "song" } }),
      'a message of kind "text" or "content"',
    ],
  ])("%s", ([, good, bad, said]) => {
    expect(fault(good)).toBeUndefined();
    expect(fault(bad)).toContain(said);
  });
});

describe("at the limits a file is taken, and one past them it is not", () => {
  test.for<[what: string, at: object, past: object, said: string]>([
    ["id", { ...file, id: "a".repeat(40) }, { ...file, id: "a".repeat(41) }, "1 to 40 of"],
    ["id's form", { ...file, id: "a-b" }, { ...file, id: "a-" }, "1 to 40 of"],
    [
      "title",
      { ...file, title: "x".repeat(MAX_LINE_CHARS) },
      { ...file, title: "x".repeat(MAX_LINE_CHARS + 1) },
      "at most 300",
    ],
    ["no text", { ...file, title: "x" }, { ...file, title: "" }, "some text"],
    ["shards", { ...file, shards: MAX_SHARDS }, { ...file, shards: MAX_SHARDS + 1 }, "<=256"],
    ["no shards", { ...file, shards: 1 }, { ...file, shards: 0 }, ">=1"],
    ["no polls", { ...file, polls: [] }, { id: "show", title: "Show" }, '"polls" is missing'],
    ["fewest options", withPoll({ options: options(2) }), withPoll({ options: options(1) }), "at least 2 options"],
    [
      "most options",
      withPoll({ options: options(MAX_OPTIONS) }),
      withPoll({ options: options(MAX_OPTIONS + 1) }),
      "at most 255",
    ],
    ["votes", withPoll({ mode: "votes", votes: MAX_VOTES }), withPoll({ mode: "votes", votes: MAX_VOTES + 1 }), "<=15"],
    [
      "votes in another mode",
      withPoll({ mode: "first", votes: 1 }),
      withPoll({ mode: "first", votes: 2 }),
      'where mode is not "votes"',
    ],
    ["grace", withPoll({ grace_ms: MAX_GRACE_MS }), withPoll({ grace_ms: MAX_GRACE_MS + 1 }), "<=60000"],
    ["no grace", withPoll({ grace_ms: 0 }), withPoll({ grace_ms: -1 }), ">=0"],
    ["answer", withPoll({ answer: "o1" }), withPoll({ answer: "o2" }), "an option's id"],
    [
      "rundown",
      { ...file, rundown: [{ poll: "p", after_s: 0, open_for_s: 1 }] },
      { ...file, rundown: [{ poll: "q", after_s: 0 }] },
      "polls of this show",
    ],
    [
      "rundown's times",
      { ...file, rundown: [{ poll: "p", after_s: MAX_RUNDOWN_S }] },
      { ...file, rundown: [{ poll: "p", after_s: MAX_RUNDOWN_S + 1 }] },
      "<=86400",
    ],
  ])("%s", ([, at, past, said]) => {
    expect(fault(at)).toBeUndefined();
    expect(fault(past)).toContain(said);
  });
});

describe("what a file must not say", () => {
  test.for<[what: string, value: unknown, said: string]>([
    ["nothing", null, "the whole is null"],
    ["a list", [file], '"id" is missing'],
    ["polls with one id", { ...file, polls: [poll, poll] }, "polls whose ids differ"],
    [
      "a poll twice in the rundown",
      {
        ...file,
        rundown: [
          { poll: "p", after_s: 0 },
          { poll: "p", after_s: 9 },
        ],
      },
      "each poll once",
    ],
    ["options with one id", withPoll({ options: [options(1)[0], options(1)[0]] }), "options whose ids differ"],
    ["a word that is not known", { ...file, shard: 2 }, '"shard" is not known here'],
    [
      "a word that is not known, deep inside",
      withPoll({ options: [{ id: "a", text: "A", colour: "red" }, ...options(1)] }),
      '"polls.0.options.0.colour" is not known here',
    ],
    ["a key of its own", { ...file, wrappedKey: "00" }, '"wrappedKey" is not known here'],
    ["another mode", withPoll({ mode: "most" }), '"polls.0.mode" is "most"'],
    ["other results", withPoll({ results: true }), '"polls.0.results" is true'],
    ["half a shard", { ...file, shards: 1.5 }, '"shards" is 1.5'],
  ])("%s", ([, value, said]) => {
    expect(fault(value)).toContain(said);
  });

  test("more mistakes than one answer names", () => {
    const wrong = Array.from({ length: 50 }, () => ({}));
    const said = fault({ ...file, polls: wrong }) ?? "";
    expect(said.length).toBeLessThan(400);
    expect(said).toMatch(/and 145 more$/);
  });
});

test("the example of a talent final is a show: a quiz, two votes, a threshold, and its rundown", () => {
  const checked = check(ShowFile, SAMPLE_SHOW, "x");
  if (isRefusal(checked)) throw new Error(checked.detail);
  const { polls, rundown } = showDefinition(checked);
  expect(polls.map(({ mode, answer }) => [mode, answer])).toEqual([
    ["last", undefined],
    ["votes", undefined],
    ["first", "y2003"],
  ]);
  expect(rundown?.[1]).toEqual({ poll: "winner", afterMs: 2_700_000, openMs: 900_000 });
});

describe("products", () => {
  const shirt = { id: "shirt", title: "Shirt", price: 2990, currency: "EUR", stock: 100 };
  const file = (products: unknown) => ({ id: "s", title: "S", polls: [], products });

  test("are sold one at a time and by pressing twice, where the file says nothing else", () => {
    expect(showDefinition(v.parse(ShowFile, file([shirt]))).products).toEqual([
      { ...shirt, text: "", mostAtOnce: 1, confirmation: "press" },
    ]);
  });

  test.each([
    ["twice the same", [shirt, shirt]],
    ["a price of parts", [{ ...shirt, price: 29.9 }]],
    ["a price above the limit", [{ ...shirt, price: 100_000_001 }]],
    ["a stock above the limit", [{ ...shirt, stock: 10_000_001 }]],
    ["more at once than an order holds", [{ ...shirt, most_at_once: 256 }]],
    ["another currency", [{ ...shirt, currency: "euro" }]],
    ["more than 50", Array.from({ length: 51 }, (_, i) => ({ ...shirt, id: `p${i}` }))],
  ])("with %s are refused", (_what, products) => {
    expect(v.safeParse(ShowFile, file(products)).success).toBe(false);
  });
});
