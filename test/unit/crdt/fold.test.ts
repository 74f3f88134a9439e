import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EVERY_POLL, PRESENCE, type Ballot } from "../../../crdt/ballot.ts";
import { BatchError, chainId, type Chain } from "../../../crdt/batch.ts";
import { batchHash } from "../../../crdt/batch-hash.ts";
import { Fold, refold } from "../../../crdt/fold.ts";
import { encodeSnapshots, joinSnapshots } from "../../../crdt/snapshot.ts";
import type { Mode } from "../../../crdt/show.ts";
import type { TallyRules } from "../../../crdt/tally.ts";
import { aBallot, ChainOfBatches, START } from "../../support/ballots.ts";

const OPTIONS = 3;
const RECEIVERS = 4;
const fra: Chain = { shard: 0, edge: "fra", boot: "00000000000000f1" };
const nyc: Chain = { shard: 0, edge: "nyc", boot: "00000000000000a2" };

/** Poll 0 and 1 are defined, all others are not. */
const foldOf = (mode: Mode, votes = 1) =>
  new Fold((poll): TallyRules | undefined => (poll < 2 ? { mode, votes, options: OPTIONS } : undefined), START);

const takeAll = (fold: Fold, batches: Iterable<Uint8Array>) => {
  for (const bytes of batches) fold.take(bytes);
  return fold;
};

interface Written extends Ballot {
  readonly edge: string;
}

/** Which choices are in force, by the plainest means: sort them all and take the best. */
function oracle(ballots: readonly Written[], poll: number, mode: Mode, votes: number): Written[] {
  const keyOf = ({ press, time, edge, option, signed }: Written) =>
    mode === "first" ? [time, edge, press, option, Number(signed)] : [press, time, edge, option, Number(signed)];
  const compare = (a: Written, b: Written) => {
    const [x, y] = [keyOf(a), keyOf(b)];
    const differs = x.findIndex((part, i) => part !== y[i]);
    return differs === -1 ? 0 : x[differs]! < y[differs]! ? -1 : 1;
  };
  const best = new Map<string, Written>();
  const valid = ballots.filter((ballot) => ballot.poll === poll && ballot.option < OPTIONS);
  const sorted = valid.filter(({ k }) => k >= 1 && k <= votes).sort(compare);
  for (const ballot of mode === "first" ? sorted.reverse() : sorted) best.set(`${ballot.lo}/${ballot.k}`, ballot);
  return [...best.values()];
}

const anyFewBallot = fc.record({
  hi: fc.constant(7),
  lo: fc.nat({ max: RECEIVERS - 1 }),
  poll: fc.constantFrom(0, 0, 0, 1, 2),
  press: fc.integer({ min: 1, max: 3 }),
  option: fc.nat({ max: OPTIONS }),
  k: fc.nat({ max: 4 }),
  signed: fc.boolean(),
  time: fc.integer({ min: START, max: START + 2 }),
});

/** What several edges wrote in several boots and shards: their batches, and the ballots in them. */
const anyNetwork = fc
  .array(
    fc.record({
      edge: fc.constantFrom("fra", "nyc", "syd"),
      boot: fc.constantFrom("00000000000000f1", "00000000000000a2"),
      shard: fc.nat({ max: 1 }),
      flushes: fc.array(fc.array(anyFewBallot, { minLength: 1, maxLength: 5 }), { maxLength: 5 }),
    }),
    { maxLength: 6 },
  )
  .map((writers) => {
    const chains = new Map<string, ChainOfBatches>();
    const ballots: Written[] = [];
    for (const { flushes, ...chain } of writers) {
      const batches = chains.get(chainId(chain)) ?? new ChainOfBatches(chain);
      chains.set(chainId(chain), batches);
      for (const flush of flushes) {
        batches.ballots(flush);
        ballots.push(...flush.map((ballot) => ({ ...ballot, edge: chain.edge })));
      }
    }
    return { ballots, batches: [...chains.values()].flatMap((chain) => chain.batches) };
  });

/** Each batch once, twice or three times, in any order. */
const anyDelivery = anyNetwork.chain(({ ballots, batches }) => {
  const extra = fc.subarray([...batches, ...batches]);
  const delivered = extra.chain((more) => {
    const all = [...batches, ...more];
    return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
  });
  return fc.record({ ballots: fc.constant(ballots), batches: fc.constant(batches), delivered });
});

function choicesOf(fold: Fold, poll: number) {
  return Array.from({ length: RECEIVERS }, (_, lo) => fold.known(poll, { hi: 7, lo }));
}

