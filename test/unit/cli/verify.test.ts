import { describe, expect, test } from "vitest";
import { Fold } from "../../../crdt/fold.ts";
import { receiverId } from "../../../crdt/receiver.ts";
import type { Final, Show } from "../../../crdt/show.ts";
import { encodeSnapshots } from "../../../crdt/snapshot.ts";
import { MemoryStore } from "../../../crdt/store/memory.ts";
import type { AudienceLine, Books, ReceiverLine } from "../../../edge/cli/audience/books.ts";
import { cueText, verifyCue } from "../../../edge/cli/verify/cues.ts";
import { epochOf, type StandingPoll } from "../../../edge/cli/verify/board-view.ts";
import { Booked } from "../../../edge/cli/verify/booked.ts";
import { compareReadings, countsDifference } from "../../../edge/cli/verify/comparison.ts";
import { PollCheck } from "../../../edge/cli/verify/poll-check.ts";
import { absent, counted, unreadable } from "../../../edge/cli/verify/reading.ts";
import { refoldLog } from "../../../edge/cli/verify/refolding.ts";
import type { Threshold } from "../../../crdt/threshold.ts";
import { tallyRulesOf } from "../../../crdt/tally.ts";
import { crossingOf } from "../../../monitor/threshold/crossing.ts";
import { aBallot, aPoll, ChainOfBatches, START } from "../../support/ballots.ts";

const KEY = "ab".repeat(32);
const show: Show = { id: "demo", title: "Demo", shards: 1, created: START, wrappedKey: KEY };
const poll = aPoll();
const counts = (...anonymous: number[]) => ({ anonymous, signed: [0, 0, 0] });

/** A show in which `tv-1` to `tv-3` voted red, red and green at fra, and `tv-4` blue at nyc. */
function scene() {
  const ballot = (subject: string, option: number, press = 1) =>
    aBallot({ ...receiverId(KEY, subject), option, press });
  const fra = new ChainOfBatches({ shard: 0, edge: "fra", boot: "01".repeat(8) });
  const nyc = new ChainOfBatches({ shard: 0, edge: "nyc", boot: "02".repeat(8) });
  fra.ballots([ballot("tv-1", 2), ballot("tv-2", 0)]);
  fra.ballots([ballot("tv-1", 0, 2), ballot("tv-3", 1)]);
  nyc.ballots([ballot("tv-4", 2)]);
  return { ballot, fra, nyc, batches: [...fra.batches, ...nyc.batches] };
}

