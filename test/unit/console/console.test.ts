// What the console decides without a page: the next step, seals, rates, a rehearsal's file, the pass.
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { Board } from "../../../crdt/board.ts";
import type { HealthBody } from "../../../edge/network-answers.ts";
import { thresholdDraft } from "../../../edge/console/threshold-form.ts";
import { nextStep, sealsOf } from "../../../edge/console/next-step.ts";
import { moneyText, slugOf } from "../../../edge/console/numbers.ts";
import { addTotal, ordersPerSecond, RATE_WINDOW_MS, type OrderTotals } from "../../../edge/console/order-rate.ts";
import { mayAct, readPass } from "../../../edge/console/pass.ts";
import { pictureOf } from "../../../edge/console/picture-of-show.ts";
import { addRates, HISTORY_S, NO_RATES } from "../../../edge/console/rates.ts";
import { rehearsalOf } from "../../../edge/console/rehearsal.ts";
import { isRefusal } from "../../../edge/refusal.ts";
import { check } from "../../../edge/schemas.ts";
import { showDefinition, ShowFile } from "../../../edge/show-file.ts";
import { ThresholdBody } from "../../../edge/threshold-file.ts";
import { SAMPLE_SHOW } from "../../../edge/cli/sample-show.ts";
import { Harness } from "../edge/harness.ts";

test.for([
  ["draft", false, false, "open Open"],
  ["armed", false, false, "open Open"],
  ["open", false, false, "close Close"],
  ["closing", false, false, "wait Closing"],
  ["closed", false, false, "wait Counting"],
  ["final", false, true, "release Release"],
  ["final", true, true, "over Released"],
  ["void", false, false, "over Void"],
] as const)(
  "a poll that is %s (released: %s, final: %s) has as its next step: %s",
  ([state, released, isFinal, wanted]) => {
    const { is, label } = nextStep({ state, released, isFinal });
    expect(`${is} ${label}`).toBe(wanted);
  },
);

test("only a draft is armed before it is opened", () => {
  const step = (state: "draft" | "armed") => nextStep({ state, released: false, isFinal: false });
  expect([step("draft"), step("armed")]).toMatchObject([{ needsArming: true }, { needsArming: false }]);
});

test("seals are counted over the edges that are not lost", () => {
  const boot = (edge: string, lost = false) => ({ edge, boot: `${edge}1`, lost });
  const roster = [boot("fra"), boot("nyc"), boot("syd", true)];
  expect(sealsOf(roster, ["seal of nyc/nyc1", "batches of 0/fra/fra1 up to 7"])).toEqual({
    sealed: 1,
    of: 2,
    missing: ["nyc"],
  });
  expect(sealsOf(roster, [])).toEqual({ sealed: 2, of: 2, missing: [] });
});

describe("rates", () => {
  const health = (perS: number) => ({ load: { ballots_per_s: perS } }) as HealthBody;

  test("keep two minutes, of edges that come and go", () => {
    let rates = addRates(NO_RATES, 1000, new Map([["fra", health(5)]]));
    rates = addRates(rates, 2000, new Map([["nyc", health(7)]]));
    expect(rates).toEqual({ times: [1, 2], byEdge: { fra: [5, null], nyc: [null, 7] } });
    for (let i = 3; i < 500; i++) rates = addRates(rates, i * 1000, new Map([["fra", health(i)]]));
    expect(rates.times).toHaveLength(HISTORY_S);
    expect(rates.byEdge["fra"]).toHaveLength(HISTORY_S);
    expect(rates.byEdge["nyc"]?.at(-1)).toBeNull();
  });
});

describe("orders a second", () => {
  const after = (...looks: readonly (readonly [at: number, total: number])[]) =>
    ordersPerSecond(looks.reduce<OrderTotals>((totals, [at, total]) => addTotal(totals, at, total), []));

  test("are those of the last seconds, from the second look on", () => {
    expect([after(), after([0, 70])]).toEqual([0, 0]);
    expect(after([0, 70], [1000, 90], [2000, 130])).toBe(30);
    expect(after([0, 0], [1000, 5000], [RATE_WINDOW_MS + 1500, 5000])).toBe(0);
  });

  test("begin anew at an edge that knows fewer", () => {
    expect(after([0, 70], [1000, 20])).toBe(0);
    expect(after([0, 70], [1000, 20], [2000, 25])).toBe(5);
  });
});

