import { expect, test } from "vitest";
import { Encoder, MAX_AHEAD_MS } from "../../../monitor/encoder/encoder.ts";
import type { Indication } from "../../../monitor/encoder/indication.ts";
import { CueJournal, type JournalRecord } from "../../../monitor/encoder/journal.ts";
import { payloadOf } from "../../../monitor/encoder/payload.ts";
import { encodeMessage, type MultipleMessage, type Timestamp } from "../../../monitor/encoder/scte104/message.ts";
import type { Operation } from "../../../monitor/encoder/scte104/operation.ts";
import { RESULT } from "../../../monitor/encoder/scte104/reader.ts";
import { upidOf } from "../../../monitor/encoder/stream/carriers.ts";
import { cueOf } from "../../support/cues.ts";
import { ManualWorld } from "../../support/world.ts";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";

const RBTN = { formatIdentifier: "RBTN" };

/** A journal whose disk the test holds. */
class TestDisk {
  readonly records: JournalRecord[] = [];
  held: Promise<void> = Promise.resolve();

  async append(record: JournalRecord): Promise<void> {
    await this.held;
    this.records.push(record);
  }
}

class Bench {
  readonly world = new ManualWorld();
  readonly disk: TestDisk;
  readonly signal: Indication[] = [];
  readonly encoder: Encoder;

  constructor(disk = new TestDisk(), time?: number) {
    if (time !== undefined) this.world.time = time;
    this.disk = disk;
    this.encoder = new Encoder(RBTN, disk, { insert: (indication) => this.signal.push(indication) }, this.world);
    this.encoder.resume(disk.records);
  }

  async take(operations: readonly Operation[], time: Timestamp = { type: "immediate" }) {
    const message: MultipleMessage = { kind: "multiple", asIndex: 1, number: 1, pidIndex: 0, time, operations };
    return this.encoder.take(message, time.type === "unsupported" ? new Uint8Array() : encodeMessage(message));
  }

  cue(n: number, time?: Timestamp, preRoll = 0) {
    const cue = cueOf(n);
    const segmentation: Operation = {
      op: "segmentation",
      eventId: cue.eventId,
      isCancelled: false,
      duration: 8,
      upidType: 0x0c,
      upid: upidOf(payloadOf(cue), "RBTN"),
      type: 1,
      segment: 1,
      segmentsExpected: 1,
    };
    return this.take([{ op: "time_signal", preRoll }, segmentation], time);
  }
}

const taken = { result: RESULT.successful, sections: 1 };
const known = { result: RESULT.successful, sections: 0 };

test("a cue goes into the signal only once it is on the disk", async () => {
  const bench = new Bench();
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.disk.held = promise;
  const answer = bench.cue(1);
  await Promise.resolve();
  expect(bench.signal).toEqual([]);
  resolve();
  expect(await answer).toEqual(taken);
  expect(bench.signal).toMatchObject([{ kind: "cue", eventId: 2, payload: { cue: "0000000000000001" } }]);
});

test("the same cue again is known, also while the first is on its way to the disk", async () => {
  const bench = new Bench();
  const answers = await Promise.all([bench.cue(1), bench.cue(1), bench.cue(2)]);
  expect(answers).toEqual([taken, known, taken]);
  expect(await bench.cue(1)).toEqual(known);
  expect(bench.signal).toHaveLength(2);
});

test("a cue that the disk does not take is none, and may come again", async () => {
  const bench = new Bench();
  bench.disk.held = Promise.reject(new Error("no space left"));
  await expect(bench.cue(1)).rejects.toThrow("no space left");
  expect(bench.signal).toEqual([]);
  bench.disk.held = Promise.resolve();
  expect(await bench.cue(1)).toEqual(taken);
});

