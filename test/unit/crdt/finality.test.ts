import { describe, expect, test } from "vitest";
import { EVERY_POLL } from "../../../crdt/ballot.ts";
import { NO_HASH } from "../../../crdt/batch.ts";
import type { StandingSeal } from "../../../crdt/fold.ts";
import { activeBoots, finality, type RosterBoot } from "../../../crdt/poll.ts";
import { START } from "../../support/ballots.ts";

const POLL = 3;
const fra1 = "00000000000000f1";
const fra2 = "00000000000000f2";
const nyc1 = "00000000000000a1";

const onRoster = (edge: string, boot: string, given: Partial<RosterBoot> = {}): RosterBoot => ({
  edge,
  boot,
  shards: [0],
  lost: false,
  ...given,
});

/** A seal at `sequence` that names its own chain up to the batch before, and `others`. */
function seal(
  edge: string,
  boot: string,
  sequence: number,
  others: Record<string, number> = {},
  shard = 0,
): StandingSeal {
  const chains = Object.entries({ ...others, [boot]: sequence - 1 }).map(([of, last]) => ({
    boot: of,
    sequence: last,
    hash: NO_HASH,
  }));
  return { kind: "seal", poll: POLL, edge, boot, shard, sequence, time: START, chains };
}

const both = [onRoster("fra", fra1), onRoster("nyc", nyc1)];
const [ofFra, ofNyc] = [`0/fra/${fra1}`, `0/nyc/${nyc1}`];

test("a poll is final when every boot of the roster has sealed and all sealed batches are folded", () => {
  const seals = [seal("fra", fra1, 4), seal("nyc", nyc1, 3)];
  expect(finality(POLL, both, seals, { [ofFra]: 4, [ofNyc]: 9 })).toEqual({
    ready: true,
    cut: { [ofFra]: 3, [ofNyc]: 2 },
    lost: [],
  });
});

describe("a poll is not final", () => {
  test("while a boot has not sealed", () => {
    expect(finality(POLL, both, [seal("fra", fra1, 4)], { [ofFra]: 4, [ofNyc]: 2 })).toEqual({
      ready: false,
      waitingFor: [`seal of nyc/${nyc1}`],
    });
  });

  test("by seals of another poll", () => {
    const others = [seal("fra", fra1, 4), { ...seal("nyc", nyc1, 3), poll: POLL + 1 }];
    expect(finality(POLL, both, others, { [ofFra]: 4, [ofNyc]: 3 })).toMatchObject({ ready: false });
  });

  test("while a boot has sealed one of its two shards", () => {
    const roster = [onRoster("fra", fra1, { shards: [0, 1] })];
    const folded = { [ofFra]: 1, [`1/fra/${fra1}`]: 1 };
    expect(finality(POLL, roster, [seal("fra", fra1, 1)], folded)).toMatchObject({ ready: false });
    const seals = [seal("fra", fra1, 1), seal("fra", fra1, 1, {}, 1)];
    expect(finality(POLL, roster, seals, folded)).toMatchObject({ ready: true });
  });

  test("while a sealed batch is not folded, of an earlier boot too", () => {
    const roster = [onRoster("fra", fra2)];
    const seals = [seal("fra", fra2, 2, { [fra1]: 7 })];
    const folded = { [`0/fra/${fra2}`]: 2, [ofFra]: 6 };
    expect(finality(POLL, roster, seals, folded)).toEqual({
      ready: false,
      waitingFor: [`batches of ${ofFra} up to 7`],
    });
    expect(finality(POLL, roster, seals, { ...folded, [ofFra]: 7 })).toEqual({
      ready: true,
      cut: { [`0/fra/${fra2}`]: 1, [ofFra]: 7 },
      lost: [],
    });
  });

  test("while nobody is on the roster: who has voted where cannot be known", () => {
    expect(finality(POLL, [], [], {})).toMatchObject({ ready: false });
  });
});

