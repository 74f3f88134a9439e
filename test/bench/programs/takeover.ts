// Two encoders on one input, of which one sends: how long until its partner's first packet when it is killed. Whoever was
// killed comes again and stands by, so that the two take turns. One line of JSON.
import { spawn, type ChildProcess } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../../edge/cli/network/ports.ts";
import { entryProgram } from "../../../edge/cli/supervise/program.ts";
import { EncoderGround } from "../../support/encoder.ts";
import { until } from "../../support/processes.ts";
import { programArgs, tellParent } from "../support/program.ts";
import { percentile } from "../support/sample.ts";

export interface TakeoverArgs {
  /** How often one is killed. */
  readonly kills: number;
}

/** From the kill to the partner's first packet at the receiver, ms. */
export interface TakeoverMeasured {
  readonly p50: number;
  readonly max: number;
  /** From the last packet of the one to the first of the other: what the picture has of it, ms. */
  readonly gapP50: number;
  readonly gapMax: number;
}

interface Running {
  readonly process: ChildProcess;
  readonly output: () => string;
}

const HOST = "127.0.0.1";
const { kills } = programArgs<TakeoverArgs>();
const folder = mkdtempSync(join(tmpdir(), "redbutton-bench-takeover-"));
const ports = (await freePorts(6)) as [number, number, number, number, number, number];
const receiver = createSocket("udp4");
receiver.bind(0, HOST);
await once(receiver, "listening");
/** Each encoder sends from a port of its own, another in each life. */
let last = { from: 0, at: 0 };
let onother = (_before: number, _at: number) => {};
receiver.on("message", (_, { port }) => {
  const at = performance.now();
  if (port !== last.from) onother(last.at, at);
  last = { from: port, at };
});

const ground = new EncoderGround();
const pair = [start(0), start(1)];
try {
  ground.sendPicture(ports[0], ports[1]);
  tellParent(await measure());
} finally {
  for (const { process } of pair) process.kill("SIGKILL");
  ground.end();
  rmSync(folder, { recursive: true });
}
process.exit(0);

async function measure(): Promise<TakeoverMeasured> {
  const took: number[] = [];
  const gaps: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const active = await until("one that sends and one that stands by", () => {
      const index = pair.findIndex((each) => dutyOf(each) === "active");
      return index >= 0 && dutyOf(pair[1 - index]!) === "standby" ? { index } : undefined;
    });
    const before = last.at;
    await until("a packet of it", () => last.at > before);
    // Never in step with the heartbeats.
    await new Promise((resolve) => setTimeout(resolve, 300 + ((kill * 37) % 100)));
    const first = new Promise<{ before: number; at: number }>((resolve) => {
      onother = (lastBefore, at) => resolve({ before: lastBefore, at });
    });
    const killedAt = performance.now();
    pair[active.index]!.process.kill("SIGKILL");
    const { before: lastOfIt, at } = await first;
    onother = () => {};
    took.push(at - killedAt);
    gaps.push(at - lastOfIt);
    pair[active.index] = start(active.index);
  }
  took.sort((a, b) => a - b);
  gaps.sort((a, b) => a - b);
  return { p50: percentile(took, 0.5), max: took.at(-1)!, gapP50: percentile(gaps, 0.5), gapMax: gaps.at(-1)! };
}

function start(index: number): Running {
  const [own, other] = index === 0 ? [ports[4], ports[5]] : [ports[5], ports[4]];
  const config = join(folder, `${index}.json`);
  writeFileSync(
    config,
    JSON.stringify({
      in: `udp://${HOST}:${ports[index]}`,
      out: `udp://${HOST}:${receiver.address().port}`,
      listen: `${HOST}:${ports[2 + index]}`,
      journal: `${index}.journal`,
      partner: { own: `${HOST}:${own}`, other: `${HOST}:${other}` },
    }),
  );
  const { command, args, folder: cwd } = entryProgram("edge/runtime/encoder.ts", config, "node");
  const child = spawn(command, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr.on("data", (part: Buffer) => (output += part.toString("utf8")));
  return { process: child, output: () => output };
}

function dutyOf({ output }: Running): string | undefined {
  return output()
    .match(/this encoder is \w+/g)
    ?.at(-1)
    ?.slice("this encoder is ".length);
}
