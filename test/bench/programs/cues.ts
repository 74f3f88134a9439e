// An edge that takes 10,000 ballots a second over a real link to a monitor's process, and the encoder that gets its cues:
// both here, so one clock says how long it is from the ballot that crosses to the cue. Prints a line of `CueTimes`.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { fdatasyncSync, openSync, writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { FLUSH_INTERVAL_MS } from "../../../crdt/writer.ts";
import { Member } from "../../../crdt/member.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { openLibsqlStore } from "../../../crdt/store/libsql.ts";
import { writeFolder } from "../../../edge/cli/network/folder.ts";
import { DEFAULT_PORTS, planNetwork } from "../../../edge/cli/network/plan.ts";
import { freePorts } from "../../../edge/cli/network/ports.ts";
import { entryProgram, memberProgram } from "../../../edge/cli/supervise/program.ts";
import type { RosterEntry } from "../../../crdt/roster.ts";
import { memberOptions } from "../../../edge/runtime/host/member.ts";
import { realWorld } from "../../../edge/runtime/host/world.ts";
import { MAX_LINK_MESSAGE_BYTES } from "../../../edge/runtime/host/door.ts";
import { nodeDoor } from "../../../edge/runtime/node/door.ts";
import type { Cue } from "../../../monitor/cue.ts";
import { openLatch } from "../../../monitor/database.ts";
import { decodePayload } from "../../../monitor/encoder/payload.ts";
import { pidOf } from "../../../monitor/encoder/signal/packet.ts";
import { crossingOf } from "../../../monitor/threshold/crossing.ts";
import type { Threshold } from "../../../crdt/threshold.ts";
import { ballotOf, POLL, SHOW_ID, showAt } from "../support/ballots.ts";
import { Program, programArgs, tellParent } from "../support/program.ts";
import { PACKET_BYTES, PICTURE_FILE, PIDS } from "../../support/inserter.ts";
import { percentile } from "../support/sample.ts";

export interface CueArgs {
  readonly folder: string;
  readonly cues: number;
  readonly ballotsPerSecond: number;
  /** Where a cue has arrived: at an encoder, or in the transport stream that leaves a real one. */
  readonly to: "encoder" | "signal";
}

/** Milliseconds, at the median and at the 90th percentile. */
export interface CueTimes {
  readonly cues: number;
  readonly p50: number;
  readonly p90: number;
  readonly floor50: number;
  readonly floor90: number;
  /** From the ballot to the watcher, and from there to the encoder. */
  readonly seen50: number;
  readonly sent50: number;
  readonly fsync50: number;
  readonly commit50: number;
  readonly loopback50: number;
}

/** Ballots from one cue to the next: 5 cues a second, so none waits for the one before. */
const EVERY = 2000;
/** Ballots come one by one: in bursts each would wait for the whole interval of a flush, and not for half of it. */
const TICK_MS = 1;

const args = programArgs<CueArgs>();
const RULE: Threshold = {
  id: "each",
  rule: { kind: "voted", poll: POLL.id, atLeast: EVERY, every: EVERY },
  message: { kind: "text", text: "{count}" },
  durationMs: 1000,
  urgent: false,
};
async function run(): Promise<CueTimes> {
  const arrived = new Map<number, { readonly at: number; readonly firedAt: number }>();
  const encoder = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString("utf8")));
    request.on("end", () => {
      if (body !== "") {
        const { epoch, firedAt } = JSON.parse(body) as Cue;
        if (!arrived.has(epoch)) arrived.set(epoch, { at: preciseNow(), firedAt });
      }
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => encoder.listen(0, "127.0.0.1", resolve));
  const encoderAddress = `http://127.0.0.1:${(encoder.address() as AddressInfo).port}`;
  const signal = args.to === "signal" ? await openSignal(arrived) : undefined;
  const { member, monitor } = await network(signal?.address ?? encoderAddress);
  const replica = await openShow(member);
  // Of each crossing, when the ballot that crosses was handed to the edge.
  const crossed: number[] = [];
  const floors = new Floors(encoderAddress, args.folder);
  await floors.open();
  await vote(replica, crossed, floors);
  await waitFor(() => arrived.size >= args.cues);
  await monitor.stop();
  signal?.stop();
  const epochs = [...arrived.keys()].filter((epoch) => epoch <= args.cues);
  const total = sorted(epochs.map((epoch) => arrived.get(epoch)!.at - crossed[epoch - 1]!));
  const seen = sorted(epochs.map((epoch) => arrived.get(epoch)!.firedAt - crossed[epoch - 1]!));
  const sent = sorted(epochs.map((epoch) => arrived.get(epoch)!.at - arrived.get(epoch)!.firedAt));
  const { sums, fsyncs, commits, loopbacks } = floors.result();
  return {
    cues: total.length,
    p50: percentile(total, 0.5),
    p90: percentile(total, 0.9),
    floor50: percentile(sums, 0.5),
    floor90: percentile(sums, 0.9),
    seen50: percentile(seen, 0.5),
    sent50: percentile(sent, 0.5),
    fsync50: percentile(fsyncs, 0.5),
    commit50: percentile(commits, 0.5),
    loopback50: percentile(loopbacks, 0.5),
  };
}

