// A stream with cues before judges that we did not write; and faults, each of which one of them has to find.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { indicationOf } from "../support/cues.ts";
import { looped, PACKET_BYTES, PIDS, Rig } from "../support/inserter.ts";
import { ffmpegContinuity, ffprobe, gstreamer, missing, tshark, tsharkText } from "../support/judges.ts";
import { checkStream } from "../support/ts-check.ts";

const CUES = 8;
const TIME_SIGNAL = 6;
const VIDEO_PID = 0x100;
const NO_TSHARK = missing("tshark", "tshark");
const NO_FFPROBE = missing("ffprobe", "ffmpeg");
const NO_GSTREAMER = missing("gst-launch-1.0", "gstreamer1.0-tools gstreamer1.0-plugins-bad");

const { stream, stamps } = streamWithCues();

function streamWithCues() {
  const rig = new Rig();
  const input = looped(CUES * 1000);
  for (let n = 0; n < CUES; n++) {
    rig.feed(input.subarray(n * 1000 * PACKET_BYTES, (n + 1) * 1000 * PACKET_BYTES));
    rig.inserter.insert(indicationOf(n));
  }
  rig.feed(looped(CUES * 1000 + 500).subarray(CUES * 1000 * PACKET_BYTES));
  return { stream: rig.output(), stamps: rig.placed.map(({ pts }) => pts) };
}

/** The stream with the byte at `offset` of each packet changed that `which` picks. */
function spoiled(which: (packet: Uint8Array, index: number) => boolean, change: (packet: Uint8Array) => void) {
  const bytes = stream.slice();
  for (let at = 0, i = 0; at < bytes.length; at += PACKET_BYTES, i++) {
    const packet = bytes.subarray(at, at + PACKET_BYTES);
    if (which(packet, i)) change(packet);
  }
  return bytes;
}

const isOn = (pid: number) => (packet: Uint8Array) => (((packet[1]! & 0x1f) << 8) | packet[2]!) === pid;

test.skipIf(NO_TSHARK)(`tshark reads every table, and finds every CRC right (${NO_TSHARK ?? "asked"})`, () => {
  const fields = ["scte35.splice_command_type", "scte35_time.splice.pts", "scte35.splice_descriptor.event_id"];
  const cues = tshark(stream, "scte35", fields).map((row) => row.map(Number));
  expect(cues).toEqual(stamps.map((pts, n) => [TIME_SIGNAL, pts, n + 1]));
  const text = tsharkText(stream, "mpeg_pmt || mpeg_pat || dvb_ait || mpeg_dsmcc");
  expect(text).toContain("Stream type: SCTE-35 Splice Information (0x86)");
  expect(text).toContain("Component Tag: 0x40");
  expect(text).toContain("http://example.com/tv/");
  expect(text).toContain("index.html?show=talent-final");
  const checks = [...text.matchAll(/CRC(?: 32)?: 0x[0-9a-f]+ \[(.*)\]/g)].map(([, verdict]) => verdict);
  expect(new Set(checks)).toEqual(new Set(["correct", "Verified"]));
  expect(checks.length).toBeGreaterThan(CUES * 20);
  expect(text).not.toContain("[Malformed");
});

test.skipIf(NO_FFPROBE)(
  `ffprobe finds the streams, and each ID3 tag at its very PTS (${NO_FFPROBE ?? "asked"})`,
  () => {
    const { streams, packets } = ffprobe(stream);
    const scte35 = streams.find(({ codec_name: codec }) => codec === "scte_35")!;
    const id3 = streams.find(({ codec_name: codec }) => codec === "timed_id3")!;
    expect([Number(scte35.id), Number(id3.id)]).toEqual([PIDS.scte35, PIDS.id3]);
    expect(packets.filter(({ stream_index: index }) => index === id3.index).map(({ pts }) => pts)).toEqual(stamps);
    expect(packets.filter(({ stream_index: index }) => index === scte35.index)).toHaveLength(CUES);
    expect(ffmpegContinuity(stream)).toEqual([]);
  },
);