test("after a crash a cue goes out again under the same event id and firing, until its time has passed", async () => {
  const before = new Bench();
  await before.cue(1);
  const soon = new Bench(before.disk, before.world.time + 7999);
  expect(soon.signal).toEqual(before.signal);
  expect(await soon.cue(1)).toEqual(known);
  const late = new Bench(before.disk, before.world.time + 8000);
  expect(late.signal).toEqual([]);
  expect(await late.cue(1)).toEqual(known);
  expect(await late.cue(2)).toEqual(taken);
  expect(late.signal).toMatchObject([{ firing: 2 }]);
});

test("a timed cue waits for its time, also over a crash", async () => {
  const bench = new Bench();
  const at = Math.floor(bench.world.time / 1000) * 1000 + 5000;
  expect(await bench.cue(1, { type: "utc", at }, 500)).toEqual(taken);
  expect(bench.signal).toEqual([]);
  const again = new Bench(bench.disk, bench.world.time);
  again.world.advance(at + 499 - again.world.time);
  expect(again.signal).toEqual([]);
  again.world.advance(1);
  expect(again.signal).toHaveLength(1);
});

test.for([
  ["a cue whose time has passed", -9000, RESULT.tooLate],
  ["a cue further ahead than a day", MAX_AHEAD_MS + 2000, RESULT.rejected],
] as const)("refused: %s", async ([, ms, result]) => {
  const bench = new Bench();
  expect(await bench.cue(1, { type: "utc", at: bench.world.time + ms })).toEqual({ result, sections: 0 });
  expect(bench.disk.records).toEqual([]);
});

test("a station's own splices and segmentations pass as often as they come; what is nothing asks for nothing", async () => {
  const bench = new Bench();
  const splice = { type: 1, eventId: 5, programId: 1, preRoll: 4000, breakDuration: 300, avail: 0, availsExpected: 0 };
  const operation: Operation = { op: "splice", autoReturn: true, ...splice };
  expect(await bench.take([operation])).toEqual(taken);
  expect(await bench.take([operation])).toEqual(taken);
  expect(bench.signal).toMatchObject([
    { kind: "splice", preRoll: 4000, insert: { kind: "out", breakDuration: 2_700_000 } },
    { kind: "splice" },
  ]);
  expect(await bench.take([{ op: "splice_null" }])).toEqual(known);
  expect(await bench.take([{ op: "time_signal", preRoll: 0 }])).toEqual({ result: RESULT.invalidSyntax, sections: 0 });
  expect(await bench.take([{ op: "splice", autoReturn: true, ...splice, type: 9 }])).toMatchObject({
    result: RESULT.rejected,
  });
  expect(await bench.take([operation], { type: "unsupported", code: 2 })).toMatchObject({
    result: RESULT.timeTypeUnsupported,
  });
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function journalFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "redbutton-journal-"));
  folders.push(folder);
  return join(folder, "encoder.journal");
}

async function recordsOf(file: string, now: number): Promise<JournalRecord[]> {
  const { journal, records } = await CueJournal.open(file, now);
  await journal.close();
  return records;
}

const record = (number: number, until = 2000): JournalRecord => ({
  number,
  at: 1000,
  until,
  key: `talent-final/${number}`,
  message: Uint8Array.of(1, 2, number),
});

test("a journal gives back what it took, and passes over a line that a crash cut short", async () => {
  const file = journalFile();
  const { journal } = await CueJournal.open(file, 0);
  await Promise.all([journal.append(record(1)), journal.append(record(2)), journal.append(record(3))]);
  await journal.close();
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.slice(0, -20));
  const again = await CueJournal.open(file, 0);
  expect(again.records).toEqual([record(1), record(2)]);
  await again.journal.append(record(4));
  await again.journal.close();
  expect(await recordsOf(file, 0)).toEqual([record(1), record(2), record(4)]);
});

test("a journal forgets what is a week old, and never its last number", async () => {
  const file = journalFile();
  const { journal } = await CueJournal.open(file, 0);
  for (const n of [1, 2, 3]) await journal.append(record(n));
  await journal.close();
  const week = 7 * 24 * 60 * 60 * 1000;
  expect(await recordsOf(file, 2000 + week - 1)).toHaveLength(3);
  expect(await recordsOf(file, 2000 + week)).toEqual([record(3)]);
});
