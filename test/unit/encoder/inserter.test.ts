import { expect, test } from "vitest";
import { indicationOf } from "../../support/cues.ts";
import { looped, PACKET_BYTES, PIDS, Rig } from "../../support/inserter.ts";
import { checkStream, pcrError } from "../../support/ts-check.ts";

const TICKS_A_PACKET = 54_000;
const PCR_WRAP = 2 ** 33 * 300;
/** ISO/IEC 13818-1, 2.4.2.2. */
const PCR_TOLERANCE_NS = 500;

test("the looped picture is a sound stream of constant rate", () => {
  const report = checkStream(looped(12_000));
  expect(report.problems).toEqual([]);
  expect(pcrError(report, TICKS_A_PACKET)).toBeLessThan(PCR_TOLERANCE_NS);
});

test.for(["borrow", "replace"] as const)(
  "%s: the whole output is sound, its rate kept, and every cue in it once",
  (mode) => {
    const rig = new Rig({ mode });
    const input = looped(12_000);
    for (let n = 0; n < 20; n++) {
      rig.feed(input.subarray(n * 600 * PACKET_BYTES, (n + 1) * 600 * PACKET_BYTES));
      rig.inserter.insert(indicationOf(n));
    }
    const output = rig.output();
    const report = checkStream(output);
    expect(report.problems).toEqual([]);
    expect(pcrError(report, TICKS_A_PACKET)).toBeLessThan(PCR_TOLERANCE_NS);
    expect(Math.abs(output.length - input.length)).toBeLessThan(20 * PACKET_BYTES);
    // The last cue of "replace" waits for nulls that do not come any more.
    const cues = mode === "borrow" ? 20 : 19;
    expect(report.sections.get(PIDS.scte35)).toHaveLength(cues);
    expect(report.pes.get(PIDS.id3)!.map(({ pts }) => pts)).toEqual(rig.placed.slice(0, cues).map(({ pts }) => pts));
    expect(rig.messages).toEqual(["info: the stream has programmes 1; cues go into 1"]);
  },
);

test("a cue goes out at once, and the next nulls make room for it", () => {
  const rig = new Rig();
  rig.feed(looped(2000));
  const before = rig.output().length;
  rig.inserter.insert(indicationOf(1));
  expect(rig.output().length - before).toBe(3 * PACKET_BYTES);
  expect(rig.inserter.debt).toBe(3);
});

test("clocks and time stamps that start again lose nothing", () => {
  const start = PCR_WRAP - 19_065_160 - 4 * 27_000_000;
  const rig = new Rig();
  const input = looped(8000, start);
  for (let n = 0; n < 16; n++) {
    rig.feed(input.subarray(n * 500 * PACKET_BYTES, (n + 1) * 500 * PACKET_BYTES));
    rig.inserter.insert(indicationOf(n));
  }
  const report = checkStream(rig.output());
  expect(report.problems).toEqual([]);
  expect(pcrError(report, TICKS_A_PACKET)).toBeLessThan(PCR_TOLERANCE_NS);
  const stamps = rig.placed.map(({ pts }) => pts);
  expect(stamps.some((pts) => pts > 2 ** 32)).toBe(true);
  expect(stamps.some((pts) => pts < 2 ** 31)).toBe(true);
  expect(report.pes.get(PIDS.id3)!.map(({ pts }) => pts)).toEqual(stamps);
});
