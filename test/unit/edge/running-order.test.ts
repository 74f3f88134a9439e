// What runs by the clock and what ends at once: schedules, the rundown, the emergency stop; by an edge without peers.
import { beforeEach, describe, expect, test } from "vitest";
import type { ShowService } from "../../../edge/service.ts";
import { aPoll } from "../../support/ballots.ts";
import { createShow, pass, SHOW, startLoneEdge, vote, wanted, type LoneEdge } from "../../support/lone-edge.ts";

const by = "ann";
let lone: LoneEdge;
let show: ShowService;

const stateOf = (poll: string) => wanted(show.poll(poll)).state;

beforeEach(async () => {
  lone = await startLoneEdge();
  show = await createShow(lone, [aPoll({ graceMs: 500 }), aPoll({ id: "other", index: 1 })]);
});

describe("a scheduled poll", () => {
  test("opens and closes at its times, by itself", async () => {
    const opensAt = lone.world.clock.now() + 5000;
    expect(wanted(await show.deeds.schedule("best", { opensAt, openMs: 10_000 }, by)).schedule).toEqual({
      opensAt,
      openMs: 10_000,
      by,
    });
    await pass(lone.world, 4900);
    expect(stateOf("best")).toBe("draft");
    await pass(lone.world, 300);
    expect(wanted(show.poll("best"))).toMatchObject({ state: "open", opensAt, closesAt: opensAt + 10_000 });
    expect(wanted(show.poll("best")).schedule).toBeUndefined();
    expect(await vote(lone)).toMatchObject({ poll: "best" });
    await pass(lone.world, 9900);
    expect(stateOf("best")).toBe("closing");
    await pass(lone.world, 500);
    expect(stateOf("best")).toBe("closed");
    expect(show.audit().filter(({ action }) => action === "open by schedule")).toMatchObject([{ at: opensAt, by }]);
  });

  test("keeps to the newest times, and to none once they are taken back", async () => {
    const now = lone.world.clock.now();
    wanted(await show.deeds.schedule("best", { opensAt: now + 1000 }, by));
    wanted(await show.deeds.schedule("best", { opensAt: now + 3000 }, by));
    wanted(await show.deeds.schedule("other", { opensAt: now + 1000 }, by));
    wanted(await show.deeds.schedule("other", undefined, by));
    await pass(lone.world, 2000);
    expect([stateOf("best"), stateOf("other")]).toEqual(["draft", "draft"]);
    await pass(lone.world, 1200);
    expect([stateOf("best"), stateOf("other")]).toEqual(["open", "draft"]);
  });

  test("that a producer opened before is left alone", async () => {
    wanted(await show.deeds.schedule("best", { opensAt: lone.world.clock.now() + 2000, openMs: 1000 }, by));
    wanted(await show.deeds.arm("best", by));
    wanted(await show.deeds.open("best", by));
    await pass(lone.world, 5000);
    expect(wanted(show.poll("best"))).toMatchObject({ state: "open" });
    expect(wanted(show.poll("best")).closesAt).toBeUndefined();
    expect(await show.deeds.schedule("best", { opensAt: 0 }, by)).toMatchObject({ refused: "poll_state" });
  });

  test("whose time was over while no edge ran is not opened after the fact", async () => {
    wanted(await show.deeds.schedule("best", { opensAt: lone.world.clock.now() - 5000, openMs: 1000 }, by));
    await pass(lone.world, 500);
    expect(stateOf("best")).toBe("draft");
  });

  test("that is void stays so", async () => {
    wanted(await show.deeds.schedule("best", { opensAt: lone.world.clock.now() + 500 }, by));
    wanted(await show.deeds.void("best", by));
    await pass(lone.world, 1000);
    expect(stateOf("best")).toBe("void");
  });
});

