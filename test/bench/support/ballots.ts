import type { Ballot } from "../../../crdt/ballot.ts";
import { encodeBatch, NO_HASH, packBallots, type Chain } from "../../../crdt/batch.ts";
import { batchHash } from "../../../crdt/batch-hash.ts";
import type { Poll, Show } from "../../../crdt/show.ts";

/** Options of the one poll that every measurement votes in. */
export const OPTION_IDS = ["a", "b", "c", "d"] as const;
export const SHOW_ID = "final";
export const POLL_ID = "goal";

/** The poll as a show's definition has it. */
export const POLL_DEFINITION = {
  id: POLL_ID,
  question: "Who scores next?",
  options: OPTION_IDS.map((id) => ({ id, text: `Option ${id}` })),
  mode: "last",
  votes: 1,
  graceMs: 2000,
  results: "hidden",
} as const satisfies Omit<Poll, "index">;

/** The same as it stands on the board. */
export const POLL: Poll = { ...POLL_DEFINITION, index: 0 };

/** `wrappedKey` is good for members that hash no subject. */
export function showAt(created: number): Show {
  return { id: SHOW_ID, title: "Final", shards: 1, created, wrappedKey: "00".repeat(32) };
}

/** The first ballot of the receiver with that number: identities as evenly spread as a keyed hash's. */
export function ballotOf(receiver: number, time: number): Ballot {
  const hi = mix(receiver);
  const lo = mix(hi ^ (receiver + 0x9e3779b9));
  return { hi, lo, poll: POLL.index, press: 1, option: receiver % OPTION_IDS.length, k: 1, signed: false, time };
}

/** Batches of one chain, `perFlush` ballots each, of receivers from number 0. */
export function* batchesOf(chain: Chain, ballots: number, perFlush: number, time: number): Generator<Uint8Array> {
  let previous = NO_HASH;
  for (let from = 0, sequence = 1; from < ballots; from += perFlush, sequence++) {
    const count = Math.min(perFlush, ballots - from);
    const records = packBallots(
      Array.from({ length: count }, (_, i) => ballotOf(from + i, time)),
      time,
    );
    const bytes = encodeBatch({ ...chain, sequence, previous, time, kind: "ballots", records });
    previous = batchHash(bytes);
    yield bytes;
  }
}

/** MurmurHash3's finalizer: a permutation of 32 bits, so that no two receivers share `hi`. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
