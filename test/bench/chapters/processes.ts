import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CueArgs, CueTimes } from "../programs/cues.ts";
import type { RecordArgs, Recorded } from "../programs/record.ts";
import type { Chapter } from "../support/chapter.ts";
import { runProgram } from "../support/program.ts";

const RECORDED: RecordArgs = { ballots: 1_000_000, perFlush: 250 };
const LOAD = 10_000;

type Name = "recorder" | "cues" | "signal";

/** What processes on the backbone cost: recording, writing results down, and the way from a crossing to its cue. */
export const processes: Chapter<Name> = {
  title: "Processes: recorder, results, thresholds",
  rounds: 1,
  start: (options) =>
    Promise.resolve({
      subjects: {
        recorder: { round: async () => ({ ...(await runProgram<Recorded>("record", RECORDED)) }) },
        cues: { round: () => measureCues(options.quick ? 40 : 100, "encoder") },
        signal: { round: () => measureCues(options.quick ? 40 : 100, "signal") },
      },
      stop: () => Promise.resolve(),
    }),
  rows: (of) => {
    const cue = (figure: keyof CueTimes) => of("cues").of(figure);
    const inSignal = (figure: keyof CueTimes) => of("signal").of(figure);
    const ms = (figure: keyof CueTimes, from = cue) => `${from(figure).toFixed(1)} ms`;
    return [
      {
        what: "Recorder, from a busy link into a file, 250 a flush",
        measured: 1e6 / of("recorder").of("cpuPerBallot"),
        unit: "ballots a CPU-second",
        target: { least: 150_000 },
      },
      {
        what: "Results of 1 million ballots written down for SQL",
        measured: of("recorder").of("materialiseSeconds"),
        unit: "s",
        target: { most: 10 },
        note: `${of("recorder").of("materialiseCpuSeconds").toFixed(1)} CPU-seconds; said ${of("recorder").of("progress")} times how far it is`,
      },
      {
        what: `Crossing at an edge to the cue at the encoder, ${LOAD} ballots/s, median`,
        measured: cue("p50"),
        unit: "ms",
        against: { what: "the floor of the same run", value: cue("floor50") },
        target: { most: 2 },
        note: `to the watcher ${ms("seen50")}, from there latched and sent ${ms("sent50")}; floor: group commit 1.5 ms, fsync ${ms("fsync50")}, latch commit ${ms("commit50")}, loopback there and back ${ms("loopback50")}`,
      },
      {
        what: "The same, 90th percentile",
        measured: cue("p90"),
        unit: "ms",
        against: { what: "the floor of the same run", value: cue("floor90") },
        target: { most: 2 },
        note: `${cue("cues")} cues`,
      },
      {
        what: `Crossing at an edge to the cue in the transport stream that leaves the encoder, ${LOAD} ballots/s, median`,
        measured: inSignal("p50"),
        unit: "ms",
        against: { what: "the floor of the same run", value: inSignal("floor50") },
        target: { most: 2 },
        note: `to the watcher ${ms("seen50", inSignal)}, from there latched, sent, journalled and out ${ms("sent50", inSignal)}; floor as above, and the journal's fsync and the stream's way`,
      },
      {
        what: "The same, 90th percentile",
        measured: inSignal("p90"),
        unit: "ms",
        against: { what: "the floor of the same run", value: inSignal("floor90") },
        target: { most: 2 },
        note: `${inSignal("cues")} cues`,
      },
    ];
  },
};

async function measureCues(cues: number, to: CueArgs["to"]) {
  const folder = mkdtempSync(join(tmpdir(), "redbutton-bench-"));
  try {
    return { ...(await runProgram<CueTimes>("cues", { folder, cues, ballotsPerSecond: LOAD, to } satisfies CueArgs)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
