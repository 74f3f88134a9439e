import { copyFileSync, rmSync } from "node:fs";
import type { RuntimeName } from "../../../edge/cli/supervise/program.ts";
import type { LogArgs } from "../programs/write-log.ts";
import type { Reopened } from "../programs/reopen.ts";
import type { Chapter, Running } from "../support/chapter.ts";
import { Members } from "../support/members.ts";
import { runProgram } from "../support/program.ts";
import type { Row } from "../support/row.ts";
import type { Sample } from "../support/sample.ts";

const LOG = { ballots: 1_000_000, perFlush: 250 };
/** The issue's, s. */
const TARGET = { most: 3 };

type Name = "Member.open" | "deno" | "node";

/** An edge starts with a million ballots in its log, none of them in a snapshot. */
export const restart: Chapter<Name> = {
  title: "Restart with 1 million ballots in the log",
  start,
  rows: (of) => {
    const row = (name: Name, what: string): Row => ({
      what,
      measured: of(name).of("cpuSeconds"),
      unit: "CPU-seconds",
      target: TARGET,
      note: `${of(name).of("seconds").toFixed(2)} s by the clock`,
    });
    return [
      row("Member.open", "The log read and folded (Node)"),
      row("deno", "An edge's process, Deno, from its start until /readyz says yes"),
      row("node", "The same, Node"),
    ];
  },
};

async function start(): Promise<Running<Name>> {
  const members = await Members.plan({ edges: ["fra"], recorder: false });
  const { config } = members.folder.edges[0]!;
  const log = members.folder.configOf(config).store.url.slice("file:".length);
  const written = `${log}.written`;
  /** Every start finds the same log: a boot writes to it. */
  const fresh = (): void => {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${log}${suffix}`, { force: true });
    copyFileSync(written, log);
  };
  const reopen = async (): Promise<Sample> => {
    fresh();
    const reopened = await runProgram<Reopened>("reopen", { config });
    assertAll(reopened.ballots);
    return { ...reopened };
  };
  const restartEdge = async (runtime: RuntimeName): Promise<Sample> => {
    fresh();
    const began = performance.now();
    await members.start(runtime);
    const [seconds, cpuSeconds] = [(performance.now() - began) / 1000, members.cpu() / 1e6];
    assertAll((await members.counted())[0]!);
    await members.halt();
    return { seconds, cpuSeconds };
  };
  try {
    await runProgram("write-log", { config, ...LOG } satisfies LogArgs);
    copyFileSync(log, written);
    const subjects = {
      "Member.open": { round: reopen },
      deno: { round: () => restartEdge("deno") },
      node: { round: () => restartEdge("node") },
    };
    return { subjects, stop: () => members.stop() };
  } catch (error) {
    await members.stop();
    throw error;
  }
}

function assertAll(ballots: number): void {
  if (ballots !== LOG.ballots) throw new Error(`restarting: got ${ballots} ballots, wanted ${LOG.ballots}`);
}
