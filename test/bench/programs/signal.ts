// An encoder as a program, a stream through it by UDP, and cues: how long until each cue's last packet is out, and what
// CPU time it takes. One line of JSON.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { fdatasyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../../edge/cli/network/ports.ts";
import { entryProgram } from "../../../edge/cli/supervise/program.ts";
import { realWorld } from "../../../edge/runtime/host/world.ts";
import { AutomationSystem } from "../../../monitor/encoder/scte104/client.ts";
import { LoopedStream } from "../../../monitor/encoder/stream/looped-stream.ts";
import { cueOf } from "../../support/cues.ts";
import { PACKET_BYTES, picture, PIDS } from "../../support/inserter.ts";
import { cpuOf } from "../support/cpu.ts";
import { programArgs, tellParent } from "../support/program.ts";
import { percentile } from "../support/sample.ts";

export interface SignalArgs {
  readonly mode: "borrow" | "replace";
  /** How many times the sample picture's rate of 752 kb/s. */
  readonly factor: number;
  /** One packet of so many is null. */
  readonly nullEvery: number;
  readonly cues: number;
}

export interface SignalMeasured {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly lost: number;
  /** An append and an fsync of as many bytes, between the cues. */
  readonly fsyncP50: number;
  readonly fsyncP95: number;
  readonly fsyncP99: number;
  /** Of the encoder, ms a second of stream. */
  readonly cpuMs: number;
  readonly megabits: number;
}

const HOST = "127.0.0.1";
const SEND_INTERVAL_MS = 4;
const WARM_MS = 2500;
/** As long as a line of the encoder's journal. */
const JOURNAL_LINE = `${"x".repeat(400)}\n`;
const PACKETS_A_DATAGRAM = 7;

const args = programArgs<SignalArgs>();
const folder = mkdtempSync(join(tmpdir(), "redbutton-bench-signal-"));
const [input, cuePort] = (await freePorts(2)) as [number, number];
const receiver = createSocket("udp4");
receiver.bind(0, HOST);
await once(receiver, "listening");
receiver.setRecvBufferSize(4_000_000);

const config = join(folder, "encoder.json");
writeFileSync(
  config,
  JSON.stringify({
    in: `udp://${HOST}:${input}`,
    out: `udp://${HOST}:${receiver.address().port}`,
    listen: `${HOST}:${cuePort}`,
    journal: "encoder.journal",
    mode: args.mode,
  }),
);
const { command, args: argv, folder: cwd } = entryProgram("edge/runtime/encoder.ts", config, "node");
const encoder = spawn(command, argv, { cwd, stdio: ["ignore", "ignore", "pipe"] });
try {
  await once(encoder.stderr, "data");
  tellParent(await measure());
} finally {
  encoder.kill("SIGKILL");
  rmSync(folder, { recursive: true });
}
process.exit(0);

async function measure(): Promise<SignalMeasured> {
  const arrivals = new Map<string, number>();
  receiver.on("message", (datagram) => {
    const at = performance.now();
    for (let packet = 0; packet < datagram.length; packet += PACKET_BYTES) {
      const pid = ((datagram[packet + 1]! & 0x1f) << 8) | datagram[packet + 2]!;
      // The last packet of a cue.
      if (pid === PIDS.id3) arrivals.set(cueIn(datagram.subarray(packet, packet + PACKET_BYTES)), at);
    }
  });
  const megabits = sendStream();
  await sleep(WARM_MS);
  const automation = new AutomationSystem(
    { addresses: [{ host: HOST, port: cuePort }], pidIndex: 0, asIndex: 1, formatIdentifier: "RBTN" },
    realWorld(() => {}),
  );
  await automation.isAlive();
  const sent = new Map<string, number>();
  const fsyncs: number[] = [];
  const disk = openSync(join(folder, "fsyncs"), "w");
  const [cpu, began] = [cpuOf(encoder.pid!), performance.now()];
  for (let n = 0; n < args.cues; n++) {
    const cue = cueOf(n);
    sent.set(cue.id.slice(0, 16), performance.now());
    await automation.inject(cue);
    const before = performance.now();
    writeSync(disk, JOURNAL_LINE);
    fdatasyncSync(disk);
    fsyncs.push(performance.now() - before);
    // Never in step with the pictures.
    await sleep(60 + ((n * 37) % 80));
  }
  const [seconds, spent] = [(performance.now() - began) / 1000, (cpuOf(encoder.pid!) - cpu) / 1000];
  await sleep(1000);
  automation.stop();
  const took = [...sent]
    .flatMap(([cue, at]) => (arrivals.has(cue) ? arrivals.get(cue)! - at : []))
    .sort((a, b) => a - b);
  const [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1].map((part) => percentile(took, part)) as [
    number,
    number,
    number,
    number,
  ];
  fsyncs.sort((a, b) => a - b);
  const [fsyncP50, fsyncP95, fsyncP99] = [0.5, 0.95, 0.99].map((part) => percentile(fsyncs, part)) as [
    number,
    number,
    number,
  ];
  const lost = args.cues - took.length;
  return { p50, p95, p99, max, lost, fsyncP50, fsyncP95, fsyncP99, cpuMs: spent / seconds, megabits };
}

function cueIn(packet: Uint8Array): string {
  return /"([0-9a-f]{16})"/.exec(Buffer.from(packet).toString("latin1"))?.[1] ?? "";
}

/** Sends the stream in time; gives its rate. */
function sendStream(): number {
  const stream = new LoopedStream(stretched());
  const socket = createSocket("udp4");
  const began = performance.now();
  let sent = 0;
  setInterval(() => {
    const due = ((performance.now() - began) * 27_000) / stream.ticksAPacket;
    for (; sent < due; sent += PACKETS_A_DATAGRAM) {
      const datagram = new Uint8Array(PACKETS_A_DATAGRAM * PACKET_BYTES);
      stream.read(datagram, 0, PACKETS_A_DATAGRAM);
      socket.send(datagram, input, HOST);
    }
  }, SEND_INTERVAL_MS);
  return (27e6 / stream.ticksAPacket) * PACKET_BYTES * 8 * 1e-6;
}

/** The sample picture at a higher rate: data of no programme between its packets, and nulls as often as asked for. */
function stretched(): Uint8Array {
  const source = picture();
  const count = source.length / PACKET_BYTES;
  const out = new Uint8Array(source.length * args.factor).fill(0x5a);
  for (let i = 0; i < count * args.factor; i++) {
    const from = (i / args.factor) * PACKET_BYTES;
    const isPicture = i % args.factor === 0 && !(source[from + 1] === 0x1f && source[from + 2] === 0xff);
    const at = i * PACKET_BYTES;
    if (isPicture) out.set(source.subarray(from, from + PACKET_BYTES), at);
    else out.set(i % args.nullEvery === 1 ? [0x47, 0x1f, 0xff, 0x10] : [0x47, 0x05, 0x55, 0x10], at);
  }
  return out;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
