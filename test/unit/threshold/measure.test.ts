// When a rule is crossed, on counts that a test makes up.
import { expect, test } from "vitest";
import { standingOf } from "../../../crdt/arming.ts";
import { Board } from "../../../crdt/board.ts";
import type { Rule, Threshold } from "../../../crdt/threshold.ts";
import { crossingOf, cueId } from "../../../monitor/threshold/crossing.ts";
import { measure, type Readings } from "../../../monitor/threshold/measure.ts";
import { Speed, SPEED_WINDOW_MS } from "../../../monitor/threshold/speed.ts";
import * as Y from "yjs";
import { aPoll } from "../../support/ballots.ts";

const polls = [aPoll()];
const readings = (given: { present?: number; voted?: number; anywhere?: number; votes?: number[] }): Readings => ({
  present: () => given.present ?? 0,
  voted: (poll) => (poll ? given.voted : given.anywhere) ?? 0,
  votes: () => given.votes ?? [0, 0, 0],
});

test.for<[what: string, rule: Rule, below: Readings, at: Readings]>([
  ["receivers present", { kind: "present", atLeast: 10 }, readings({ present: 9 }), readings({ present: 10 })],
  ["voted in a poll", { kind: "voted", poll: "best", atLeast: 3 }, readings({ voted: 2 }), readings({ voted: 3 })],
  ["voted in the show", { kind: "voted", atLeast: 3 }, readings({ voted: 3 }), readings({ anywhere: 3 })],
  [
    "votes for an option",
    { kind: "votes", poll: "best", option: "green", atLeast: 5 },
    readings({ votes: [9, 4, 0] }),
    readings({ votes: [0, 5, 0] }),
  ],
  [
    "a share, at the percentage",
    { kind: "share", poll: "best", option: "red", percent: 60, sample: 5 },
    readings({ votes: [59, 41, 0] }),
    readings({ votes: [3, 1, 1] }),
  ],
  [
    "a share, at the sample",
    { kind: "share", poll: "best", option: "red", percent: 60, sample: 5 },
    readings({ votes: [4, 0, 0] }),
    readings({ votes: [5, 0, 0] }),
  ],
  [
    "a share, of nothing",
    { kind: "share", poll: "best", option: "red", percent: 0.1, sample: 1 },
    readings({ votes: [0, 0, 0] }),
    readings({ votes: [1, 0, 0] }),
  ],
])("%s: not one below, and at it", ([, rule, below, at]) => {
  expect(measure(rule, 1, polls, below).isCrossed).toBe(false);
  expect(measure(rule, 1, polls, at).isCrossed).toBe(true);
});

test("a third is a third, however it is written", () => {
  const rule: Rule = { kind: "share", poll: "best", option: "red", percent: 50, sample: 1 };
  expect(measure(rule, 1, polls, readings({ votes: [1, 1, 0] }))).toMatchObject({ value: 50, of: 2, isCrossed: true });
});

test("what crosses again at each further N waits for the next of them", () => {
  const rule: Rule = { kind: "present", atLeast: 10, every: 4 };
  const crossed = (epoch: number, present: number) => measure(rule, epoch, polls, readings({ present })).isCrossed;
  expect([crossed(2, 13), crossed(2, 14), crossed(3, 17), crossed(3, 18)]).toEqual([false, true, false, true]);
});

test("of a poll or option that is not there nothing is counted", () => {
  const full = readings({ voted: 99, votes: [99, 99, 99] });
  for (const rule of [
    { kind: "voted", poll: "gone", atLeast: 1 },
    { kind: "votes", poll: "best", option: "gone", atLeast: 1 },
    { kind: "share", poll: "best", option: "gone", percent: 1, sample: 1 },
  ] as const)
    expect(measure(rule, 1, polls, full).isCrossed).toBe(false);
});

const threshold: Threshold = {
  id: "crowd",
  rule: { kind: "present", atLeast: 1_000_000, every: 500_000 },
  message: { kind: "text", text: "{count} viewers" },
  durationMs: 5000,
  urgent: false,
};

test("two watchers that see a crossing at different counts speak of one cue", () => {
  const seen = (value: number, by: string) =>
    crossingOf({
      show: "final",
      threshold,
      epoch: 2,
      eventId: 7,
      measured: { value, target: 1_500_000, isCrossed: true },
      coverage: {},
      at: value,
      by,
    });
  const [one, other] = [seen(1_500_001, "a"), seen(1_500_700, "b")];
  expect(one.cue).toEqual({ ...other.cue, firedAt: one.cue.firedAt });
  expect(one.cue).toMatchObject({
    id: cueId("final", "crowd", 2),
    message: { kind: "text", text: "1,500,000 viewers" },
  });
});

test("a cue's id is told by show, threshold and epoch, and by the whole of them", () => {
  const ids = [cueId("a", "b", 1), cueId("a", "b", 2), cueId("a", "c", 1), cueId("ab", "", 1), cueId("a", "b", 11)];
  expect(new Set(ids).size).toBe(ids.length);
  // Golden: written down, so that a change of the derivation, which would fire cues twice, is seen.
  expect(cueId("talent-final", "crowd", 1)).toBe("b879eacfb8c9ad752503415b11af47ec");
});

test("a speed is that of the last seconds, and never negative", () => {
  const speed = new Speed();
  expect(speed.perSecond).toBe(0);
  for (let second = 0; second <= 60; second++) speed.note(second * 1000, second < 50 ? 0 : (second - 50) * 100);
  expect(speed.perSecond).toBe(100);
  speed.note(60_000 + SPEED_WINDOW_MS, 0);
  expect(speed.perSecond).toBe(0);
  speed.note(5, 3);
  expect(speed.perSecond).toBe(0);
});

test("where a threshold stands follows from the board", () => {
  const board = new Board(new Y.Doc());
  const by = { at: 1, by: "producer" };
  const is = (of: Threshold) => {
    const standing = standingOf(board, of);
    return "epoch" in standing ? `${standing.is} ${standing.epoch}` : standing.is;
  };
  const once: Threshold = { ...threshold, id: "once", rule: { kind: "present", atLeast: 1 } };
  const fire = (of: Threshold, epoch: number) => {
    const measured = { value: 1, target: 1, isCrossed: true };
    board.addCue(
      crossingOf({ show: "s", threshold: of, epoch, eventId: epoch, measured, coverage: {}, at: 1, by: "w" }),
    );
  };
  const stood: string[] = [];
  const look = () => stood.push(`${is(once)}, ${is(threshold)}`);
  look();
  for (const { id } of [once, threshold]) board.arm(id, 1, by);
  look();
  for (const { id } of [once, threshold]) board.setEventId(id, 1, 1);
  look();
  fire(once, 1);
  fire(threshold, 1);
  look();
  board.arm("once", 2, by);
  board.setEventId("crowd", 2, 2);
  look();
  for (const { id } of [once, threshold]) board.disarm(id, by);
  look();
  expect(stood).toEqual([
    "draft, draft",
    "arming 1, arming 1",
    "armed 1, armed 1",
    "fired 1, arming 2",
    "arming 2, armed 2",
    "disarmed, disarmed",
  ]);
});
