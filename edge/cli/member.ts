import { ConfigError, type Config } from "../config.ts";
import { readConfigFile } from "../runtime/host/config-file.ts";
import { buildPages } from "./pages/build.ts";
import { memberProgram, type RuntimeName } from "./supervise/program.ts";
import { UserError } from "./user-error.ts";

export interface MemberOptions {
  readonly config: string;
  readonly runtime?: RuntimeName;
  /** Of an edge: watches thresholds, too. */
  readonly watch?: boolean;
}

const EXIT_CONFIG = 78;

/** Runs an edge in place of this process. Without its pages it serves programs all the same, so it says so and goes on. */
export async function runEdge(options: MemberOptions): Promise<void> {
  await buildPages().catch((error: unknown) =>
    console.error(`redbutton: the pages could not be built: ${error instanceof Error ? error.message : String(error)}`),
  );
  run(options, (role) => role === "edge", "an edge's");
}

/** Runs a process of the backbone (a recorder, a watcher, or all in one) in place of this process. */
export function runMonitor(options: MemberOptions): void {
  run(options, (role) => role !== "edge", "a process's");
}

/** The program replaces this one (execve), so that signals and systemd find the member itself and no wrapper. */
function run(options: MemberOptions, isRight: (role: Config["role"]) => boolean, whose: string): void {
  const { role } = configOf(options.config);
  if (!isRight(role))
    throw new UserError(`"${options.config}" is the configuration of role "${role}", wanted ${whose}`, EXIT_CONFIG);
  const { command, args, folder } = memberProgram(options.config, options.runtime, options.watch ? ["--watch"] : []);
  if (!process.execve)
    throw new UserError("this platform cannot replace a process: run edge/runtime/deno.ts or node.ts itself");
  process.chdir(folder);
  process.execve(command, [command, ...args], process.env);
}

function configOf(path: string): Config {
  try {
    return readConfigFile(path);
  } catch (error) {
    if (error instanceof ConfigError) throw new UserError(error.message, EXIT_CONFIG);
    throw error;
  }
}
