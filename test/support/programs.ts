// Programs of other people that tests need: found, started, and ended by their own process and no other.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const FOLDERS = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
const started: ChildProcess[] = [];
process.once("exit", () => started.forEach((child) => child.kill("SIGKILL")));

/** A program's path; undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why a test that needs these programs cannot run, for its name; "" where it can. */
export function missingPrograms(...names: string[]): string {
  const missing = names.filter((name) => findProgram(name) === undefined);
  return missing.length === 0 ? "" : ` (not installed: ${missing.join(", ")})`;
}

/** Runs a program to its end and gives what it printed. */
export async function runProgram(name: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(findProgram(name) ?? name, args, { maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

export interface RunningProgram {
  readonly pid: number;
  output(): string;
  signal(name: NodeJS.Signals): void;
  end(): Promise<void>;
}

/** Starts a program in the foreground. */
export function startProgram(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningProgram {
  const child = spawn(findProgram(name) ?? name, args, { stdio: "pipe", env: { ...process.env, ...env } });
  started.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (output += part.toString()));
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.once("error", (error) => (output += error.message));
  const end = async () => {
    child.kill("SIGKILL");
    await gone;
  };
  return { pid: child.pid!, output: () => output, signal: (signal) => child.kill(signal), end };
}
