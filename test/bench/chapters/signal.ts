import type { SignalArgs, SignalMeasured } from "../programs/signal.ts";
import type { Chapter, Subject } from "../support/chapter.ts";
import type { Options } from "../support/options.ts";
import { runProgram } from "../support/program.ts";
import type { Row } from "../support/row.ts";

/** 3 Mb/s of which a twentieth is null, as a broadcaster's multiplexer leaves it; and 9.8 Mb/s for the CPU time. */
const SLOW = { factor: 4, nullEvery: 20 };
const FAST = { factor: 13, nullEvery: 20 };
const KINDS = {
  borrow: { mode: "borrow", ...SLOW },
  replace: { mode: "replace", ...SLOW },
  fast: { mode: "borrow", ...FAST },
} as const;
type Name = keyof typeof KINDS;

const FSYNC = { p50: "fsyncP50", p95: "fsyncP95", p99: "fsyncP99" } as const;

/** From a cue that is sent to the encoder to its last packet, over loopback both ways, the journal's fsync included. */
export const signal: Chapter<Name> = {
  title: "A cue in the video signal",
  rounds: 1,
  start: (options) => {
    const subjects = Object.fromEntries((Object.keys(KINDS) as Name[]).map((kind) => [kind, subject(kind, options)]));
    return Promise.resolve({ subjects: subjects as Record<Name, Subject>, stop: () => Promise.resolve() });
  },
  rows: (of) => {
    const latency = (kind: Name, figure: "p50" | "p95" | "p99", most?: number): Row => ({
      what: `Cue to its last packet out, ${kind === "fast" ? "borrow, 9.8 Mb/s" : kind}, ${figure}`,
      measured: of(kind).of(figure),
      unit: "ms",
      ...(most === undefined ? {} : { target: { most } }),
      note: `max ${of(kind).of("max").toFixed(1)} ms; ${of(kind).of("lost")} not seen; an fsync between the cues ${of(kind).of(FSYNC[figure]).toFixed(1)} ms`,
    });
    return [
      latency("borrow", "p50"),
      latency("borrow", "p95", 5),
      latency("borrow", "p99", 40),
      latency("replace", "p50"),
      latency("replace", "p95"),
      latency("replace", "p99"),
      latency("fast", "p95", 5),
      {
        what: `CPU a second of a stream of ${of("fast").of("megabits").toFixed(1)} Mb/s, UDP in and out`,
        measured: of("fast").of("cpuMs"),
        unit: "ms",
        note: `of ${of("borrow").of("megabits").toFixed(1)} Mb/s: ${of("borrow").of("cpuMs").toFixed(0)} ms`,
      },
    ];
  },
};

function subject(kind: Name, { quick }: Options): Subject {
  const args: SignalArgs = { ...KINDS[kind], cues: quick ? 100 : 300 };
  return { round: async () => ({ ...(await runProgram<SignalMeasured>("signal", args)) }) };
}
