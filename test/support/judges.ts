// Programs that we did not write, and what they find in a transport stream.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why a judge is not asked; undefined where it can be. */
export function missing(program: string, debianPackage: string): string | undefined {
  const found = spawnSync("sh", ["-c", `command -v ${program}`]);
  return found.status === 0 ? undefined : `no ${program}: apt-get install ${debianPackage}`;
}

/** A stream in a file, for as long as `judge` takes. */
export function withFile<T>(stream: Uint8Array, judge: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "redbutton-judge-"));
  try {
    // tshark knows a transport stream by its contents, GStreamer by them as well.
    const file = join(folder, "stream.m2t");
    writeFileSync(file, stream);
    return judge(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a program prints. */
export function ask(program: string, args: readonly string[]): string {
  const { stdout, stderr, status, error } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr.slice(-2000)}`);
  return stdout;
}

const TSHARK = ["-o", "mpeg_sect.verify_crc:TRUE", "-o", "mpeg_dsmcc.verify_crc:TRUE"];

/** Fields of the packets that `filter` lets through, a row each. */
export function tshark(stream: Uint8Array, filter: string, fields: readonly string[]): string[][] {
  const wanted = fields.flatMap((field) => ["-e", field]);
  const args = ["-Y", filter, "-T", "fields", "-E", "separator=|", ...wanted];
  const text = withFile(stream, (file) => ask("tshark", ["-r", file, ...TSHARK, ...args]));
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("|"));
}

/** Everything that tshark says of the packets that `filter` lets through. */
export function tsharkText(stream: Uint8Array, filter: string): string {
  return withFile(stream, (file) => ask("tshark", ["-r", file, ...TSHARK, "-Y", filter, "-V"]));
}

interface ProbedStream {
  readonly index: number;
  readonly codec_name?: string;
  readonly codec_tag: string;
  readonly id: string;
}

interface ProbedPacket {
  readonly stream_index: number;
  readonly pts?: number;
  readonly size: string;
  readonly data?: string;
}

/** Streams and packets of data as ffprobe has them. */
export function ffprobe(stream: Uint8Array): {
  readonly streams: readonly ProbedStream[];
  readonly packets: readonly ProbedPacket[];
} {
  const args = ["-v", "error", "-of", "json", "-show_streams", "-show_packets", "-select_streams", "d"];
  const packets = withFile(stream, (file) => JSON.parse(ask("ffprobe", [...args, file])) as object);
  const all = withFile(
    stream,
    (file) => JSON.parse(ask("ffprobe", ["-v", "error", "-of", "json", "-show_streams", file])) as object,
  );
  const listOf = <T>(from: object, key: string) => (from as Record<string, readonly T[]>)[key] ?? [];
  return { streams: listOf<ProbedStream>(all, "streams"), packets: listOf<ProbedPacket>(packets, "packets") };
}

/** What ffmpeg's debug log says of continuity: the only one of the judges that looks. */
export function ffmpegContinuity(stream: Uint8Array): string[] {
  return withFile(stream, (file) => {
    const { stderr } = spawnSync("ffprobe", ["-v", "debug", "-show_packets", file], {
      encoding: "utf8",
      maxBuffer: 256 * 1024 * 1024,
    });
    return stderr.split("\n").filter((line) => line.includes("Continuity check failed"));
  });
}

/** Messages that GStreamer's demultiplexer posts for sections, by kind: repeated ones are dropped as by a receiver. */
export function gstreamer(stream: Uint8Array, videoPid: number): Map<string, number> {
  const pad = `d.video_0_${videoPid.toString(16).padStart(4, "0")}`;
  const text = withFile(stream, (file) =>
    ask("gst-launch-1.0", ["-m", "filesrc", `location=${file}`, "!", "tsdemux", "name=d", pad, "!", "fakesink"]),
  );
  const counts = new Map<string, number>();
  for (const [, kind] of text.matchAll(/from element "d" \(element\): ([\w-]+), section=/g))
    counts.set(kind!, (counts.get(kind!) ?? 0) + 1);
  return counts;
}
