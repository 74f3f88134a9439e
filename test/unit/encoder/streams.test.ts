// What streams out there are like: several programmes, long maps, no room, damage; and what is no stream at all.
import { expect, test } from "vitest";
import { readPmt } from "../../../monitor/encoder/stream/pmt.ts";
import { PacketFraming } from "../../../monitor/encoder/stream/packet-framing.ts";
import { indicationOf } from "../../support/cues.ts";
import { looped, PACKET_BYTES, PIDS, Rig } from "../../support/inserter.ts";
import {
  AUDIO_PID,
  longMap,
  MAP,
  PMT_PID,
  pidAt,
  VIDEO_PID,
  withMap,
  withMapOn,
  withoutNulls,
  withSecondProgramme,
} from "../../support/streams.ts";
import { checkStream, pcrError } from "../../support/ts-check.ts";

const TICKS_A_PACKET = 54_000;

/** Half of the stream, a cue, the other half. */
function withCue(input: Uint8Array, options: ConstructorParameters<typeof Rig>[0] = {}): Rig {
  const rig = new Rig(options);
  const half = Math.floor(input.length / PACKET_BYTES / 2) * PACKET_BYTES;
  rig.feed(input.subarray(0, half));
  rig.inserter.insert(indicationOf(1));
  rig.feed(input.subarray(half));
  return rig;
}

/** The maps of the output, of one programme. */
function mapsIn(output: Uint8Array, pid = PMT_PID) {
  return checkStream(output)
    .sections.get(pid)!
    .map(({ bytes }) => readPmt(bytes)!);
}

test("of several programmes one gets the cues; every clock stays right", () => {
  const input = withSecondProgramme(6000);
  expect(checkStream(input).problems).toEqual([]);
  for (const [programme, pid, other] of [
    [1, PMT_PID, 0x1010],
    [2, 0x1010, PMT_PID],
  ] as const) {
    const rig = withCue(input, { programme });
    const report = checkStream(rig.output());
    expect(report.problems).toEqual([]);
    expect(pcrError(report, TICKS_A_PACKET)).toBeLessThan(500);
    expect(new Set(report.pcrs.map(({ pid: its }) => its))).toEqual(new Set([VIDEO_PID, 0x300]));
    expect(mapsIn(rig.output(), pid)[0]!.streams.map(({ pid: its }) => its)).toContain(PIDS.scte35);
    expect(mapsIn(rig.output(), other)[0]!.streams.map(({ pid: its }) => its)).not.toContain(PIDS.scte35);
    expect(report.sections.get(PIDS.scte35)).toHaveLength(1);
    expect(rig.messages[0]).toBe(`info: the stream has programmes 1, 2; cues go into ${programme}`);
  }
});

test("a programme that is not there is named, and the stream passes as it came", () => {
  const input = looped(3000);
  const rig = new Rig({ programme: 9 });
  rig.feed(input);
  expect(rig.output()).toEqual(input);
  expect(rig.messages).toEqual(["error: the stream has programmes 1, wanted 9: it passes without cues"]);
});

test.for([0, 1, 0x0f, 0x1fff])(
  "a map on PID %d, where none can be, is refused, and the stream passes as it came",
  (pid) => {
    const input = withMapOn(3000, pid);
    const rig = withCue(input);
    // What is in null packets is nobody's.
    expect(withoutNulls(rig.output())).toEqual(withoutNulls(input));
    const wanted = "wanted a free one from 16 to 8190: the stream passes without cues";
    expect(rig.messages).toContain(`error: the PAT has the map of programme 1 on PID ${pid}, ${wanted}`);
    expect(rig.inserter.obstacle).toContain(`on PID ${pid}`);
    // The next PAT is right again.
    rig.feed(looped(3000));
    expect(rig.inserter.obstacle).toBeUndefined();
    expect(rig.placed).toHaveLength(1);
  },
);

test.for([0x10, 0x1ffe])("a map on PID %d, the first and the last that can be, has its cues", (pid) => {
  const rig = withCue(withMapOn(3000, pid));
  expect(checkStream(rig.output()).problems).toEqual([]);
  expect(mapsIn(rig.output(), pid)[0]!.streams.map(({ pid: its }) => its)).toContain(PIDS.scte35);
  expect(rig.placed).toHaveLength(1);
});

