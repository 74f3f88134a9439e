import { describe, expect, test } from "vitest";
import { MAX_PRESS } from "../../../crdt/ballot.ts";
import { POLL_STATES } from "../../../crdt/poll.ts";
import type { KnownBallot } from "../../../crdt/tally.ts";
import { refuseBallot, refuseWindow } from "../../../edge/admission.ts";
import { aPoll } from "../../support/ballots.ts";

const [last, first, votes] = [aPoll(), aPoll({ mode: "first" }), aPoll({ mode: "votes", votes: 3 })];
const ask = (given: Partial<KnownBallot> = {}): KnownBallot => ({ option: 0, press: 5, k: 1, ...given });
const known = [ask()];

test("what a poll's state says to a ballot", () => {
  expect(POLL_STATES.map((state) => [state, refuseWindow(last, state)?.refused])).toEqual([
    ["draft", "poll_not_open"],
    ["armed", "poll_not_open"],
    ["open", undefined],
    ["closing", undefined],
    ["closed", "poll_closed"],
    ["final", "poll_closed"],
    ["void", "poll_void"],
  ]);
  expect(refuseWindow(last, "armed")?.retryAfterS).toBe(1);
  expect(refuseWindow(last, "closed")?.retryAfterS).toBeUndefined();
});

describe("a ballot against what is known of its receiver", () => {
  test.each([
    ["nothing known", last, ask(), [], undefined],
    ["a retry", last, ask(), known, undefined],
    ["a later press", last, ask({ press: 6, option: 1 }), known, undefined],
    ["a later press for the same option", last, ask({ press: 6 }), known, undefined],
    ["the same press for another option", last, ask({ option: 1 }), known, "press_conflict"],
    ["an older press", last, ask({ press: 4 }), known, "press_stale"],
    ["the first counts: nothing known", first, ask(), [], undefined],
    ["the first counts: a retry", first, ask(), known, undefined],
    ["the first counts: a later press", first, ask({ press: 6, option: 1 }), known, "already_voted"],
    ["the first counts: an older press", first, ask({ press: 4 }), known, "already_voted"],
    ["the first counts: the same press for another option", first, ask({ option: 1 }), known, "press_conflict"],
    ["another of its votes", votes, ask({ k: 2, press: 1 }), known, undefined],
    ["the last of its votes", votes, ask({ k: 3 }), known, undefined],
    ["one vote too many", votes, ask({ k: 4 }), known, "vote_out_of_range"],
    ["vote 0", votes, ask({ k: 0 }), [], "vote_out_of_range"],
    ["a second vote where there is one", last, ask({ k: 2 }), [], "vote_out_of_range"],
    ["press 0", last, ask({ press: 0 }), [], "malformed"],
    ["the largest press", last, ask({ press: MAX_PRESS }), [], undefined],
    ["a press too large", last, ask({ press: MAX_PRESS + 1 }), [], "malformed"],
    ["a press that is no number", last, ask({ press: Number.NaN }), [], "malformed"],
  ])("%s", (_, poll, asked, earlier, wanted) => {
    expect(refuseBallot(poll, asked, earlier)?.refused).toBe(wanted);
  });

  test("is told the known press and option, so that the receiver can renumber its newest choice", () => {
    expect(refuseBallot(last, ask({ press: 4 }), known)?.extra).toEqual({ known_press: 5, known_option: "red" });
  });
});
