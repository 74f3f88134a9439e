// What is known of edges that are asked at intervals: killed, hung, draining, lying, back again.
import { describe, expect, test } from "vitest";
import { LOAD_EXPIRES_MS, Lookout, type Sighting } from "../../../edge/steering/lookout.ts";
import { loadBody, readReport, type Report } from "../../../edge/steering/report.ts";
import { PROBE_TIMEOUT_MS } from "../../../edge/steering/probe.ts";
import { ManualWorld, settle } from "../../support/world.ts";

const INTERVAL_MS = 500;
const FRA = { edge: "fra", address: "http://fra.test" };
const WELL: Report = {
  edge: "fra",
  ready: true,
  draining: false,
  load: { receivers: 5, ballotsPerS: 1, capacity: { receivers: 10, ballotsPerS: 10 } },
};

function scene(idleMs?: number) {
  const world = new ManualWorld();
  const answers: { next: () => Promise<Report> } = { next: () => Promise.resolve(WELL) };
  const asked: string[] = [];
  const changes: [string, Sighting["health"], boolean][] = [];
  const lookout = new Lookout({
    world,
    intervalMs: INTERVAL_MS,
    thresholds: { up: 3, ok: 10, down: 2 },
    ...(idleMs === undefined ? {} : { idleMs }),
    onchange: (edge, { health, draining }) => changes.push([edge, health, draining]),
    probe: (address) => {
      asked.push(address);
      return answers.next();
    },
  });
  const pass = async (checks: number) => {
    for (let i = 0; i < checks; i++) {
      await settle();
      world.advance(INTERVAL_MS);
    }
    await settle();
  };
  return { world, lookout, asked, changes, pass, answer: (next: () => Promise<Report>) => (answers.next = next) };
}

const refused = () => Promise.reject(new Error("connection refused"));

describe("an edge that is looked at", () => {
  test("is believed to be up before the first answer, and its load is known after it", async () => {
    const { lookout, pass } = scene();
    lookout.watch([FRA]);
    expect(lookout.of("fra")).toEqual({ health: "up", draining: false, fresh: false });
    await pass(0);
    expect(lookout.of("fra")).toEqual({ health: "up", draining: false, fresh: true, load: WELL.load });
  });

  test("is down at the second failure, and up after three successes in a row", async () => {
    const { lookout, pass, answer, changes } = scene();
    lookout.watch([FRA]);
    await pass(1);
    answer(refused);
    await pass(1);
    expect(lookout.of("fra").health).toBe("up");
    await pass(1);
    expect(lookout.of("fra")).toMatchObject({ health: "down", failure: "connection refused" });
    answer(() => Promise.resolve(WELL));
    await pass(2);
    expect(lookout.of("fra").health).toBe("down");
    await pass(1);
    expect(changes).toEqual([
      ["fra", "down", false],
      ["fra", "up", false],
    ]);
  });

  test.for([0, 100, 250, 400, 500])("that hangs %i ms after a check is down within 2.5 s", async (after) => {
    const { lookout, answer, world } = scene();
    const run = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 50) {
        world.advance(50);
        await settle();
      }
    };
    lookout.watch([FRA]);
    await settle();
    await run(after);
    const timeout = new Error("no answer in time");
    answer(() => new Promise((_, reject) => world.timers.after(PROBE_TIMEOUT_MS, () => reject(timeout))));
    await run(PROBE_TIMEOUT_MS);
    expect(lookout.of("fra").health).toBe("up");
    await run(2500 - PROBE_TIMEOUT_MS);
    expect(lookout.of("fra").health).toBe("down");
  });

  test.for<[what: string, report: Report, health: string]>([
    ["that is not ready fails", { ...WELL, ready: false }, "down"],
    ["that drains is well, and says so", { ...WELL, ready: false, draining: true }, "up"],
    ["in whose place another one answers fails", { ...WELL, edge: "nyc" }, "down"],
  ])("one %s", async ([, report, health]) => {
    const { lookout, pass, answer } = scene();
    answer(() => Promise.resolve(report));
    lookout.watch([FRA]);
    await pass(3);
    expect(lookout.of("fra")).toMatchObject({ health, draining: report.draining && report.edge === "fra" });
  });

  test("is not asked again while an answer is awaited; its old load expires", async () => {
    const { lookout, pass, answer, asked, world } = scene();
    lookout.watch([FRA]);
    await pass(1);
    answer(() => new Promise(() => {}));
    await pass(1);
    const before = asked.length;
    world.advance(LOAD_EXPIRES_MS);
    await settle();
    expect(asked).toHaveLength(before);
    expect(lookout.of("fra")).toEqual({ health: "up", draining: false, fresh: false });
  });

  test("is forgotten with its address, and asked at the new one", async () => {
    const { lookout, pass, answer, asked } = scene();
    answer(refused);
    lookout.watch([FRA]);
    await pass(3);
    expect(lookout.of("fra").health).toBe("down");
    lookout.watch([{ ...FRA, address: "http://fra2.test" }]);
    expect(lookout.of("fra").health).toBe("up");
    await pass(1);
    expect(asked.at(-1)).toBe("http://fra2.test");
    lookout.watch([]);
    const before = asked.length;
    await pass(3);
    expect(asked).toHaveLength(before);
  });

  test("is asked only while somebody wants to know, where that is wished", async () => {
    const { lookout, pass, asked, world } = scene(3 * INTERVAL_MS);
    lookout.watch([FRA]);
    await pass(10);
    expect(asked.length).toBeLessThan(6);
    expect(world.pending).toBe(0);
    const before = asked.length;
    lookout.watch([FRA]);
    await settle();
    expect(asked).toHaveLength(before + 1);
  });

  test("is left alone once it stops, also when an answer comes late", async () => {
    const { lookout, answer, world } = scene();
    const late = Promise.withResolvers<Report>();
    answer(() => late.promise);
    lookout.watch([FRA]);
    lookout.stop();
    late.resolve(WELL);
    await settle();
    expect(world.pending).toBe(0);
  });
});

describe("what an edge reports", () => {
  const load = loadBody(5, 1, { receivers: 10, ballotsPerS: 10 });
  const body = { edge: "fra", ready: true, draining: false, load, more: "is ignored" };

  test("is read back as it was written", () => {
    expect(readReport(body)).toEqual(WELL);
  });

  test.for<[string, unknown]>([
    ["receivers", { ...load, receivers: -1 }],
    ["ballots_per_s", { ...load, ballots_per_s: 1e12 }],
    ["capacity.receivers", { ...load, capacity: { receivers: 0, ballots_per_s: 1 } }],
    ["load", "none"],
  ])("is no report where %s is nonsense", ([path, wrong]) => {
    expect(() => readReport({ ...body, load: wrong })).toThrow(path);
  });
});
