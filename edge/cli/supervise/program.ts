import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

/** How a member's program is started. */
export interface Program {
  readonly runtime: RuntimeName;
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
}

export type RuntimeName = "deno" | "node";
export const RUNTIMES: readonly RuntimeName[] = ["deno", "node"];

/** The repository: Deno finds node_modules by the package.json in its working directory. */
export const ROOT = resolve(import.meta.dirname, "../../..");

/** Deno's own file. The `deno` in .bin is a wrapper, and whoever kills that leaves Deno behind. */
export function findDeno(): string | undefined {
  const { platform, arch } = process;
  const suffix = platform === "linux" ? "-glibc" : "";
  const file = platform === "win32" ? "deno.exe" : "deno";
  try {
    const found = join(dirname(resolveFromDeno(`@deno/${platform}-${arch}${suffix}/package.json`)), file);
    return existsSync(found) ? found : undefined;
  } catch {
    return undefined; // No package for this platform was installed.
  }
}

/** The platform's package is deno's dependency, which package managers may keep below it. */
function resolveFromDeno(specifier: string): string {
  const here = createRequire(import.meta.url);
  return createRequire(here.resolve("deno/package.json")).resolve(specifier);
}

/** The command that runs a member with this configuration. Deno where it is there and nothing else is asked for. */
export function memberProgram(config: string, wish: RuntimeName | undefined, options: readonly string[] = []): Program {
  return program({ deno: "edge/runtime/deno.ts", node: "edge/runtime/node.ts" }, config, wish, options);
}

/** The same for a module that runs on either runtime. */
export function entryProgram(
  entry: string,
  config: string,
  wish: RuntimeName | undefined,
  options: readonly string[] = [],
): Program {
  return program({ deno: entry, node: entry }, config, wish, options);
}

function program(
  entries: Readonly<Record<RuntimeName, string>>,
  config: string,
  wish: RuntimeName | undefined,
  options: readonly string[],
): Program {
  const deno = wish === "node" ? undefined : findDeno();
  if (wish === "deno" && !deno) throw new Error(`no Deno is installed for ${process.platform} ${process.arch}`);
  const args = ["--config", resolve(config), ...options];
  return deno
    ? {
        runtime: "deno",
        command: deno,
        args: ["run", ...DENO_OPTIONS, join(ROOT, entries.deno), ...args],
        folder: ROOT,
      }
    : { runtime: "node", command: process.execPath, args: [join(ROOT, entries.node), ...args], folder: ROOT };
}

/** Nothing is fetched, nothing is asked for. Native code (libSQL's) is let in, so finer permissions would guard nothing. */
const DENO_OPTIONS = [
  "--allow-all",
  "--no-prompt",
  "--cached-only",
  "--no-lock",
  "--node-modules-dir=manual",
  "--quiet",
];
