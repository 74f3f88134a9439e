import { describe, expect, test } from "vitest";
import type { Answer, ReceiptAnswer } from "../../../edge/cli/audience/answer.ts";
import { Dice } from "../../../edge/cli/audience/dice.ts";
import type { Plan, Step } from "../../../edge/cli/audience/plan.ts";
import { decide, newReceiver, type Decision, type Receiver, type Rules } from "../../../edge/cli/audience/receiver.ts";

const rules: Rules = { edges: 3, timeoutMs: 2000, deadlineMs: 10_000 };
const choose: Step = { is: "choose", waitMs: 0, option: 1, k: 1, memory: "kept", move: { is: "none" } };
const receipt: ReceiptAnswer = {
  is: "receipt",
  shard: 0,
  edge: "fra",
  boot: "00a1b2c3d4e5f607",
  sequence: 4,
  time: 1000,
};

/** One receiver that a test tells what happens. */
class Told {
  receiver: Receiver;
  readonly #dice = new Dice(1);
  readonly #rules: Rules;
  now = 0;

  constructor(steps: readonly Step[], given: Partial<Rules> = {}) {
    const plan: Plan = { transport: "http", signed: false, slow: false, edge: 0, steps };
    this.receiver = newReceiver(plan);
    this.#rules = { ...rules, ...given };
  }

  due(): Decision {
    return this.#keep(decide(this.receiver, { is: "due", now: this.now }, this.#rules, this.#dice));
  }

  hears(answer: Answer): Decision {
    return this.#keep(decide(this.receiver, { is: "answered", now: this.now, answer }, this.#rules, this.#dice));
  }

  #keep(decision: Decision): Decision {
    this.receiver = decision.receiver;
    return decision;
  }
}

function sent({ action }: Decision) {
  if (action.do !== "send") throw new Error(`it did "${action.do}", wanted "send"`);
  return { edge: action.edge, press: action.press.number, option: action.press.option };
}

function slept({ action }: Decision): number {
  if (action.do !== "sleep") throw new Error(`it did "${action.do}", wanted "sleep"`);
  return action.ms;
}

const refused = (
  code: "not_ready" | "rate_limited" | "poll_closed" | "press_conflict" | "press_stale",
  more = {},
): Answer => ({
  is: "refused",
  code,
  retryAfterMs: 0,
  ...more,
});