test.for([0, 0x0f, PMT_PID, 0x1fff])("a map with a stream on PID %d is refused, and passes as it came", (pid) => {
  const map = { ...MAP, streams: [{ type: 0x1b, pid, info: new Uint8Array() }] };
  const rig = withCue(withMap(3000, map));
  expect(mapsIn(rig.output())[0]).toEqual(map);
  expect(rig.messages.join()).toContain(`the programme's map has a stream on PID ${pid}, wanted a free one`);
  expect(rig.placed).toEqual([]);
});

test.for([4, 5, 10])("a map of %d more sounds, over several packets, is rewritten whole", (sounds) => {
  const input = withMap(6000, longMap(sounds));
  expect(checkStream(input).problems).toEqual([]);
  const rig = withCue(input);
  const report = checkStream(rig.output());
  expect(report.problems).toEqual([]);
  expect(pcrError(report, TICKS_A_PACKET)).toBeLessThan(500);
  const map = mapsIn(rig.output()).at(-1);
  expect(map!.streams).toHaveLength(2 + sounds + 4);
  expect(map!.version).toBe(1);
  expect(report.sections.get(PIDS.scte35)).toHaveLength(1);
});

test("a map that has no room for the cues' streams passes as it is, and the operator is told", () => {
  const input = withMap(4000, longMap(15));
  const rig = withCue(input);
  expect(checkStream(rig.output()).problems).toEqual([]);
  expect(mapsIn(rig.output())[0]!.streams).toHaveLength(17);
  expect(checkStream(rig.output()).sections.has(PIDS.scte35)).toBe(false);
  expect(rig.messages.join()).toContain("the programme map has no room for the cues' streams");
  expect(rig.inserter.obstacle).toContain("no room");
});

test("when the map changes, ours changes with it, under a version of its own", () => {
  const rig = new Rig();
  rig.feed(looped(2000));
  const changed = { ...MAP, version: 1, streams: [...MAP.streams, { type: 0x06, pid: 0x222, info: new Uint8Array() }] };
  rig.feed(withMap(4000, changed, 2000).subarray(2000 * PACKET_BYTES));
  rig.inserter.insert(indicationOf(1));
  const maps = mapsIn(rig.output());
  expect(new Set(maps.map(({ version }) => version))).toEqual(new Set([1, 2]));
  expect(maps.at(-1)!.streams.map(({ pid }) => pid)).toEqual([VIDEO_PID, AUDIO_PID, 0x222, ...Object.values(PIDS)]);
});

test("a PID for cues that the map names already is refused, and one that somebody else sends on as well", () => {
  const taken = { ...MAP, streams: [...MAP.streams, { type: 0x06, pid: PIDS.id3, info: new Uint8Array() }] };
  const named = withCue(withMap(3000, taken));
  expect(named.messages.join()).toContain(`PID ${PIDS.id3} is in use in the stream: choose others for cues`);
  expect(mapsIn(named.output())[0]).toEqual(taken);

  const unnamed = looped(3000);
  for (let at = 1500 * PACKET_BYTES; at < unnamed.length; at += PACKET_BYTES)
    if (pidAt(unnamed, at) === 0x1fff) unnamed.set([0x47, PIDS.scte35 >> 8, PIDS.scte35 & 0xff, 0x10], at);
  const rig = new Rig();
  rig.feed(unnamed);
  expect(rig.messages.join()).toContain(`PID ${PIDS.scte35} is in use in the stream, though no map names it`);
});

test("a stream without null packets gets its cues all the same, and the operator is told how", () => {
  const input = withoutNulls(looped(12_000));
  const rig = withCue(input);
  const report = checkStream(rig.output());
  expect(report.problems).toEqual([]);
  expect(report.sections.get(PIDS.scte35)).toHaveLength(1);
  expect(rig.messages.join()).toContain("the stream has no null packets: cues are added to it");
  // Its clocks stay as they came.
  const before = checkStream(input).pcrs.map(({ ticks }) => ticks);
  expect(report.pcrs.map(({ ticks }) => ticks)).toEqual(before);
  expect(rig.inserter.debt).toBe(0);
});