async function storeOf(batches: readonly Uint8Array[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  await store.append(batches.map((bytes) => ({ kind: "batch", show: show.id, bytes })));
  return store;
}

function finalOf(cut: Record<string, number>, lost: string[] = []): Final {
  return { poll: poll.id, counts: counts(2, 1, 1), cut, lost, at: START };
}

const CUT = { [`0/fra/${"01".repeat(8)}`]: 2, [`0/nyc/${"02".repeat(8)}`]: 1 };
const standing: StandingPoll = { poll, state: "open", closesAt: undefined, final: undefined };

const line = (receiver: string, option: string | null, sequence = 1, edge = "fra"): ReceiverLine => ({
  kind: "receiver",
  receiver,
  poll: poll.id,
  presses: [
    {
      press: 1,
      k: 1,
      option: option ?? "red",
      shard: 0,
      edge,
      boot: (edge === "fra" ? "01" : "02").repeat(8),
      sequence,
    },
  ],
  expected: [{ k: 1, options: [option] }],
});
const GOOD_LINES = [
  line("tv-1", "red", 2),
  line("tv-2", "red"),
  line("tv-3", "green", 2),
  line("tv-4", "blue", 1, "nyc"),
];

function booksOf(receivers: readonly ReceiverLine[], started = START): Books {
  const options = poll.options.map(({ id }) => id);
  const audience: AudienceLine = {
    kind: "audience",
    version: 1,
    show: show.id,
    poll: poll.id,
    mode: "last",
    options,
    seed: 1,
    edges: ["fra"],
    started,
  };
  return {
    file: "books",
    audience,
    receivers,
    totals: { kind: "totals", receivers: receivers.length, unknown: 0, totals: {} },
  };
}

async function check(batches: readonly Uint8Array[], lines: readonly ReceiverLine[], final?: Final) {
  const poller = new PollCheck(standing, final, new Booked([booksOf(lines)], poll.id, KEY));
  const [refolded] = await refoldLog(await storeOf(batches), show, [{ poll, cut: final?.cut }]);
  poller.takeRefolded("database", refolded!);
  return poller;
}

describe("counts", () => {
  test("that differ are named by option and kind", () => {
    const got = { anonymous: [1, 2], signed: [0, 4] };
    expect(countsDifference(got, { anonymous: [1, 3], signed: [0, 5] }, ["a", "b"])).toBe(
      "b: 2 anonymous, wanted 3; b: 4 signed, wanted 5",
    );
    expect(countsDifference(got, got, ["a", "b"])).toBe("");
    expect(countsDifference({ anonymous: [], signed: [] }, { anonymous: [0], signed: [] }, ["a"])).toBe("");
  });

  test("of each source are judged, and what is absent is no difference", () => {
    const readings = [
      counted("a", counts(1, 0)),
      counted("b", counts(0, 1)),
      absent("c", "not here"),
      unreadable("d", new Error("broken")),
    ];
    const rows = compareReadings(counts(1, 0), ["x", "y"], readings);
    expect(rows.map(({ verdict }) => verdict)).toEqual(["ok", "differs", "absent", "unreadable"]);
    expect(rows[1]).toMatchObject({ totals: [0, 1], note: "x: 0 anonymous, wanted 1; y: 1 anonymous, wanted 0" });
  });
});

describe("a log refolded", () => {
  test("gives the counts, whole or up to a cut", async () => {
    const { batches } = scene();
    const cut = { [`0/fra/${"01".repeat(8)}`]: 1 };
    const [whole, part] = await refoldLog(await storeOf(batches), show, [
      { poll, cut: undefined },
      { poll, cut },
    ]);
    expect(whole!.fold.counts(0)).toEqual(counts(2, 1, 1));
    expect(part!.fold.counts(0)).toEqual(counts(1, 0, 1));
  });

  test("goes on from its snapshot", async () => {
    const { fra, nyc } = scene();
    const store = await storeOf([fra.batches[1]!, ...nyc.batches]);
    const fold = new Fold(() => tallyRulesOf(poll), epochOf(show));
    fold.take(fra.batches[0]!);
    await store.compact(show.id, {
      snapshot: encodeSnapshots(new Map([[0, fold]])),
      upTo: {},
      board: [new Uint8Array([0, 0])],
    });
    const [refolded] = await refoldLog(store, show, [{ poll, cut: CUT }]);
    expect(refolded).toMatchObject({ gap: undefined });
    expect(refolded!.fold.counts(0)).toEqual(counts(2, 1, 1));
  });

  test("says where a snapshot cannot stand for a final", async () => {
    const { batches } = scene();
    const snapshotOf = async (edit: (fold: Fold) => void) => {
      const fold = new Fold(() => tallyRulesOf(poll), epochOf(show));
      for (const bytes of batches) fold.take(bytes);
      edit(fold);
      const store = await storeOf([]);
      await store.compact(show.id, {
        snapshot: encodeSnapshots(new Map([[0, fold]])),
        upTo: {},
        board: [new Uint8Array([0, 0])],
      });
      return store;
    };
    const after = await refoldLog(await snapshotOf((fold) => fold.finalise(0, CUT)), show, [{ poll, cut: CUT }]);
    expect(after[0]!.gap).toBe("its snapshot came after the final, without the poll's table");
    const beyond = await refoldLog(await snapshotOf(() => {}), show, [
      { poll, cut: { ...CUT, [`0/fra/${"01".repeat(8)}`]: 1 } },
    ]);
    expect(beyond[0]!.gap).toBe("its snapshot goes beyond the final's cut");
  });
});

describe("a cue", () => {
  const rule = { kind: "voted", poll: poll.id, atLeast: 2 } as const;
  const message = { kind: "text", text: "" } as const;
  const threshold: Threshold = { id: "t", rule, message, durationMs: 1, urgent: false };
  const documents = { show, polls: [{ poll }], thresholds: [threshold] };
  const fired = (value: number, coverage: Record<string, number>) => {
    const measured = { value, target: 2, isCrossed: true };
    const by = { eventId: 1, epoch: 1, at: 1, by: "watcher" };
    return crossingOf({ show: show.id, threshold, measured, coverage, ...by });
  };
  const FRA = `0/fra/${"01".repeat(8)}`;

  test("is folded again up to what it stands for, and has to be true and the same", async () => {
    const store = await storeOf(scene().batches);
    const whole = await verifyCue(store, documents, fired(4, CUT));
    expect(whole).toMatchObject({ ok: true, refolded: 4 });
    expect(await verifyCue(store, documents, fired(5, CUT))).toMatchObject({ ok: false, problem: "it differs" });
    expect(await verifyCue(store, documents, fired(4, {}))).toMatchObject({ ok: false, problem: "it was not crossed" });
    expect(await verifyCue(store, documents, fired(4, { ...CUT, [FRA]: 99 }))).toMatchObject({
      ok: false,
      problem: `the database has not all of ${FRA} up to 99`,
    });
  });

  test("of a threshold that nobody knows is wrong", async () => {
    const report = await verifyCue(await storeOf([]), { ...documents, thresholds: [] }, fired(4, CUT));
    expect(report).toMatchObject({ ok: false, problem: "its threshold is not on the board" });
    expect(cueText(report)).toContain("WRONG");
  });
});

describe("a poll", () => {
  test("of which all say the same is fine", async () => {
    const { batches } = scene();
    const poller = await check(batches, GOOD_LINES, finalOf(CUT));
    poller.add("fra", counted("fra results", counts(2, 1, 1)));
    const report = poller.report();
    expect(report.differences).toEqual([]);
    expect(report.rows.map(({ source, verdict }) => [source, verdict])).toEqual([
      ["fra results", "ok"],
      ["database", "ok"],
      ["audience's books", "ok"],
    ]);
  });

  test("names an edge that counts otherwise", async () => {
    const poller = await check(scene().batches, [], finalOf(CUT));
    poller.add("nyc", counted("nyc results", counts(3, 1, 1)));
    expect(poller.report().differences).toEqual([{ where: "nyc results", what: "red: 3 anonymous, wanted 2" }]);
  });

  test("names the receiver whose choice another log has differently, though the counts are equal", async () => {
    const { ballot, batches } = scene();
    const poller = await check(batches, GOOD_LINES);
    const other = new ChainOfBatches({ shard: 0, edge: "syd", boot: "03".repeat(8) });
    other.ballots([ballot("tv-1", 1, 2), ballot("tv-2", 0), ballot("tv-3", 0), ballot("tv-4", 2)]);
    const [refolded] = await refoldLog(await storeOf(other.batches), show, [{ poll, cut: undefined }]);
    poller.takeRefolded("syd log", refolded!);
    expect(
      poller
        .report()
        .differences.map(({ where, what }) => `${where}: ${what}`)
        .toSorted(),
    ).toEqual([
      'syd log: tv-1 has "green" (press 2), wanted "red" (press 2)',
      'syd log: tv-3 has "red" (press 1), wanted "green" (press 1)',
    ]);
  });

  test.each<[string, ReceiverLine, string]>([
    ["another choice", line("tv-2", "blue"), 'tv-2 has "red", wanted "blue"'],
    ["a ballot that got lost", line("tv-9", "blue"), 'tv-9 has nothing, wanted "blue"'],
    ["a ballot of nobody", { ...line("tv-2", null), expected: [] }, 'tv-2 has "red", wanted nothing'],
    [
      "an acknowledged batch that nobody has",
      line("tv-2", "red", 3),
      `tv-2 press 1 was acknowledged in batch 0/fra/${"01".repeat(8)}/3, which is not among those that count`,
    ],
  ])("finds in the books %s", async (_name, wrong, what) => {
    const poller = await check(scene().batches, [wrong], finalOf(CUT));
    expect(poller.report().differences).toEqual([{ where: "database against the books", what }]);
  });

  test("takes either choice of who did not hear, and excuses boots that are lost", async () => {
    const uncertain = { ...line("tv-2", "red"), expected: [{ k: 1, options: ["blue", "red"] }] };
    const lost = line("tv-3", "green", 9);
    const poller = await check(scene().batches, [uncertain, lost], finalOf(CUT, [`fra/${"01".repeat(8)}`]));
    const report = poller.report();
    expect(report.differences).toEqual([]);
    expect(report.notes).toContain("receivers with a press of unknown outcome, for which either choice is right: 1");
    expect(report.notes).toContain("choices of others, who are in no books: 2 (red 1, green 0, blue 1)");
  });

  test("finds holes and forks", async () => {
    const { fra, nyc } = scene();
    const forked = new ChainOfBatches(nyc.chain);
    forked.head = new Uint8Array(16).fill(9);
    forked.ballots([aBallot()]);
    const poller = await check([fra.batches[1]!, ...forked.batches], [], finalOf(CUT));
    expect(poller.report().differences.map(({ what }) => what)).toEqual([
      "red: 1 anonymous, wanted 2; green: 0 anonymous, wanted 1; blue: 0 anonymous, wanted 1",
      `batch 0/nyc/${"02".repeat(8)}/1 does not continue its chain`,
      "1 batches wait for an earlier one that is missing",
      `of 0/fra/${"01".repeat(8)} it has 0 of 2 batches of the cut`,
    ]);
  });

  test("goes by the later books where audiences share receivers", () => {
    const booked = new Booked(
      [booksOf([line("tv-2", "red")], START + 5), booksOf([line("tv-2", "blue")], START)],
      poll.id,
      KEY,
    );
    expect(booked.lines).toEqual([line("tv-2", "red")]);
    expect(booked.nameOf(receiverId(KEY, "tv-2"))).toBe("tv-2");
    expect(booked.nameOf({ hi: 1, lo: 2 })).toBe("receiver 0000000100000002");
  });
});

describe("a register", () => {
  const register = (coverage: Record<string, number>, ...anonymous: number[]) => ({
    boot: "01".repeat(8),
    shards: { 0: { coverage, polls: { [poll.id]: counts(...anonymous) }, present: 0 } },
  });

  async function differencesFor(registers: Map<string, ReturnType<typeof register>>) {
    const check = new PollCheck(standing, undefined, new Booked([], poll.id, KEY));
    check.addRegisters("fra", registers);
    const [refolded] = await refoldLog(await storeOf(scene().batches), show, [{ poll, cut: undefined }]);
    check.takeRefolded("database", refolded!);
    return check.report().differences;
  }

  test("that says other counts than the batches it stands for is named", async () => {
    const registers = new Map([
      ["fra", register(CUT, 2, 1, 1)],
      ["nyc", register(CUT, 9, 1, 1)],
    ]);
    expect(await differencesFor(registers)).toEqual([
      { where: `register of "nyc" at "fra"`, what: "red: 9 anonymous, wanted 2" },
    ]);
  });

  test("that stands for other batches is none of the log's business", async () => {
    const [first] = Object.keys(CUT);
    expect(await differencesFor(new Map([["nyc", register({ [first!]: 1 }, 9, 9, 9)]]))).toEqual([]);
  });
});
