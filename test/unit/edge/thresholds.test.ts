// What producers do with thresholds over HTTP: defined, checked, armed, taken off.
import { beforeEach, describe, expect, test } from "vitest";
import { crossingOf } from "../../../monitor/threshold/crossing.ts";
import { MAX_THRESHOLDS } from "../../../edge/threshold-file.ts";
import { Harness, problemOf } from "./harness.ts";

const message = { kind: "text", text: "{count} votes" };
const rule = { kind: "votes", poll: "open", option: "yes", at_least: 100 };

let harness: Harness;
beforeEach(() => {
  harness = new Harness();
});

async function ask(method: string, path: string, json?: object) {
  const token = harness.operator("operator");
  return harness.ask(method, `/v1/shows/demo/thresholds${path}`, { token, ...(json ? { json } : {}) });
}

/** Asks, and gives the JSON of an answer that is no refusal. */
async function done(method: string, path: string, json?: object): Promise<Record<string, unknown>> {
  const response = await ask(method, path, json);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

async function refused(method: string, path: string, json?: object) {
  const { code, detail } = await problemOf(await ask(method, path, json));
  return `${code}: ${detail}`;
}

/** As a watcher does: the board gets the event id, and the cue. */
function fire(id: string, epoch: number, urgent = false): void {
  const { board } = harness.show;
  const threshold = { ...board.threshold(id)!, urgent };
  const measured = { value: 104, target: 100, isCrossed: true };
  board.setEventId(id, epoch, epoch);
  const sighting = { show: "demo", threshold, epoch, eventId: epoch, measured, coverage: { "0/fra/b1": 3 } };
  board.addCue(crossingOf({ ...sighting, at: 5, by: "watcher" }));
}

describe("a threshold", () => {
  test("is defined, defined anew, armed, fired, armed again, and taken off", async () => {
    expect(await done("PUT", "/t", { rule, message })).toMatchObject({
      id: "t",
      rule,
      message,
      duration_ms: 10_000,
      urgent: false,
      state: "draft",
      fired: [],
    });
    expect(await done("PUT", "/t", { rule: { ...rule, at_least: 50 }, message })).toMatchObject({
      rule: { at_least: 50 },
    });
    expect(await done("POST", "/t/arm")).toMatchObject({ state: "arming", epoch: 1 });
    expect(await refused("POST", "/t/arm")).toMatch(/^threshold_state: .*is arming and cannot be armed/);
    expect(await refused("PUT", "/t", { rule, message })).toMatch(/^threshold_state: .*cannot be defined anew/);
    harness.show.board.setEventId("t", 1, 1);
    fire("t", 1);
    harness.show.board.confirmCue("t", 1, { at: 23, by: "watcher" });
    expect(await done("GET", "")).toMatchObject({
      thresholds: [
        {
          id: "t",
          state: "fired",
          fired: [{ event_id: 1, epoch: 1, at: 5, value: 104, by: "watcher", confirmed_at: 23 }],
        },
      ],
    });
    expect(await done("POST", "/t/arm")).toMatchObject({ state: "arming", epoch: 2 });
    expect(await done("POST", "/t/disarm")).toMatchObject({ state: "disarmed" });
    expect(await refused("POST", "/t/arm")).toContain("is disarmed");
    expect(await refused("POST", "/t/disarm")).toContain("threshold_state");
    expect(harness.show.audit().map(({ action }) => action)).toEqual([
      "threshold",
      "threshold",
      "threshold.arm",
      "threshold.arm",
      "threshold.disarm",
    ]);
  });

  test("shows how far it is, as the watcher says that spoke last", async () => {
    await done("PUT", "/t", { rule, message });
    const told = (at: number, value: number) => ({
      at,
      thresholds: { t: { epoch: 1, value, target: 100, perSecond: 10, remainingMs: 6000.4 } },
    });
    harness.show.board.setProgress("one", told(2, 40));
    harness.show.board.setProgress("two", told(1, 30));
    expect(await done("GET", "")).toMatchObject({
      thresholds: [{ progress: { at: 2, value: 40, target: 100, per_second: 10, remaining_ms: 6000 } }],
    });
  });

  test("that is urgent fires once only", async () => {
    await done("PUT", "/t", { rule, message, urgent: true });
    await done("POST", "/t/arm");
    fire("t", 1, true);
    expect(await refused("POST", "/t/arm")).toContain("fires once only");
    const again = { rule: { ...rule, every: 5 }, message, urgent: true };
    expect(await refused("PUT", "/u", again)).toMatch(/^malformed: .*fires once only/);
  });

  test.for<[what: string, body: object, said: string]>([
    [
      "of a poll that is not there",
      { rule: { ...rule, poll: "gone" }, message },
      'rule.poll: got "gone", wanted one of',
    ],
    [
      "of an option that is not there",
      { rule: { ...rule, option: "z" }, message },
      'rule.option: got "z", wanted one of',
    ],
    ["without a count", { rule: { kind: "present" }, message }, "at_least"],
    ["of no receivers", { rule: { kind: "present", at_least: 0 }, message }, ">=1"],
  ])("%s is refused when it is defined", async ([, body, said]) =>
    expect(await refused("PUT", "/t", body)).toContain(said),
  );

  test("whose content is not published can be defined, and not armed before it is", async () => {
    await done("PUT", "/t", { rule, message: { kind: "content", content: "rules" } });
    expect(await refused("POST", "/t/arm")).toMatch(/^threshold_unfit: .*message.content: got "rules"/);
    harness.show.board.publish({ id: "rules", kind: "page", title: "", text: "", at: 1 });
    expect(await done("POST", "/t/arm")).toMatchObject({ state: "arming" });
  });

  test("of a poll that is over is not armed", async () => {
    await done("PUT", "/t", { rule, message });
    await harness.show.deeds.void("open", "test");
    expect(await refused("POST", "/t/arm")).toContain('poll "open" is void, nothing more happens');
  });

  test("that nobody has defined is not armed", async () => {
    expect(await refused("POST", "/t/arm")).toContain('unknown_threshold: there is no threshold "t"');
  });

  test("is one too many past the limit, and no other is touched", async () => {
    for (let i = 0; i < MAX_THRESHOLDS; i++) await done("PUT", `/t${i}`, { rule, message });
    expect(await refused("PUT", "/more", { rule, message })).toContain(`has ${MAX_THRESHOLDS} already`);
    await done("PUT", "/t0", { rule, message });
  });
});
