import type { Applied, ApplyArgs } from "../programs/apply.ts";
import type { Memory, MemoryArgs } from "../programs/memory.ts";
import type { Chapter, Subject } from "../support/chapter.ts";
import type { Options } from "../support/options.ts";
import { runProgram } from "../support/program.ts";
import type { Row } from "../support/row.ts";

const KINDS = {
  "file, 250": { store: "file", perFlush: 250, arrival: "busy" },
  "file, 1000": { store: "file", perFlush: 1000, arrival: "busy" },
  "memory, 250": { store: "memory", perFlush: 250, arrival: "busy" },
  "memory, 1000": { store: "memory", perFlush: 1000, arrival: "busy" },
  "file, apart": { store: "file", perFlush: 250, arrival: "apart" },
} as const;
type Kind = keyof typeof KINDS;
type Name = Kind | "table";

/** The target is about a million receivers, whatever the mode. */
const RECEIVERS = 1_000_000;

/** What a replica does with the flushes of another: a frame read, the guard, Yjs, its own log, the fold. */
export const replica: Chapter<Name> = {
  title: "A replica takes ballots",
  start: (options) => {
    const kinds = Object.keys(KINDS) as Kind[];
    const applying = kinds.map((kind) => [kind, applySubject(kind, options)] as const);
    const subjects = { ...Object.fromEntries(applying), table: memorySubject() } as Record<Name, Subject>;
    return Promise.resolve({ subjects, stop: () => Promise.resolve() });
  },
  rows: (of, options) => {
    const rate = (kind: Kind, what: string, judged = true): Row => {
      const cpu = of(kind).of("cpuPerBallot");
      const commits = (ballotsOf(options) / of(kind).of("commits")).toFixed(0);
      const note = `${cpu.toFixed(2)} µs a ballot; ${commits} ballots a commit; at the edge that wrote them ${of(kind).of("originCpuPerBallot").toFixed(2)} µs`;
      return {
        what,
        measured: 1e6 / cpu,
        unit: "ballots a CPU-second",
        note,
        ...(judged && { target: { least: 1e6 } }),
      };
    };
    return [
      rate("file, 250", "From a busy link, 250 a flush, log in a file"),
      rate("file, 1000", "From a busy link, 1,000 a flush, log in a file"),
      rate("memory, 250", "From a busy link, 250 a flush, log in memory"),
      rate("memory, 1000", "From a busy link, 1,000 a flush, log in memory"),
      rate("file, apart", "250 a flush, each flush a commit of its own (a link that is not busy)", false),
      bytesRow(
        "On a link at 250 a flush, both ways, WebSocket's own bytes included",
        of("file, 250").of("bytesPerBallot"),
        17,
      ),
      bytesRow("On a link at 1,000 a flush", of("file, 1000").of("bytesPerBallot"), 17),
      {
        ...bytesRow("Memory a receiver and poll at 1 million", of("table").of("bytesPerReceiver"), 27),
        note: `heap and array buffers after garbage collection; the table alone says ${of("table").of("tableBytesPerReceiver").toFixed(2)}`,
      },
    ];
  },
};

function bytesRow(what: string, measured: number, most: number): Row {
  return { what, measured, unit: "bytes", target: { most } };
}

function applySubject(kind: Kind, options: Options): Subject {
  const args: ApplyArgs = { ...KINDS[kind], origin: "memory", ballots: ballotsOf(options), warmUp: 100_000 };
  return { round: async () => ({ ...(await runProgram<Applied>("apply", args)) }) };
}

/** The same in each round: measured once. */
function memorySubject(): Subject {
  const args: MemoryArgs = { receivers: RECEIVERS };
  return { round: async (round) => (round === 0 ? { ...(await runProgram<Memory>("memory", args)) } : {}) };
}

function ballotsOf({ quick }: Options): number {
  return quick ? 300_000 : 1_000_000;
}