test.for([
  [2990, "EUR", "€29.90"],
  [1500, "JPY", "¥1,500"],
  [1500, "KWD", "KWD 1.500"],
] as const)("%d of %s is %s", ([amount, currency, text]) => {
  expect(moneyText(amount, currency).replace("\u00a0", " ")).toBe(text);
});

describe("a rehearsal", () => {
  const definition = showDefinition(SAMPLE_SHOW);
  const { polls, thresholds = [], ...show } = definition;
  const board = new Board(new Y.Doc());
  board.create(
    { ...show, created: 1, wrappedKey: "00" },
    polls.map((poll, index) => ({ ...poll, index })),
    thresholds,
  );
  const picture = pictureOf(board, new Map(), 2)!;

  test("is the same show under an id of its own, as a file that an edge takes", () => {
    const checked = check(ShowFile, rehearsalOf(picture, [show.id, `${show.id}-r1`]), "x");
    if (isRefusal(checked)) throw new Error(checked.detail);
    const rehearsed = { ...definition, id: "talent-final-r2", rehearsal: true };
    expect({ ...showDefinition(checked), products: definition.products }).toEqual(rehearsed);
  });

  test("sells nothing: a provider would charge for it", () => {
    expect(definition.products).toHaveLength(1);
    expect(rehearsalOf(picture, []).products).toBe(undefined);
  });

  test("of a show with the longest name has a name that fits", () => {
    const long = { ...picture, show: { ...picture.show, id: "a".repeat(40) } };
    expect(rehearsalOf(long, []).id).toBe(`${"a".repeat(35)}-r1`);
  });
});

describe("the threshold's form says", () => {
  const fields = { count: "500", every: "250", option: "ben", percent: "33.3", sample: "90", text: "{count}!" };
  const formOf = (given: Partial<typeof fields> = {}) => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...fields, ...given })) form.set(name, value);
    return form;
  };
  const poll = { id: "winner" };

  test.for([
    ["present", "show-present-500", { kind: "present", at_least: 500, every: 250 }],
    ["voted-show", "show-voted-500", { kind: "voted", at_least: 500, every: 250 }],
    ["voted-poll", "winner-voted-500", { kind: "voted", poll: "winner", at_least: 500, every: 250 }],
    ["votes", "winner-ben-500", { kind: "votes", poll: "winner", option: "ben", at_least: 500, every: 250 }],
    ["share", "winner-ben-33-3-of-90", { kind: "share", poll: "winner", option: "ben", percent: 33.3, sample: 90 }],
  ] as const)("%s as a rule that the edge takes", ([wait, id, rule]) => {
    const draft = thresholdDraft(wait, poll, formOf());
    expect(draft).toEqual({ id, json: { rule, message: { kind: "text", text: "{count}!" } } });
    expect(check(ThresholdBody, draft.json, "x")).toMatchObject({ rule });
  });

  test("once, where nothing is typed for each further", () => {
    const { json } = thresholdDraft("present", poll, formOf({ every: "" }));
    expect(json.rule).toEqual({ kind: "present", at_least: 500 });
  });

  test("an id with its figure, however long the poll's is", () => {
    const { id } = thresholdDraft("voted-poll", { id: "a".repeat(40) }, formOf());
    expect(id).toBe(`${"a".repeat(30)}-voted-500`);
  });
});

describe("a pass", () => {
  test("is read from an operator's token", () => {
    const harness = new Harness();
    const pass = readPass(harness.operator("operator", ["demo"]))!;
    expect(pass).toMatchObject({ name: "the operator", role: "operator", shows: ["demo"] });
    expect([mayAct(pass, "viewer"), mayAct(pass, "operator"), mayAct(pass, "producer")]).toEqual([true, true, false]);
  });

  test.for(["", "a.b.c", new Harness().receiver()])("is not read from %j", (token) => {
    expect(readPass(token)).toBeUndefined();
  });
});

test.for([
  ["How it works!", "how-it-works"],
  ["Ünïcode  Größe", "unicode-gro-e"],
  ["…", "item"],
  ["x".repeat(50), "x".repeat(40)],
] as const)("%j is published as %s", ([title, slug]) => {
  expect(slugOf(title)).toBe(slug);
});
