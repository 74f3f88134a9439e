// The ways a stream comes to the encoder and leaves it: multicast, RTP, and HLS through an edge on another machine.
import HLS from "hls-parser";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePorts } from "../../edge/cli/network/ports.ts";
import { Cluster } from "../support/cluster.ts";
import { cueOf } from "../support/cues.ts";
import { EncoderGround, eventIdsIn, HOST, rtp, untilUp, whyNoMulticast } from "../support/encoder.ts";
import { concatenated, PICTURE_FILE, PIDS } from "../support/inserter.ts";
import { endAll, until } from "../support/processes.ts";
import { checkStream } from "../support/ts-check.ts";

const GROUP_IN = "239.255.77.2";
const GROUP_OUT = "239.255.77.3";
const noMulticast = await whyNoMulticast();

let ground: EncoderGround;
beforeEach(() => {
  ground = new EncoderGround();
});
afterEach(async () => {
  await endAll();
  ground.end();
});

test.skipIf(noMulticast !== undefined)(
  `a stream comes from a multicast group and goes to another, over the interface that is named${noMulticast ? ` (${noMulticast})` : ""}`,
  async () => {
    const [into, out, cues] = await freePorts(3);
    const receiver = await ground.listen({ host: GROUP_OUT, port: out! });
    const encoder = ground.start("a", {
      in: `udp://${GROUP_IN}:${into}?interface=${HOST}`,
      out: `udp://${GROUP_OUT}:${out}?interface=${HOST}`,
      listen: `${HOST}:${cues}`,
    });
    await untilUp(encoder);
    ground.sendPictureTo([{ host: GROUP_IN, port: into! }]);
    await until("the stream", () => receiver.packets > 500);
    await ground.automation(cues!).inject(cueOf(1));
    await until("the cue", () => eventIdsIn(receiver.stream).length > 0);
    expect(eventIdsIn(receiver.stream)).toEqual([cueOf(1).eventId]);
    expect(checkStream(receiver.stream).problems).toEqual([]);
  },
);

test("a stream in RTP is taken out of it, and a cue goes into it", async () => {
  const [into, cues] = await freePorts(2);
  const receiver = await ground.listen();
  const encoder = ground.start("a", {
    in: `udp://${HOST}:${into}`,
    out: `udp://${HOST}:${receiver.port}`,
    listen: `${HOST}:${cues}`,
  });
  await untilUp(encoder);
  ground.sendPictureTo([{ host: HOST, port: into! }], rtp());
  await until("the stream", () => receiver.packets > 500);
  await ground.automation(cues!).inject(cueOf(1));
  await until("the cue", () => eventIdsIn(receiver.stream).length > 0);
  expect(eventIdsIn(receiver.stream)).toEqual([cueOf(1).eventId]);
  expect(checkStream(receiver.stream).problems).toEqual([]);
  expect(encoder.output()).not.toContain("alignment");
});

test("an edge has a show's HLS from an encoder elsewhere, with the cue; without the encoder it says so", async () => {
  const [cues, status] = await freePorts(2);
  const cluster = await Cluster.start({
    edges: ["fra"],
    recorder: false,
    configure: (_, config) => ({ ...config, hls: { "*": `http://${HOST}:${status}/` } }),
  });
  try {
    const ask = (file: string) => fetch(`${cluster.address("fra")}/hls/talent-final/${file}`);
    const encoder = ground.start("a", {
      in: `loop:${PICTURE_FILE}`,
      out: "/dev/null",
      listen: `${HOST}:${cues}`,
      status: `${HOST}:${status}`,
      hls: "hls",
    });
    await untilUp(encoder);
    await until("the playlist", async () => (await ask("live.m3u8")).ok);
    await ground.automation(cues!).inject(cueOf(1));
    const { segments } = await until("the cue's segment, and one after it", async () => {
      const read = HLS.parse(await (await ask("live.m3u8")).text());
      if (!("segments" in read)) throw new Error("wanted a media playlist");
      const at = read.segments.findIndex(({ dateRange }) => dateRange !== undefined);
      return at >= 0 && at < read.segments.length - 1 && read;
    });
    const ranges = segments.flatMap(({ dateRange }) => dateRange ?? []);
    expect(ranges).toHaveLength(1);
    expect(ranges[0]!.duration).toBe(cueOf(1).durationMs / 1000);
    const parts = await Promise.all(
      segments.map(async ({ uri }) => new Uint8Array(await (await ask(uri)).arrayBuffer())),
    );
    const report = checkStream(concatenated(parts));
    expect(report.problems).toEqual([]);
    expect(report.pes.get(PIDS.id3)).toHaveLength(1);
    expect((await ask("x-1.ts")).status).toBe(404);
    encoder.signal("SIGKILL");
    await encoder.exited;
    await until("the edge to notice", async () => (await ask("live.m3u8")).status === 503);
  } finally {
    await cluster.end();
  }
});
