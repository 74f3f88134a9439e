// `node monitor/encoder/sample/make.ts`: makes picture.mpegts, the picture that runs where no broadcaster is at hand, with
// Debian's ffmpeg (5.1). Eight seconds that can follow themselves: 200 pictures, 375 frames of sound, 4,000 packets of
// constant rate, of which about half are null.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isNull, PACKET_BYTES, pcrOf, setPcr, writeNull } from "../signal/packet.ts";

const PACKETS = 4000;
const SECONDS = 8;
const RATE = (PACKETS * PACKET_BYTES * 8) / SECONDS;
const TICKS_A_PACKET = (SECONDS * 27_000_000) / PACKETS;

const PICTURE =
  "gradients=s=640x360:r=25:d=8:type=radial:c0=0x5a2a9d:c1=0x1d3a6d:c2=0x0a1030:n=3:speed=0.00001:x0=320:y0=140:x1=640:y1=360";
const STAGE = [
  "drawbox=x=0:y=300:w=640:h=60:color=0x0b0f1f@0.9:t=fill",
  "drawbox=x=120:y=330:w=400:h=2:color=white@0.35:t=fill",
  "drawbox=x='120+mod(t*50\\,400)-6':y=325:w=12:h=12:color=0xfca311:t=fill",
  "drawbox=x='300-60*abs(sin(PI*t/4))':y='150-40*abs(sin(PI*t/2))':w=40:h=150:color=0xe5e5e5@0.18:t=fill",
  "format=yuv420p",
].join();
const SOUND =
  "aevalsrc='0.05*sin(2*PI*220*t)*(0.6+0.4*sin(2*PI*t/4))+0.03*sin(2*PI*277*t)+0.03*sin(2*PI*330*t)':s=48000:d=7.97";

const QUIETLY = ["-hide_banner", "-loglevel", "error"];
const INPUTS = ["-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", SOUND];
const VIDEO = "-map [v] -c:v libx264 -profile:v main -preset veryslow -g 25 -sc_threshold 0 -bf 0".split(" ");
VIDEO.unshift("-filter_complex", `[0:v]${STAGE}[v]`);
VIDEO.push(..."-b:v 300k -maxrate 400k -bufsize 400k".split(" "));
const AUDIO = "-map 1:a -c:a aac -b:a 64k -ac 2".split(" ");
const TRANSPORT = `-f mpegts -muxrate ${RATE} -pcr_period 20 -pat_period 0.2`.split(" ");
TRANSPORT.push("-metadata", "service_provider=Redbutton", "-metadata", "service_name=Redbutton sample");

const folder = mkdtempSync(join(tmpdir(), "redbutton-sample-"));
try {
  const file = join(folder, "picture.mpegts");
  execFileSync("ffmpeg", [...QUIETLY, ...INPUTS, ...VIDEO, ...AUDIO, ...TRANSPORT, file]);
  const whole = readFileSync(file);
  writeFileSync(join(import.meta.dirname, "picture.mpegts"), fitted(whole));
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * ffmpeg ends with its last picture, a little before or after eight seconds: nulls are taken out before the end or added
 * there, and the clocks say what the new places are.
 */
function fitted(stream: Uint8Array): Uint8Array {
  const places = Array.from({ length: stream.length / PACKET_BYTES }, (_, i) => i * PACKET_BYTES);
  let surplus = places.length - PACKETS;
  const kept = places
    .toReversed()
    .filter((at) => !isNull(stream, at) || surplus-- <= 0)
    .toReversed();
  const picture = new Uint8Array(PACKETS * PACKET_BYTES);
  const first = places.find((at) => pcrOf(stream, at) >= 0)!;
  const origin = pcrOf(stream, first) - (first / PACKET_BYTES) * TICKS_A_PACKET;
  for (let i = 0; i < PACKETS; i++) {
    const at = i * PACKET_BYTES;
    const from = kept[i];
    if (from === undefined) writeNull(picture, at);
    else picture.set(stream.subarray(from, from + PACKET_BYTES), at);
    if (pcrOf(picture, at) >= 0) setPcr(picture, at, origin + i * TICKS_A_PACKET);
  }
  return picture;
}
