// What may stand on a board and in the tallies: all that our writers write, and nothing that its readers stumble over.
import { expect, test } from "vitest";
import * as Y from "yjs";
import { Board } from "../../../crdt/board.ts";
import { isBoardValue, isRegister } from "../../../crdt/replicate/shapes.ts";
import type { Rule } from "../../../crdt/threshold.ts";
import type { Register } from "../../../crdt/tallies.ts";
import { aPoll, START } from "../../support/ballots.ts";

const CHAIN = "0/fra/00000000000000f1";
const TEXT = { kind: "text", text: "" };
const BOOT = "00000000000000f1";

/** A board on which everything stands that can. */
function fullBoard(): [key: string, value: unknown][] {
  const doc = new Y.Doc();
  const board = new Board(doc);
  const by = { at: 1, by: "producer" };
  board.create(
    {
      id: "final",
      title: "",
      shards: 256,
      created: START,
      wrappedKey: "00ff".repeat(16),
      rehearsal: true,
      rundown: [{ poll: "best", afterMs: 1, openMs: 2 }],
    },
    [aPoll({ answer: "red" })],
  );
  board.setSchedule("later", { opensAt: 1, openMs: 2, by: "producer" });
  for (const name of ["armed", "open", "closing", "void"] as const) board.addTransition("best", name, by);
  board.addTransition("timed", "open", { ...by, closesAt: 5 });
  board.release("best", by);
  board.nameLost("fra", BOOT, by);
  const counts = { anonymous: [1, 0], signed: [0, 2] };
  board.setFinal({ poll: "best", counts, cut: { [CHAIN]: 3 }, lost: [`fra/${BOOT}`], at: 2 }, by);
  board.setRosterEntry({ edge: "fra", boot: BOOT, state: "live", region: "", shards: [0], address: "", since: 1 });
  board.setWatermarks({ recorded: { [CHAIN]: 3 }, pruned: {}, deletable: { "final/ledger/0": { 7: 2 } } });
  board.forgetKey("00ff".repeat(16), by);
  board.setAwaited([`fra/${BOOT}`]);
  board.publish({ id: "b", kind: "lower-third", title: "", text: "", at: 1 });
  board.publish({ id: "a", kind: "picture", title: "", text: "", mediaType: "image/png", hash: "h", at: 1 });
  const rules: readonly Rule[] = [
    { kind: "present", atLeast: 10_000, every: 10_000 },
    { kind: "voted", atLeast: 5 },
    { kind: "voted", poll: "best", atLeast: 5 },
    { kind: "votes", poll: "best", option: "a", atLeast: 5 },
    { kind: "share", poll: "best", option: "a", percent: 50, sample: 100 },
  ];
  const message = { kind: "text", text: "{count} viewers" } as const;
  rules.forEach((rule, i) => board.setThreshold({ id: `t${i}`, rule, message, durationMs: 1, urgent: false }));
  board.arm("t0", 1, by);
  board.disarm("t0", by);
  board.setEventId("t0", 1, 7);
  const cue = { id: "0f".repeat(16), eventId: 7, show: "final", threshold: "t0", epoch: 1, message, durationMs: 1 };
  const fired = { cue: { ...cue, firedAt: 1 }, value: 10_001, coverage: { [CHAIN]: 3 }, by: "watcher" };
  board.addCrossing(fired);
  board.addCue(fired);
  board.confirmCue("t0", 1, by);
  board.setProgress("watcher", { at: 1, thresholds: { t0: { epoch: 2, value: 1, target: 2, perSecond: 0 } } });
  board.addAudit("1", { at: 1, by: "producer", edge: "fra", action: "open", target: "best" });
  return [...doc.getMap<unknown>("board")];
}

test.for(fullBoard())(
  "what a board writes under %s may stand there, nothing else in its place, and not without a part",
  ([key, value]) => {
    expect(isBoardValue(key, value)).toBe(true);
    for (const other of [null, 1, "text", [null]]) expect([other, isBoardValue(key, other)]).toEqual([other, false]);
    if (Array.isArray(value)) return;
    const whole = value as Readonly<Record<string, unknown>>;
    expect(isBoardValue(key, { ...whole, later: "a later version's" })).toBe(true);
    const optional = ["rehearsal", "rundown", "answer", "openMs", "closesAt", "mediaType", "hash"];
    for (const name of Object.keys(whole).filter((each) => !optional.includes(each))) {
      const rest = Object.fromEntries(Object.entries(whole).filter(([other]) => other !== name));
      expect([name, isBoardValue(key, rest)]).toEqual([name, false]);
      expect([name, isBoardValue(key, { ...whole, [name]: null })]).toEqual([name, false]);
    }
  },
);

test.for<[key: string, value: unknown]>([
  ["watermarks", { recorded: { "no chain": 1 }, pruned: {}, deletable: {} }],
  ["watermarks", { recorded: { [CHAIN]: -1 }, pruned: {}, deletable: {} }],
  ["show", { id: "final", title: "", shards: 4e9, created: START, wrappedKey: "" }],
  ["show", { id: "final", title: "", shards: 1, created: START, wrappedKey: "xyz" }],
  ["poll/best", { ...aPoll(), mode: "most" }],
  ["poll/best", { ...aPoll(), votes: 16 }],
  ["poll/best", { ...aPoll(), options: [{ id: 1, text: "" }] }],
  ["threshold/t", { id: "t", rule: { kind: "more", atLeast: 1 }, message: TEXT, durationMs: 1, urgent: false }],
  [
    "threshold/t",
    { id: "t", rule: { kind: "present", atLeast: 1, every: 0 }, message: TEXT, durationMs: 1, urgent: false },
  ],
  [
    "threshold/t",
    { id: "t", rule: { kind: "present", atLeast: 1 }, message: { kind: "text" }, durationMs: 1, urgent: false },
  ],
  ["event/t/1", { eventId: 0 }],
  ["event/t/1", { eventId: 2 ** 32 }],
])("a board is spared %s as %j", ([key, value]) => expect(isBoardValue(key, value)).toBe(false));

test("a key of no kind known here may hold anything: a later version's", () => {
  expect(isBoardValue("thresholds/1", 7)).toBe(true);
  expect(isBoardValue("constructor", 7)).toBe(true);
});

test("a register has sections, and these their counts", () => {
  const section = { coverage: { [CHAIN]: 3 }, polls: { best: { anonymous: [1], signed: [0] } }, present: 2 };
  const register: Register = { boot: BOOT, shards: { 0: section } };
  expect(isRegister(register)).toBe(true);
  expect(isRegister({ ...register, shards: {} })).toBe(true);
  for (const wrong of [null, 1, { boot: BOOT }, { ...register, shards: [section] }, { ...register, shards: { 0: {} } }])
    expect(isRegister(wrong)).toBe(false);
  expect(isRegister({ ...register, shards: { 0: { ...section, polls: { best: [] } } } })).toBe(false);
});
