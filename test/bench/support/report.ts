import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import { findDeno, ROOT } from "../../../edge/cli/supervise/program.ts";
import type { Outcome } from "./chapter.ts";
import type { Options } from "./options.ts";
import { ratioOf, verdictOf } from "./row.ts";

/** Where the figures come from: without it they mean nothing. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(): Machine {
  const processors = cpus();
  const commit = spawnSync("git", ["describe", "--always", "--dirty"], { cwd: ROOT, encoding: "utf8" });
  const packages = ["yjs", "ws", "hono", "@libsql/client", "@hocuspocus/server"];
  return {
    date: new Date().toISOString(),
    commit: commit.stdout?.trim() ?? "unknown",
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    versions: {
      node: process.versions.node,
      deno: denoVersion(),
      ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
    },
  };
}

export function machineLine({ date, processor, cores, memoryGiB, system, versions }: Machine): string {
  return `${processor.trim()}, ${cores} cores, ${memoryGiB} GiB, ${system}; Deno ${versions["deno"]}, Node ${versions["node"]}; ${date.slice(0, 16)}Z`;
}

/** Writes what was printed, and every round's figures, as JSON. */
export function writeReport(machine: Machine, { quick, rounds, output }: Options, outcomes: readonly Outcome[]): void {
  const chapters = outcomes.map(({ rows, ...rest }) => ({
    ...rest,
    rows: rows.map((row) => ({ ...row, ratio: ratioOf(row), verdict: verdictOf(row) })),
  }));
  const file = join(ROOT, output);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine, quick, rounds, chapters }, undefined, 2)}\n`);
}

function denoVersion(): string {
  const deno = findDeno();
  const asked = deno === undefined ? undefined : spawnSync(deno, ["--version"], { encoding: "utf8" });
  return /^deno (\S+)/.exec(asked?.stdout ?? "")?.[1] ?? "absent";
}

function versionOf(name: string): string {
  const file = join(ROOT, "node_modules", name, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