describe("a rundown", () => {
  test("schedules every poll from the start on, but for those that are open", async () => {
    const rundown = [
      { poll: "one", afterMs: 1000, openMs: 2000 },
      { poll: "two", afterMs: 4000 },
    ];
    const polls = [aPoll({ id: "one" }), aPoll({ id: "two", index: 1 })];
    const timed = wanted(await lone.edge.createShow({ id: "timed", title: "T", shards: 1, polls, rundown }, by));
    await pass(lone.world, 200);
    wanted(await timed.deeds.arm("two", by));
    wanted(await timed.deeds.open("two", by));
    const start = lone.world.clock.now();
    expect(await timed.deeds.startRundown(start, by)).toBeUndefined();
    await pass(lone.world, 1200);
    expect(wanted(timed.poll("one"))).toMatchObject({ state: "open", closesAt: start + 3000 });
    expect(wanted(timed.poll("two")).closesAt).toBeUndefined();
  });

  test("that a show does not have cannot be started", async () => {
    expect(await show.deeds.startRundown(0, by)).toMatchObject({ refused: "malformed" });
  });
});

test("an emergency stop closes what is open, takes back what is to come, lets no cue fire and clears the screens, in one deed", async () => {
  wanted(await show.deeds.arm("best", by));
  wanted(await show.deeds.open("best", by));
  wanted(await show.deeds.schedule("other", { opensAt: lone.world.clock.now() + 1000 }, by));
  await show.deeds.publish({ id: "rules", kind: "page", title: "Rules", text: "", at: 1 }, undefined, by);
  const message = { kind: "text", text: "{count}" } as const;
  const rest = { rule: { kind: "voted", atLeast: 3 }, message, durationMs: 1000, urgent: false } as const;
  for (const id of ["armed", "draft", "off"]) wanted(await show.thresholds.put({ id, ...rest }, by));
  for (const id of ["armed", "off"]) wanted(await show.thresholds.arm(id, by));
  wanted(await show.thresholds.disarm("off", by));
  expect(await show.deeds.stop(by)).toEqual({
    closed: ["best"],
    unscheduled: ["other"],
    disarmed: ["armed"],
    withdrawn: ["rules"],
  });
  const standings = show.thresholds.list().map(({ definition, standing }) => `${definition.id} ${standing.is}`);
  expect(standings.toSorted()).toEqual(["armed disarmed", "draft draft", "off disarmed"]);
  expect(stateOf("best")).toBe("closing");
  expect(show.content()).toEqual([]);
  await pass(lone.world, 2000);
  expect([stateOf("best"), stateOf("other")]).toEqual(["closed", "draft"]);
  expect(show.audit().at(-1)).toMatchObject({ action: "stop", target: SHOW, by });
});

test("what is withdrawn is gone, and what was never published cannot be", async () => {
  await show.deeds.publish({ id: "name", kind: "lower-third", title: "Ben", text: "Juggler", at: 1 }, undefined, by);
  expect(wanted(await show.deeds.withdraw("name", by))).toMatchObject({ id: "name" });
  expect(show.content()).toEqual([]);
  expect(await show.deeds.withdraw("name", by)).toMatchObject({ refused: "unknown_content" });
});

test("an edge that is about to stop, or is not sure of its clock, does none of it", async () => {
  await lone.edge.drain();
  const { deeds } = show;
  const page = { id: "rules", kind: "page", title: "Rules", text: "", at: 1 } as const;
  const refusals = await Promise.all([
    ...(["arm", "open", "close", "void", "release"] as const).map((command) => deeds[command]("best", by)),
    deeds.schedule("best", { opensAt: 0 }, by),
    deeds.stop(by),
    deeds.forget(by),
    deeds.publish(page, undefined, by),
    deeds.nameLost("fra", lone.edge.boot, by),
  ]);
  for (const refusal of refusals) expect(refusal).toMatchObject({ refused: "draining" });
  expect(show.audit().map(({ action }) => action)).toEqual(["create"]);
});