test.skipIf(NO_GSTREAMER)(
  `GStreamer takes each firing once, however often it comes (${NO_GSTREAMER ?? "asked"})`,
  () => {
    const sent = checkStream(stream).sections.get(PIDS.streamEvent)!;
    expect(sent.length).toBeGreaterThan(CUES * 3);
    const found = gstreamer(stream, VIDEO_PID);
    expect(found.get("scte-sit")).toBe(CUES);
    // The stream events, and the AIT.
    expect(found.get("section")).toBe(CUES + 1);
    expect(found.get("pmt")).toBe(1);
  },
);

const seal = (packet: Uint8Array, at: number) => (packet[at] = packet[at]! ^ 0x55);

test.skipIf(NO_TSHARK ?? NO_FFPROBE ?? NO_GSTREAMER)("each fault is found by somebody", () => {
  // A CRC of SCTE 35 that is wrong: ffprobe drops most of such sections, and we all; tshark and GStreamer do not look.
  const badCue = spoiled(isOn(PIDS.scte35), (packet) => seal(packet, 60));
  expect(checkStream(badCue).problems).toHaveLength(CUES);
  const { streams, packets } = ffprobe(badCue);
  const index = streams.find(({ codec_name: codec }) => codec === "scte_35")?.index;
  expect(packets.filter(({ stream_index: its }) => its === index).length).toBeLessThan(CUES);

  // A CRC of the stream event.
  const badEvent = spoiled(isOn(PIDS.streamEvent), (packet) => seal(packet, 60));
  expect(tsharkText(badEvent, "mpeg_dsmcc")).toMatch(/CRC: 0x[0-9a-f]+ \[(?!Verified)/);
  expect(checkStream(badEvent).problems.length).toBeGreaterThan(CUES);

  // A firing under the version of the one before: a receiver takes it for a repetition.
  const rig = new Rig();
  rig.feed(looped(2000));
  for (let n = 0; n < 6; n++) {
    rig.inserter.insert({ ...indicationOf(n), firing: 5 });
    rig.feed(looped(2000 + (n + 1) * 1000).subarray((2000 + n * 1000) * PACKET_BYTES));
  }
  expect(gstreamer(rig.output(), VIDEO_PID).get("section")).toBeLessThan(6);

  // A continuity counter that stands still.
  const frozen = spoiled(isOn(PIDS.id3), (packet) => (packet[3] = packet[3]! & 0xf0));
  expect(checkStream(frozen).problems.length).toBeGreaterThan(0);
  expect(ffmpegContinuity(frozen).length).toBeGreaterThan(0);

  // A map without CUEI: ffprobe knows no SCTE 35.
  const nameless = spoiled(isOn(0x1000), (packet) => seal(packet, 22));
  expect(checkStream(nameless).problems.length).toBeGreaterThan(0);
});

test.skipIf(NO_FFPROBE)("the README's line: ffmpeg, the encoder, ffprobe", async () => {
  const [port] = await freePorts(1);
  const source =
    "ffmpeg -v error -f lavfi -i testsrc=s=320x180:r=25 -t 4 -c:v libx264 -pix_fmt yuv420p -g 25 -f mpegts -";
  const encoder = `"${process.execPath}" edge/cli/redbutton.mjs encoder --listen 127.0.0.1:${port} --journal /dev/shm/redbutton-${process.pid}.journal`;
  const { stdout, status } = spawnSync(
    "sh",
    ["-c", `${source} | ${encoder} | ffprobe -v error -show_streams -of json -`],
    {
      encoding: "utf8",
      cwd: join(import.meta.dirname, "../.."),
    },
  );
  rmSync(`/dev/shm/redbutton-${process.pid}.journal`, { force: true });
  expect(status).toBe(0);
  const { streams } = JSON.parse(stdout) as { streams: { codec_name?: string }[] };
  expect(streams.map(({ codec_name: codec }) => codec)).toEqual(
    expect.arrayContaining(["h264", "scte_35", "timed_id3"]),
  );
});