/** A real encoder with the sample picture, and its stream read here: a cue has arrived when the last of it has. */
async function openSignal(arrived: Map<number, { readonly at: number; readonly firedAt: number }>) {
  const stream = createSocket("udp4");
  stream.bind(0, "127.0.0.1");
  await once(stream, "listening");
  stream.on("message", (datagram) => {
    for (let at = 0; at < datagram.length; at += PACKET_BYTES) {
      if (pidOf(datagram, at) !== PIDS.id3) continue;
      const text = /\[1,.*\]/.exec(datagram.toString("latin1", at, at + PACKET_BYTES))?.[0] ?? "";
      const payload = decodePayload(new TextEncoder().encode(text));
      if (payload?.message.kind !== "text") continue;
      const epoch = Number(payload.message.text.replaceAll(/\D/g, "")) / EVERY;
      if (!arrived.has(epoch)) arrived.set(epoch, { at: preciseNow(), firedAt: payload.firedAt });
    }
  });
  const [port] = await freePorts(1);
  const config = join(args.folder, "encoder.json");
  const settings = {
    in: `loop:${PICTURE_FILE}`,
    out: `udp://127.0.0.1:${stream.address().port}`,
    listen: `127.0.0.1:${port}`,
  };
  writeFileSync(config, JSON.stringify(settings));
  const { command, args: given, folder } = entryProgram("edge/runtime/encoder.ts", config, "node");
  const encoder = spawn(command, given, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  await once(encoder.stderr, "data");
  encoder.stderr.resume();
  return { address: `scte104://127.0.0.1:${port}`, stop: () => (encoder.kill("SIGKILL"), stream.close()) };
}

/** An edge's member in this process, and a monitor's program as users run it. */
async function network(encoder: string): Promise<{ member: Member; monitor: Program }> {
  const [publicPort, backbonePort] = (await freePorts(2)) as [number, number];
  const host = "127.0.0.1";
  const ports = { public: publicPort, backbone: backbonePort };
  const plan = planNetwork({
    edges: [{ name: "fra", region: "fra", publicHost: host, backboneHost: host, ports }],
    processes: [{ name: "monitor", role: "monitor", store: "file:permanent.db", settings: { encoder } }],
    ports: DEFAULT_PORTS,
  });
  const folder = writeFolder(join(args.folder, "network"), plan);
  const config = folder.configOf(folder.edges[0]!.config);
  if (config.role !== "edge") throw new Error("wanted an edge's configuration");
  const world = realWorld(() => {});
  const store = await openLibsqlStore(config.store.url);
  const onlost = (error: Error) => {
    throw error;
  };
  const member = await Member.open(memberOptions(config, store, { door: nodeDoor, world, onlost }));
  await nodeDoor.listenBackbone({ ...config.backbone, maxMessageBytes: MAX_LINK_MESSAGE_BYTES }, (socket) =>
    member.backbone.accept(socket),
  );
  member.start();
  const { command, args: given } = memberProgram(folder.processes[0]!.config, "deno", ["--supervised"]);
  return { member, monitor: new Program([command, ...given]) };
}

async function openShow(member: Member): Promise<Replica> {
  const now = member.clock.now();
  const replica = member.adopt(SHOW_ID)!;
  const entry: RosterEntry = {
    edge: "fra",
    boot: member.boot,
    state: "live",
    region: "fra",
    shards: [0],
    address: "",
    since: now,
  };
  await replica.change((board) => {
    board.create(showAt(now), [POLL], [RULE]);
    board.addTransition(POLL.id, "open", { at: now, by: "bench" });
    board.setRosterEntry(entry);
    board.arm(RULE.id, 1, { at: now, by: "bench" });
  });
  await waitFor(() => replica.board.eventId(RULE.id, 1) !== undefined);
  setInterval(() => replica.publishRegister(), 100);
  return replica;
}

async function vote(replica: Replica, crossed: number[], floors: Floors): Promise<void> {
  const { writer } = replica.shard(0);
  const wanted = args.cues * EVERY;
  const began = performance.now();
  let written = 0;
  const measured: Promise<void>[] = [];
  while (written < wanted) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    const due = Math.min(wanted, ((performance.now() - began) / 1000) * args.ballotsPerSecond);
    for (; written < due; written++) {
      void writer.write("ballots", ballotOf(written, Date.now()));
      if ((written + 1) % EVERY === 0) crossed.push(preciseNow());
    }
    // Half-way between two crossings: its fsyncs would stand in the way of the cue that they are compared with.
    if (written / EVERY > measured.length + 0.5) measured.push(floors.measure());
  }
  await Promise.all(measured);
}