describe.each([
  ["last", 1],
  ["first", 1],
  ["votes", 3],
] as const)("in mode %s with %d vote(s)", { timeout: 30_000 }, (mode, votes) => {
  test("any order of delivery, with any repetition, gives the oracle's counts and choices", () => {
    fc.assert(
      fc.property(anyDelivery, ({ ballots, delivered }) => {
        const fold = takeAll(foldOf(mode, votes), delivered);
        for (const poll of [0, 1]) {
          const chosen = oracle(ballots, poll, mode, votes);
          const count = (option: number, signed: boolean) =>
            chosen.filter((ballot) => ballot.option === option && ballot.signed === signed).length;
          expect(fold.counts(poll)).toEqual({
            anonymous: [0, 1, 2].map((option) => count(option, false)),
            signed: [0, 1, 2].map((option) => count(option, true)),
          });
          const wanted = Array.from({ length: RECEIVERS }, (_, lo) =>
            chosen
              .filter((ballot) => ballot.lo === lo)
              .map(({ press, option, k }) => ({ press, option, k }))
              .sort((a, b) => a.k - b.k),
          );
          expect(choicesOf(fold, poll)).toEqual(wanted);
        }
        expect(fold.waiting).toBe(0);
        expect(fold.forks).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("a snapshot joined anywhere, and again, changes nothing that folding would not", () => {
    fc.assert(
      fc.property(anyDelivery, fc.nat(), fc.nat(), ({ batches, delivered }, x, y) => {
        const whole = takeAll(foldOf(mode, votes), batches);
        const partial = takeAll(foldOf(mode, votes), delivered.slice(0, x % (delivered.length + 1)));
        const snapshot = encodeSnapshots(new Map([[0, partial]]));
        const other = takeAll(foldOf(mode, votes), delivered.slice(y % (delivered.length + 1)));
        joinSnapshots(new Map([[0, other]]), snapshot);
        joinSnapshots(new Map([[0, other]]), snapshot);
        takeAll(other, delivered);
        expect(other.coverage.toJSON()).toEqual(whole.coverage.toJSON());
        for (const poll of [0, 1]) {
          expect(other.counts(poll)).toEqual(whole.counts(poll));
          expect(choicesOf(other, poll)).toEqual(choicesOf(whole, poll));
        }
        expect(other.waiting).toBe(0);
        expect(other.forks).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

test("a batch is folded once, and only as the next of its chain", () => {
  const chain = new ChainOfBatches(fra);
  const [first, second, third] = [0, 1, 2].map((option) => chain.ballots([aBallot({ option, press: option + 1 })]));
  const fold = foldOf("last");
  expect(fold.take(third!)).toEqual([]);
  expect(fold.counts(0).anonymous).toEqual([0, 0, 0]);
  expect(fold.take(first!)).toEqual([first]);
  expect(fold.take(first!)).toEqual([]);
  expect([fold.waiting, fold.coverage.of(fra)]).toEqual([1, 1]);
  expect(fold.take(second!)).toEqual([second, third]);
  expect([fold.waiting, fold.coverage.of(fra)]).toEqual([0, 3]);
  expect(fold.counts(0).anonymous).toEqual([0, 0, 1]);
});

test("what is no batch is refused and changes nothing", () => {
  const fold = foldOf("last");
  expect(() => fold.take(new Uint8Array(60))).toThrow(BatchError);
  expect(fold.coverage.toJSON()).toEqual({});
});

test("a batch that does not continue its chain's hash is counted and reported", () => {
  const chain = new ChainOfBatches(fra);
  const first = chain.ballots([aBallot()]);
  const imposter = new ChainOfBatches(fra);
  imposter.ballots([aBallot({ lo: 9 })]);
  const second = imposter.ballots([aBallot({ lo: 8 })]);
  const fold = takeAll(foldOf("last"), [first, second]);
  expect(fold.forks).toEqual([{ chain: chainId(fra), sequence: 2 }]);
  expect(fold.counts(0).anonymous).toEqual([2, 0, 0]);
});

test("a seal stands once its turn has come", () => {
  const chain = new ChainOfBatches(fra);
  const first = chain.ballots([aBallot()]);
  const seal = chain.seal(0);
  const fold = foldOf("last");
  fold.take(seal);
  expect(fold.seals).toEqual([]);
  fold.take(first);
  expect(fold.seals).toEqual([
    {
      ...fra,
      kind: "seal",
      poll: 0,
      sequence: 2,
      time: START,
      chains: [{ boot: fra.boot, sequence: 1, hash: batchHash(first) }],
    },
  ]);
});

test("a batch after the end of its chain contradicts it, also after a snapshot", () => {
  const chain = new ChainOfBatches(fra);
  const fold = takeAll(foldOf("last"), [chain.ballots([aBallot()]), chain.seal(EVERY_POLL)]);
  const joined = foldOf("last");
  joinSnapshots(new Map([[0, joined]]), encodeSnapshots(new Map([[0, fold]])));
  const beyond = chain.ballots([aBallot({ press: 2 })]);
  const next = new ChainOfBatches({ ...fra, boot: nyc.boot }).ballots([aBallot({ press: 3 })]);
  for (const each of [fold, joined]) {
    expect(each.forks).toEqual([]);
    takeAll(each, [beyond, next]);
    expect(each.forks).toEqual([{ chain: chainId(fra), sequence: 3 }]);
  }
});

test("a chain's last time is its latest ballot's or seal's, also after a snapshot", () => {
  const chain = new ChainOfBatches(fra);
  const fold = takeAll(foldOf("last"), [chain.ballots([aBallot(), aBallot({ time: START + 40 })])]);
  expect([fold.lastTime(chainId(fra)), fold.lastTime(chainId(nyc))]).toEqual([START + 40, undefined]);
  fold.take(chain.seal(0, [], START + 50));
  const joined = foldOf("last");
  joinSnapshots(new Map([[0, joined]]), encodeSnapshots(new Map([[0, fold]])));
  expect(joined.lastTime(chainId(fra))).toBe(START + 50);
});

test("presence counts receivers, once each", () => {
  const chain = new ChainOfBatches(fra);
  chain.ballots([aBallot({ poll: PRESENCE }), aBallot({ poll: PRESENCE, lo: 3 })], "presence");
  chain.ballots([aBallot({ poll: PRESENCE, time: START + 1 })], "presence");
  expect(takeAll(foldOf("last"), chain.batches).present).toBe(2);
});

describe("a final poll", () => {
  test("lets its table go, and ballots beyond the cut are late, not counted", () => {
    const chain = new ChainOfBatches(fra);
    const within = chain.ballots([aBallot()]);
    const beyond = chain.ballots([aBallot({ lo: 8 }), aBallot({ lo: 9 }), aBallot({ lo: 9, poll: 1 })]);
    const other = new ChainOfBatches(nyc).ballots([aBallot({ lo: 7 })]);
    const fold = takeAll(foldOf("last"), [within]);
    fold.finalise(0, { [chainId(fra)]: 1 });
    takeAll(fold, [beyond, other]);
    expect(fold.tally(0)).toBeUndefined();
    expect([fold.late(0), fold.late(1)]).toEqual([3, 0]);
    expect(fold.counts(1).anonymous).toEqual([1, 0, 0]);
  });

  test("does not call late what the cut holds and only now arrives", () => {
    const chain = new ChainOfBatches(fra);
    const fold = foldOf("last");
    fold.finalise(0, { [chainId(fra)]: 2 });
    chain.ballots([aBallot()]);
    chain.ballots([aBallot({ lo: 3 })]);
    takeAll(fold, chain.batches);
    expect(fold.late(0)).toBe(0);
  });

  test("counts as late what was folded before its final was known, once it is told of it", () => {
    const chain = new ChainOfBatches(fra);
    const within = chain.ballots([aBallot()]);
    const beyond = chain.ballots([aBallot({ lo: 8 }), aBallot({ lo: 9, poll: 1 })]);
    const seal = chain.seal(1);
    const fold = takeAll(foldOf("last"), [within, beyond, seal]);
    fold.finalise(0, { [chainId(fra)]: 1 });
    for (const bytes of [beyond, seal]) fold.noteLate(0, bytes);
    expect(fold.late(0)).toBe(1);
    const joined = foldOf("last");
    joinSnapshots(new Map([[0, joined]]), encodeSnapshots(new Map([[0, fold]])));
    expect(joined.late(0)).toBe(1);
  });

  test("is refolded exactly from its cut, whatever else has come", async () => {
    const [one, two] = [new ChainOfBatches(fra), new ChainOfBatches(nyc)];
    one.ballots([aBallot({ lo: 1 })]);
    one.ballots([aBallot({ lo: 2 })]);
    two.ballots([aBallot({ lo: 1, option: 1, press: 2 })]);
    const batches = [...two.batches, ...one.batches.toReversed()];
    const rules: TallyRules = { mode: "last", votes: 1, options: OPTIONS };
    const countsAt = async (cut?: Record<string, number>) =>
      (await refold(batches, () => rules, START, cut)).counts(0).anonymous;
    expect(await countsAt({ [chainId(fra)]: 1 })).toEqual([1, 0, 0]);
    expect(await countsAt({ [chainId(fra)]: 2, [chainId(nyc)]: 1 })).toEqual([1, 1, 0]);
    expect(await countsAt()).toEqual([1, 1, 0]);
    expect(await countsAt({})).toEqual([0, 0, 0]);
  });
});

describe("a snapshot", () => {
  test("holds seals, and joining it twice makes none of them two", () => {
    const chain = new ChainOfBatches(fra);
    chain.ballots([aBallot()]);
    chain.seal(0);
    const whole = takeAll(foldOf("last"), chain.batches);
    const snapshot = encodeSnapshots(new Map([[0, whole]]));
    const fold = foldOf("last");
    joinSnapshots(new Map([[0, fold]]), snapshot);
    joinSnapshots(new Map([[0, fold]]), snapshot);
    joinSnapshots(new Map([[0, whole]]), snapshot);
    expect(fold.seals).toEqual(whole.seals);
    expect(whole.seals).toHaveLength(1);
    expect(fold.head(chainId(fra))).toEqual(whole.head(chainId(fra)));
  });

  test("of a shard that is not kept here is passed over", () => {
    const chain = new ChainOfBatches({ ...fra, shard: 4 });
    chain.ballots([aBallot()]);
    const [four, five] = [takeAll(foldOf("last"), chain.batches), foldOf("last")];
    joinSnapshots(new Map([[5, five]]), encodeSnapshots(new Map([[4, four]])));
    expect(five.coverage.toJSON()).toEqual({});
  });
});
