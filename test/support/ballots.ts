// Ballots and batches for tests, and how fast-check draws them.
import fc from "fast-check";
import type { Ballot } from "../../crdt/ballot.ts";
import { encodeBatch, NO_HASH, packBallots, type BatchBody, type Chain, type SealBatch } from "../../crdt/batch.ts";
import { batchHash } from "../../crdt/batch-hash.ts";
import type { Outcome } from "../../crdt/order.ts";
import type { Poll } from "../../crdt/show.ts";

/** When the tests' shows are created, ms since 1970. */
export const START = 1_800_000_000_000;

export function aBallot(given: Partial<Ballot> = {}): Ballot {
  return { hi: 1, lo: 2, poll: 0, press: 1, option: 0, k: 1, signed: false, time: START, ...given };
}

export function aPoll(given: Partial<Poll> = {}): Poll {
  const options = ["red", "green", "blue"].map((id) => ({ id, text: id }));
  return {
    id: "best",
    index: 0,
    question: "Which?",
    options,
    mode: "last",
    votes: 1,
    graceMs: 500,
    results: "hidden",
    ...given,
  };
}

/** The batches of one chain, as its boot would write them: numbered from 1, each naming the hash of the one before. */
export class ChainOfBatches {
  readonly chain: Chain;
  readonly batches: Uint8Array[] = [];
  head: Uint8Array = NO_HASH;

  constructor(chain: Chain) {
    this.chain = chain;
  }

  ballots(ballots: readonly Ballot[], kind: "ballots" | "presence" = "ballots"): Uint8Array {
    const time = Math.min(...ballots.map((ballot) => ballot.time));
    return this.#add({ kind, time, records: packBallots(ballots, time) });
  }

  seal(poll: number, chains: SealBatch["chains"] = [], time = START): Uint8Array {
    const own = { boot: this.chain.boot, sequence: this.batches.length, hash: this.head };
    return this.#add({ kind: "seal", time, poll, chains: [...chains, own] });
  }

  outcomes(outcomes: readonly Outcome[]): Uint8Array {
    return this.#add({ kind: "outcomes", time: Math.min(...outcomes.map(({ time }) => time)), outcomes });
  }

  #add(body: { time: number } & BatchBody): Uint8Array {
    const sequence = this.batches.length + 1;
    const bytes = encodeBatch({ ...this.chain, sequence, previous: this.head, ...body });
    this.head = batchHash(bytes);
    this.batches.push(bytes);
    return bytes;
  }
}

export const anU32 = fc.integer({ min: 0, max: 0xffffffff });

/** Any ballot that 16 bytes can say, at most `MAX_DELAY_MS` after `START`. */
export const anyBallot: fc.Arbitrary<Ballot> = fc.record({
  hi: anU32,
  lo: anU32,
  poll: fc.integer({ min: 0, max: 0xffff }),
  press: fc.integer({ min: 0, max: 0xffff }),
  option: fc.integer({ min: 0, max: 255 }),
  k: fc.integer({ min: 0, max: 15 }),
  signed: fc.boolean(),
  time: fc.integer({ min: START, max: START + 0xffff }),
});
