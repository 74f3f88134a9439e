// Simulated receivers against edges that lose answers, judged by the fold itself: what the books expect must be in force.
import { describe, expect, test } from "vitest";
import { Fold } from "../../../crdt/fold.ts";
import type { Mode, Poll } from "../../../crdt/show.ts";
import type { Tally } from "../../../crdt/tally.ts";
import { refuseBallot } from "../../../edge/admission.ts";
import type { Answer } from "../../../edge/cli/audience/answer.ts";
import { Dice } from "../../../edge/cli/audience/dice.ts";
import { expectations } from "../../../edge/cli/audience/expectation.ts";
import { planReceiver } from "../../../edge/cli/audience/plan.ts";
import { decide, newReceiver, type Action, type Receiver } from "../../../edge/cli/audience/receiver.ts";
import { aBallot, aPoll, ChainOfBatches, START } from "../../support/ballots.ts";

const SHARES = { ws: 0, retry: 0.4, change: 0.5, move: 0.5, slow: 0, signed: 0.3 };
const RULES = { edges: 3, timeoutMs: 2000, deadlineMs: 20_000 };
const RECEIVERS = 300;

/** Edges that admit as ours do, each knowing its own batches only: what the others hear late cannot be later than that. */
class Edges {
  readonly chains: ChainOfBatches[];
  readonly poll: Poll;
  readonly #folds: Fold[];
  readonly #dice: Dice;
  readonly #loss: number;

  constructor(poll: Poll, dice: Dice, loss: number) {
    this.poll = poll;
    this.#dice = dice;
    this.#loss = loss;
    this.chains = ["fra", "nyc", "syd"].map(
      (edge, i) => new ChainOfBatches({ shard: 0, edge, boot: `0${i}`.repeat(8) }),
    );
    this.#folds = this.chains.map(() => newFold(poll));
  }

  answer(receiver: number, action: Extract<Action, { do: "send" }>, now: number): Answer {
    if (this.#dice.chance(this.#loss))
      return { is: "failed", reason: this.#dice.chance(0.5) ? "unreachable" : "reset" };
    const { number: press, option, k } = action.press;
    const [chain, fold] = [this.chains[action.edge]!, this.#folds[action.edge]!];
    const known = fold.known(0, { hi: 7, lo: receiver });
    const refusal = refuseBallot(this.poll, { press, option, k }, known);
    if (refusal) {
      const knownPress = refusal.extra?.["known_press"];
      return {
        is: "refused",
        code: refusal.refused,
        retryAfterMs: 0,
        ...(typeof knownPress === "number" ? { knownPress } : {}),
      };
    }
    const time = START + Math.round(now);
    fold.take(chain.ballots([aBallot({ hi: 7, lo: receiver, press, option, k, time })]));
    if (this.#dice.chance(this.#loss)) return { is: "failed", reason: "timeout" };
    return { is: "receipt", ...chain.chain, sequence: chain.batches.length, time };
  }
}

function newFold({ mode, votes, options }: Poll): Fold {
  return new Fold(() => ({ mode, votes, options: options.length }), START - 86_400_000);
}

/** Runs one receiver after the other; each from its first press to its last. */
function runAll(seed: number, edges: Edges): Receiver[] {
  const { mode, votes, options } = edges.poll;
  return Array.from({ length: RECEIVERS }, (_, number) => {
    const dice = Dice.for(seed, number);
    let now = number;
    let receiver = newReceiver(planReceiver(seed, number, { mode, votes, options: options.length }, 3, SHARES));
    let { receiver: next, action } = decide(receiver, { is: "due", now }, RULES, dice);
    while (action.do !== "finish") {
      receiver = next;
      now += action.do === "sleep" ? action.ms : 5;
      const event =
        action.do === "sleep"
          ? ({ is: "due", now } as const)
          : ({ is: "answered", now, answer: edges.answer(number, action, now) } as const);
      ({ receiver: next, action } = decide(receiver, event, RULES, dice));
    }
    return next;
  });
}

function foldAll(edges: Edges): Tally {
  const fold = newFold(edges.poll);
  for (const chain of edges.chains) for (const bytes of chain.batches) fold.take(bytes);
  return fold.tally(0)!;
}

const modes: [Mode, number][] = [
  ["last", 1],
  ["first", 1],
  ["votes", 3],
];

describe.each(modes)("in mode %s", (mode, votes) => {
  const poll = aPoll({ mode, votes });

  test.each([1, 2, 3, 4, 5])("the fold agrees with what every receiver expects (seed %i)", (seed) => {
    const edges = new Edges(poll, new Dice(seed), 0.15);
    const receivers = runAll(seed, edges);
    const tally = foldAll(edges);
    const wrong = receivers.flatMap(({ trail }, lo) => {
      const known = tally.known({ hi: 7, lo });
      const expected = expectations(mode, trail);
      const isRight = expected.every(({ k, options }) =>
        options.includes(known.find((ballot) => ballot.k === k)?.option),
      );
      return isRight && known.length <= expected.length ? [] : [{ lo, known, expected, trail }];
    });
    expect(wrong).toEqual([]);
  });

  test("all is certain where nothing gets lost, and one press at one edge is a receiver's choice", () => {
    const edges = new Edges(poll, new Dice(9), 0);
    const receivers = runAll(9, edges);
    const uncertain = receivers
      .flatMap(({ trail }) => expectations(mode, trail))
      .filter(({ options }) => options.length !== 1);
    expect(uncertain).toEqual([]);
    expect(receivers.filter(({ trail }) => trail.length === 0)).toEqual([]);
  });
});

test("the same seed plans the same audience, and another one another", () => {
  const plans = (seed: number) =>
    Array.from({ length: 50 }, (_, i) => planReceiver(seed, i, { mode: "last", votes: 1, options: 3 }, 3, SHARES));
  expect(plans(5)).toEqual(plans(5));
  expect(plans(5)).not.toEqual(plans(6));
});

test("shares are met", () => {
  const plans = Array.from({ length: 4000 }, (_, i) =>
    planReceiver(3, i, { mode: "last", votes: 1, options: 3 }, 3, { ...SHARES, ws: 0.25 }),
  );
  const part = (is: (plan: (typeof plans)[number]) => boolean) => plans.filter(is).length / plans.length;
  expect(part(({ transport }) => transport === "ws")).toBeCloseTo(0.25, 1);
  expect(part(({ steps }) => steps.some((step) => step.is === "repeat"))).toBeCloseTo(0.4, 1);
  expect(part(({ steps }) => steps.filter((step) => step.is === "choose").length > 1)).toBeCloseTo(0.5, 1);
  expect(part(({ steps }) => steps.some(({ move }) => move.is !== "none"))).toBeCloseTo(0.5, 1);
  expect(new Set(plans.map(({ edge }) => edge))).toEqual(new Set([0, 1, 2]));
});

test("nobody moves in a network of one edge", () => {
  const plans = Array.from({ length: 200 }, (_, i) =>
    planReceiver(3, i, { mode: "last", votes: 1, options: 3 }, 1, { ...SHARES, move: 1 }),
  );
  expect(plans.flatMap(({ steps }) => steps).filter(({ move }) => move.is !== "none")).toEqual([]);
});
