import type { Chapter, Running } from "../support/chapter.ts";
import { pause, type Members } from "../support/members.ts";
import type { Options } from "../support/options.ts";
import { PressedNetwork } from "../support/pressed-network.ts";
import type { Row } from "../support/row.ts";
import type { Sample } from "../support/sample.ts";

const EDGES = ["fra", "nyc", "syd"];
/** At each edge, each with a press under way at any moment. */
const CONNECTIONS = 256;
/** A recorder that does not keep up falls behind with every second; one that does is a round behind at most. */
const MOST_BEHIND_MS = 500;
const GIVE_UP_MS = 60_000;

/** Three edges that take all that this machine can send them, and their recorder: how far it is behind at the end. */
export const keepingUp: Chapter<"recorder"> = {
  title: "The recorder behind three edges at full rate",
  rounds: 1,
  start,
  rows: (of) => {
    const figure = (name: string) => of("recorder").of(name);
    const percent = (name: string) => `${(figure(name) * 100).toFixed(1)} %`;
    const behind: Row = {
      what: "Every batch is in its database, after the last receipt",
      measured: figure("behindMs"),
      unit: "ms",
      target: { most: MOST_BEHIND_MS },
      note: `${figure("ballots").toFixed(0)} ballots at ${figure("ratePerSecond").toFixed(0)} a second, ${figure("missing").toFixed(0)} of ${figure("batches").toFixed(0)} batches missing then`,
    };
    const cpu: Row = {
      what: "Computed: CPU of the recorder while each edge fills a core of its own",
      measured: ((figure("cpuShare") * EDGES.length) / figure("edgesCpuShare")) * 100,
      unit: "% of a core",
      target: { most: 100 },
      note: `measured ${percent("cpuShare")} beside ${percent("edgesCpuShare")} of all edges; those who press had the rest`,
    };
    return [behind, cpu];
  },
};

async function start({ quick }: Options): Promise<Running<"recorder">> {
  const network = await PressedNetwork.start(EDGES);
  const { members } = network;
  const press = (presses: number) => network.press(presses, { kind: "closed", connections: CONNECTIONS });
  const round = async (): Promise<Sample> => {
    await press(3000); // The first ones are the compiler's.
    await untilRecorded(members);
    const presses = quick ? 20_000 : 60_000;
    const [before, began] = [sharesOf(members), performance.now()];
    await press(presses);
    const [after, ended] = [sharesOf(members), performance.now()];
    const { batches, missing } = await progressOf(members);
    await untilRecorded(members);
    const us = (ended - began) * 1000;
    const ballots = presses * EDGES.length;
    return {
      ballots,
      batches,
      missing,
      behindMs: performance.now() - ended,
      ratePerSecond: (ballots * 1e6) / us,
      cpuShare: (after.recorder - before.recorder) / us,
      edgesCpuShare: (after.edges - before.edges) / us,
    };
  };
  return { subjects: { recorder: { round } }, stop: () => network.stop() };
}

/** CPU time so far, µs. */
function sharesOf(members: Members): { readonly recorder: number; readonly edges: number } {
  const recorder = members.cpu(["recorder"]);
  return { recorder, edges: members.cpu(EDGES) };
}

async function progressOf(members: Members): Promise<{ readonly batches: number; readonly missing: number }> {
  const [{ flushes_total: batches = 0 }, { process_recorded_batches: recorded = 0 }] = await Promise.all([
    members.metrics(),
    members.recorderMetrics(),
  ]);
  return { batches, missing: batches - recorded };
}

async function untilRecorded(members: Members): Promise<void> {
  const deadline = performance.now() + GIVE_UP_MS;
  for (;;) {
    const { batches, missing } = await progressOf(members);
    if (missing === 0) return;
    if (performance.now() > deadline)
      throw new Error(`waiting for the recorder: ${missing} of ${batches} batches are missing after ${GIVE_UP_MS} ms`);
    await pause(5);
  }
}
