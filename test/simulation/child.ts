// Seeds run in processes of their own: random sources are patched before anything is loaded, and mutants at loading.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import type { Outcome } from "./stage.ts";

/** A seed's outcome; `again` is the trace's hash of its second run, where it was run twice. */
export type SeedRun = Outcome & { readonly again?: string };

export interface SeedWish {
  readonly count: number;
  /** So many of them are run twice. */
  readonly twice: number;
}

/** Two cores: as many processes. */
const PROCESSES = 2;

/** `scene` is the folder of its run.ts, from this one. */
export async function runSeeds(scene: string, { count, twice }: SeedWish): Promise<SeedRun[]> {
  const each = Math.ceil(count / PROCESSES);
  const parts = Array.from({ length: PROCESSES }, (_, i) => {
    const from = 1 + i * each;
    const share = Math.min(each, count - i * each);
    return run(scene, ["--from", `${from}`, "--count", `${share}`, "--twice", `${i === 0 ? twice : 0}`]);
  });
  return (await Promise.all(parts)).flat();
}

/** Runs a mutant until it is caught; the last run is the one that caught it. */
export function runMutant(scene: string, name: string, count: number): Promise<SeedRun[]> {
  return run(scene, ["--mutant", name, "--count", `${count}`]);
}

async function run(scene: string, args: readonly string[]): Promise<SeedRun[]> {
  const script = join(import.meta.dirname, scene, "run.ts");
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const runs: SeedRun[] = [];
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith("{")) runs.push(JSON.parse(line) as SeedRun);
  const code = await ended;
  if (code !== 0) throw new Error(`running seeds ${args.join(" ")}: exit code ${code}\n${complaint}`);
  return runs;
}