describe("a boot that is named lost", () => {
  const roster = [onRoster("fra", fra1), onRoster("nyc", nyc1, { lost: true })];

  test("is not waited for, and enters as far as it is folded here", () => {
    expect(finality(POLL, roster, [seal("fra", fra1, 4)], { [ofFra]: 4, [ofNyc]: 5 })).toEqual({
      ready: true,
      cut: { [ofFra]: 3, [ofNyc]: 5 },
      lost: [`nyc/${nyc1}`],
    });
  });

  test("need not have all folded that it sealed", () => {
    const seals = [seal("fra", fra1, 4), seal("nyc", nyc1, 9)];
    expect(finality(POLL, roster, seals, { [ofFra]: 4, [ofNyc]: 2 })).toMatchObject({
      ready: true,
      cut: { [ofNyc]: 2 },
    });
  });

  test("of which nothing came is in no cut", () => {
    expect(finality(POLL, roster, [seal("fra", fra1, 1)], { [ofFra]: 1 })).toEqual({
      ready: true,
      cut: {},
      lost: [`nyc/${nyc1}`],
    });
  });

  test("does not take others with it whose names end alike", () => {
    const alike = [onRoster("ra", fra1, { lost: true }), onRoster("fra", fra1)];
    expect(finality(POLL, alike, [seal("fra", fra1, 4)], { [ofFra]: 2 })).toMatchObject({ ready: false });
  });
});

describe("a boot that was drained", () => {
  const roster = [onRoster("fra", fra1), onRoster("nyc", nyc1)];
  const ended = { ...seal("nyc", nyc1, 6), poll: EVERY_POLL };

  test("has sealed every poll, and its last batch is the cut", () => {
    for (const poll of [POLL, POLL + 1]) {
      const seals = [{ ...seal("fra", fra1, 4), poll }, ended];
      expect(finality(poll, roster, seals, { [ofFra]: 4, [ofNyc]: 6 })).toEqual({
        ready: true,
        cut: { [ofFra]: 3, [ofNyc]: 5 },
        lost: [],
      });
    }
  });

  test("is waited for until all that it wrote is folded, and what its disk's earlier boots wrote", () => {
    const nyc0 = "00000000000000a0";
    const seals = [seal("fra", fra1, 4), { ...seal("nyc", nyc1, 6, { [nyc0]: 9 }), poll: EVERY_POLL }];
    expect(finality(POLL, roster, seals, { [ofFra]: 4, [ofNyc]: 4 })).toEqual({
      ready: false,
      waitingFor: [`batches of 0/nyc/${nyc0} up to 9`, `batches of ${ofNyc} up to 5`],
    });
  });

  test("that had sealed the poll before is in the cut with all that it wrote", () => {
    const seals = [seal("fra", fra1, 4), seal("nyc", nyc1, 3), ended];
    expect(finality(POLL, roster, seals, { [ofFra]: 4, [ofNyc]: 6 })).toMatchObject({ cut: { [ofNyc]: 5 } });
  });

  test("agrees with a later boot on its disk, which names its last batch, the end", () => {
    const nyc2 = "00000000000000a2";
    const next = [onRoster("fra", fra1), onRoster("nyc", nyc2)];
    const seals = [seal("fra", fra1, 4), ended, seal("nyc", nyc2, 2, { [nyc1]: 6 })];
    const folded = { [ofFra]: 4, [ofNyc]: 6, [`0/nyc/${nyc2}`]: 2 };
    expect(finality(POLL, next, seals, folded)).toMatchObject({ cut: { [ofNyc]: 6, [`0/nyc/${nyc2}`]: 1 } });
  });

  test("does not stand for another boot of its edge", () => {
    const next = [...roster, onRoster("nyc", "00000000000000a2")];
    expect(finality(POLL, next, [seal("fra", fra1, 4), ended], { [ofFra]: 4, [ofNyc]: 6 })).toEqual({
      ready: false,
      waitingFor: ["seal of nyc/00000000000000a2"],
    });
  });

  test("is active no more once it has ended in each of its shards", () => {
    const kept = [
      onRoster("fra", fra1),
      onRoster("nyc", nyc1, { shards: [0, 1] }),
      onRoster("syd", "a", { lost: true }),
    ];
    expect(activeBoots(kept, [ended]).map(({ edge }) => edge)).toEqual(["fra", "nyc"]);
    expect(activeBoots(kept, [ended, { ...ended, shard: 1 }]).map(({ edge }) => edge)).toEqual(["fra"]);
    expect(activeBoots(kept, [seal("nyc", nyc1, 6), seal("nyc", nyc1, 6, {}, 1)])).toHaveLength(2);
  });
});

test("a boot whose disk is gone, and that no seal names, enters as far as it is folded here", () => {
  const roster = [onRoster("fra", fra2)];
  expect(finality(POLL, roster, [seal("fra", fra2, 1)], { [`0/fra/${fra2}`]: 1, [ofFra]: 12 })).toMatchObject({
    ready: true,
    cut: { [ofFra]: 12 },
  });
});