test("pictures that are scrambled leave the programme's clock to tell the time", () => {
  const input = looped(4000);
  for (let at = 0; at < input.length; at += PACKET_BYTES)
    if (pidAt(input, at) === VIDEO_PID) input[at + 3] = input[at + 3]! | 0x80;
  const rig = withCue(input);
  expect(rig.messages.join()).toContain("the pictures are scrambled: cues take their time from the programme's clock");
  const clock = checkStream(input).pcrs.findLast(({ packet }) => packet < 2000)!;
  expect(rig.placed.map(({ pts }) => pts)).toEqual([Math.floor(clock.ticks / 300)]);
});

test("a cue that comes before the programme is known waits for it", () => {
  const rig = new Rig();
  rig.inserter.insert(indicationOf(1));
  expect(rig.placed).toEqual([]);
  expect(rig.messages).toEqual(["warn: cues wait: there is no input"]);
  rig.feed(looped(2000));
  expect(rig.placed).toHaveLength(1);
  expect(checkStream(rig.output()).sections.get(PIDS.scte35)).toHaveLength(1);
});

test("a map with a wrong CRC is no use, and the one before it still is", () => {
  const input = looped(4000);
  for (let at = 2000 * PACKET_BYTES; at < input.length; at += PACKET_BYTES)
    if (pidAt(input, at) === PMT_PID) input[at + 15] = input[at + 15]! ^ 1;
  const rig = withCue(input);
  expect(rig.messages.join()).toContain("a programme map is no use: its CRC is wrong");
  expect(rig.placed).toHaveLength(1);
});

/** What framing makes of bytes. */
function framed(bytes: Uint8Array, chunk: number) {
  const packets: number[] = [];
  const lost: string[] = [];
  const skipped: number[] = [];
  const framing = new PacketFraming(
    (run, from, to) => {
      for (let at = from; at < to; at += PACKET_BYTES) packets.push(run[at]!, run[at + 1]!);
    },
    { onlost: (message) => lost.push(message), onfound: (found) => skipped.push(found) },
  );
  for (let at = 0; at < bytes.length; at += chunk) framing.push(bytes.slice(at, at + chunk));
  return {
    count: packets.length / 2,
    first: packets.filter((_, i) => i % 2 === 0),
    lost,
    skipped,
    rest: framing.end(),
  };
}

test.for([1, 7, 100, 188, 189, 1316, 65_536])("in pieces of %d bytes every packet is found", (chunk) => {
  const bytes = looped(300);
  const { count, first, lost, rest } = framed(bytes, chunk);
  expect(count).toBe(300);
  expect(new Set(first)).toEqual(new Set([0x47]));
  expect({ lost, rest }).toEqual({ lost: [], rest: 0 });
});

test.for([50, 188, 1316, 65_536])("an alignment that is lost is found again, in pieces of %d bytes", (chunk) => {
  const stream = looped(200);
  const broken = new Uint8Array(stream.length + 100);
  broken.set(stream.subarray(0, 100 * PACKET_BYTES));
  broken.set(new Uint8Array(100).fill(0x11), 100 * PACKET_BYTES);
  broken.set(stream.subarray(100 * PACKET_BYTES), 100 * PACKET_BYTES + 100);
  const { count, lost, skipped } = framed(broken, chunk);
  expect(lost).toHaveLength(1);
  expect(skipped).toEqual([0, 100]);
  expect(count).toBe(200);
});

test("what ends within a packet says so, and what is no stream too", () => {
  expect(framed(looped(50).subarray(0, 49 * PACKET_BYTES + 60), 1316).rest).toBe(60);
  const text = new TextEncoder().encode("This is a text. ".repeat(20_000));
  expect(framed(text, 1316).lost).toEqual([
    "this is no MPEG transport stream: got bytes like 78 74 2e 20 54 68 69 73, wanted packets of 188 bytes",
  ]);
  const m2ts = new Uint8Array(192 * 2000);
  for (let at = 4; at < m2ts.length; at += 192) m2ts[at] = 0x47;
  expect(framed(m2ts, 1316).lost).toEqual([
    "this is no MPEG transport stream: got packets of 192 bytes, wanted packets of 188 bytes",
  ]);
});