describe("a receiver", () => {
  test("presses, hears its receipt, and is done", () => {
    const told = new Told([choose]);
    expect(sent(told.due())).toEqual({ edge: 0, press: 1, option: 1 });
    told.now = 12;
    expect(told.hears(receipt)).toMatchObject({
      action: { do: "finish" },
      deeds: [{ is: "acknowledged", afterMs: 12 }],
    });
    expect(told.receiver.trail).toEqual([{ press: 1, option: 1, k: 1, receipt }]);
  });

  test.each(["unreachable", "reset", "timeout"] as const)(
    "tries another edge with the same press after %s",
    (reason) => {
      const told = new Told([choose]);
      told.due();
      const wait = slept(told.hears({ is: "failed", reason }));
      expect(wait).toBeLessThan(100);
      const again = sent(told.due());
      expect(again).toMatchObject({ press: 1, option: 1 });
      expect(again.edge).not.toBe(0);
    },
  );

  test("waits for a random time that may grow with each try, and no longer than 8 s", () => {
    const waits = Array.from({ length: 200 }, (_, seed) => {
      let receiver = newReceiver({ transport: "http", signed: false, slow: false, edge: 0, steps: [choose] });
      const dice = new Dice(seed);
      return Array.from({ length: 12 }, () => {
        receiver = decide(receiver, { is: "due", now: 0 }, rules, dice).receiver;
        const decision = decide(
          receiver,
          { is: "answered", now: 0, answer: { is: "failed", reason: "reset" } },
          rules,
          dice,
        );
        receiver = decision.receiver;
        return slept(decision);
      });
    });
    const longest = (attempt: number) => Math.max(...waits.map((of) => of[attempt]!));
    const shortest = (attempt: number) => Math.min(...waits.map((of) => of[attempt]!));
    expect(longest(0)).toBeLessThanOrEqual(100);
    expect(longest(3)).toBeGreaterThan(400);
    expect(longest(11)).toBeLessThanOrEqual(8000);
    expect(shortest(11)).toBeLessThan(400);
  });

  test("heeds Retry-After where it stays, and where all edges have said no", () => {
    const limited = new Told([choose]);
    limited.due();
    expect(slept(limited.hears(refused("rate_limited", { retryAfterMs: 3000 })))).toBeGreaterThanOrEqual(3000);
    expect(sent(limited.due()).edge).toBe(0);

    const away = new Told([choose]);
    const waits = [1, 2, 3].map(() => {
      away.due();
      return slept(away.hears(refused("not_ready", { retryAfterMs: 5000 })));
    });
    expect(waits[0]).toBeLessThan(5000);
    expect(waits[2]).toBeGreaterThanOrEqual(5000);
  });

  test("numbers its newest choice after the press that the edge knows", () => {
    const told = new Told([choose]);
    told.due();
    const decision = told.hears(refused("press_conflict", { knownPress: 7 }));
    expect(sent(decision)).toEqual({ edge: 0, press: 8, option: 1 });
    expect(decision.deeds).toEqual([{ is: "renumbered" }]);
  });

  test("drops a repeated press that is out of date", () => {
    const told = new Told([choose, { is: "repeat", waitMs: 30, move: { is: "none" } }]);
    told.due();
    expect(slept(told.hears(receipt))).toBe(30);
    expect(sent(told.due())).toEqual({ edge: 0, press: 1, option: 1 });
    expect(told.hears(refused("press_stale", { knownPress: 2 }))).toMatchObject({
      action: { do: "finish" },
      deeds: [{ is: "repeated" }],
    });
  });

  test("changes its mind with the next press, or with the first again where it forgot", () => {
    const change = (memory: "kept" | "lost"): Step => ({ ...choose, option: 2, memory, waitMs: 5 });
    for (const [memory, press] of [
      ["kept", 2],
      ["lost", 1],
    ] as const) {
      const told = new Told([choose, change(memory)]);
      told.due();
      told.hears(receipt);
      expect(sent(told.due())).toEqual({ edge: 0, press, option: 2 });
    }
  });

  test("moves before a press, or in the middle of one without having heard the answer", () => {
    const before = new Told([{ ...choose, move: { is: "before" } }]);
    expect(sent(before.due()).edge).not.toBe(0);

    const during = new Told([{ ...choose, move: { is: "during", patienceMs: 3 } }]);
    expect(during.due().action).toMatchObject({ do: "send", edge: 0, patienceMs: 3 });
    const moved = during.hears({ is: "failed", reason: "left" });
    expect(sent(moved)).toMatchObject({ press: 1 });
    expect(sent(moved).edge).not.toBe(0);
    expect(moved.deeds).toEqual([{ is: "moved", why: "by plan" }]);
  });

  test("is unknown where the deadline passes and an answer may have got lost, else refused", () => {
    const outcomes = (["unreachable", "reset"] as const).map((reason) => {
      const told = new Told([choose]);
      told.due();
      told.now = rules.deadlineMs;
      return told.hears({ is: "failed", reason }).deeds[0]?.is;
    });
    expect(outcomes).toEqual(["refused", "unknown"]);
  });

  test("tries until the deadline, and not after it", () => {
    const told = new Told([choose]);
    told.due();
    told.now = rules.deadlineMs - 1;
    expect(told.hears({ is: "failed", reason: "reset" }).action.do).toBe("sleep");
    told.due();
    told.now = rules.deadlineMs;
    expect(told.hears({ is: "failed", reason: "reset" }).action.do).toBe("finish");
  });

  test("a poll that closes after a lost answer leaves the press unknown; after none, refused", () => {
    const lost = new Told([choose]);
    lost.due();
    lost.hears({ is: "failed", reason: "timeout" });
    lost.due();
    expect(lost.hears(refused("poll_closed")).deeds).toMatchObject([{ is: "unknown" }]);
    const none = new Told([choose]);
    none.due();
    expect(none.hears(refused("poll_closed")).deeds).toMatchObject([{ is: "refused" }]);
  });

  test("stays where it is in a network of one edge", () => {
    const told = new Told([{ ...choose, move: { is: "before" } }], { edges: 1 });
    expect(sent(told.due()).edge).toBe(0);
    told.hears({ is: "failed", reason: "reset" });
    expect(sent(told.due()).edge).toBe(0);
  });
});