/** Milliseconds since 1970, with their fractions. */
function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

/** What no way around: an fsync, a commit of a latch, a message on the loopback, measured under the same load. */
class Floors {
  readonly #encoder: string;
  readonly #folder: string;
  readonly #samples: { readonly fsync: number; readonly commit: number; readonly loopback: number }[] = [];
  #latch: Awaited<ReturnType<typeof openLatch>> | undefined;
  #fd = 0;

  constructor(encoder: string, folder: string) {
    this.#encoder = encoder;
    this.#folder = folder;
  }

  async open(): Promise<void> {
    this.#latch = await openLatch(`file:${join(this.#folder, "floor.db")}`);
    this.#fd = openSync(join(this.#folder, "floor.bin"), "w");
  }

  async measure(): Promise<void> {
    const fsync = await timed(() => {
      writeSync(this.#fd, randomBytes(4096));
      fdatasyncSync(this.#fd);
    });
    const epoch = this.#samples.length + 1;
    const { cues } = this.#latch!;
    const eventId = await cues.reserve(SHOW_ID, "floor", epoch);
    const measured = { value: 1, target: 1, isCrossed: true };
    const threshold = { ...RULE, id: "floor" };
    const fired = crossingOf({ show: SHOW_ID, threshold, epoch, eventId, measured, coverage: {}, at: 0, by: "" });
    const commit = await timed(() => cues.latch(fired));
    const loopback = await timed(async () => {
      await (await fetch(this.#encoder, { method: "POST" })).body?.cancel();
    });
    this.#samples.push({ fsync, commit, loopback });
  }

  /** A ballot waits half of the interval of a group commit in the mean. */
  result() {
    const of = (part: "fsync" | "commit" | "loopback") => sorted(this.#samples.map((sample) => sample[part]));
    // Into the signal there is one more of each: the encoder's journal, and the way of the stream.
    const times = args.to === "signal" ? 2 : 1;
    const sums = this.#samples.map(
      ({ fsync, commit, loopback }) => FLUSH_INTERVAL_MS / 2 + times * fsync + commit + (times * loopback) / 2,
    );
    return { sums: sorted(sums), fsyncs: of("fsync"), commits: of("commit"), loopbacks: of("loopback") };
  }
}

async function timed(task: () => unknown): Promise<number> {
  const began = performance.now();
  await task();
  return performance.now() - began;
}

async function waitFor(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error("measuring cues: the network did not come so far within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

tellParent(await run());
process.exit(0);
