// What a snapshot says that it holds, and who may take it for the batches that it stands for.
import { describe, expect, test } from "vitest";
import { PRESENCE } from "../../../crdt/ballot.ts";
import { chainId } from "../../../crdt/batch.ts";
import { Fold, type FoldTables } from "../../../crdt/fold.ts";
import { encodeSnapshots, joinSnapshots } from "../../../crdt/snapshot.ts";
import type { TallyRules } from "../../../crdt/tally.ts";
import { aBallot, ChainOfBatches, START } from "../../support/ballots.ts";

const RULES: TallyRules = { mode: "last", votes: 1, options: 3 };
const chain = new ChainOfBatches({ shard: 0, edge: "fra", boot: "00000000000000f1" });
chain.ballots([aBallot({ lo: 1 }), aBallot({ lo: 2, option: 2 })]);
chain.ballots([aBallot({ lo: 3, poll: PRESENCE })], "presence");

const aFold = (tables: FoldTables, keepsVoters = false) =>
  new Fold((index) => (index === 0 ? RULES : undefined), START, keepsVoters, tables);

function folded(tables: FoldTables, keepsVoters = false): Fold {
  const fold = aFold(tables, keepsVoters);
  for (const bytes of chain.batches) fold.take(bytes);
  return fold;
}

function join(fold: Fold, snapshot: Uint8Array): Fold {
  joinSnapshots(new Map([[0, fold]]), snapshot);
  return fold;
}

const measures = (fold: Fold) => [fold.counts(0).anonymous, fold.present, fold.voters];

/** Everything that a fold may keep, the least first. */
const CONTENTS: readonly (readonly [FoldTables, boolean])[] = [
  ["none", false],
  ["polls", false],
  ["all", false],
  ["all", true],
];

describe.each(CONTENTS.flatMap((held, i) => CONTENTS.map((kept, j) => ({ held, kept, holds: i >= j }))))(
  "a snapshot of $held for a fold of $kept",
  ({ held, kept, holds }) => {
    test(holds ? "stands for its batches" : "is left out, and the batches are folded as if there were none", () => {
      const snapshot = encodeSnapshots(new Map([[0, folded(...held)]]));
      const fold = aFold(...kept);
      expect(joinSnapshots(new Map([[0, fold]]), snapshot)).toEqual(holds ? [] : [0]);
      expect(fold.coverage.of(chainId(chain.chain))).toBe(holds ? 2 : 0);
      for (const bytes of chain.batches) fold.take(bytes);
      expect(measures(fold)).toEqual(measures(folded(...kept)));
    });
  },
);

describe("a snapshot of an earlier version", () => {
  /** As version 1 wrote it, with two choices of poll 0. */
  const EARLIER = Buffer.from(
    "AAAAAAERAAAA6XsidmVyc2lvbiI6MSwiY292ZXJhZ2UiOnsiMC9mcmEvMDAwMDAwMDAwMDAwMDBmMSI6MX0sImhlYWRzIjp7IjAvZnJhLzAwMDAw" +
      "MDAwMDAwMDAwZjEiOnsiaGFzaCI6ImFlN2JhYWE4NDFkMjJmYmI3N2UzZTQ0ZmJmNDQ4YzY0IiwidGltZSI6MTgwMDAwMDAwMDAwMH19LCJl" +
      "ZGdlcyI6WyJmcmEiXSwicG9sbHMiOlt7InBvbGwiOjAsInNsb3RzIjoyfV0sImxhdGUiOltdLCJzZWFscyI6W10sIm9yZGVycyI6W119AAAA" +
      "AQAAAAEAAQABAAAFJlwAAAAAAQAAAAIAAQIBAAAFJlwA",
    "base64",
  );

  test("stands for the choices of its polls, and nobody knows whether for who voted", () => {
    expect(join(aFold("all"), EARLIER).counts(0).anonymous).toEqual([1, 0, 1]);
    expect(join(aFold("all", true), EARLIER).coverage.sum).toBe(0);
  });

  test("without any choices stands for what is covered, and no more", () => {
    const from = EARLIER.indexOf('"polls":[{"poll":0,"slots":2}]');
    const head = EARLIER.toString("latin1", 10, 10 + EARLIER.readUInt32BE(6));
    const empty = Buffer.from(head.replace('{"poll":0,"slots":2}', ""), "latin1");
    const bytes = Buffer.concat([EARLIER.subarray(0, 10), empty]);
    bytes.writeUInt32BE(4 + empty.length, 2);
    bytes.writeUInt32BE(empty.length, 6);
    expect(from).toBeGreaterThan(0);
    expect(join(aFold("none"), bytes).coverage.sum).toBe(1);
    expect(join(aFold("all"), bytes).coverage.sum).toBe(0);
  });
});
