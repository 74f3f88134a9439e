import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { World } from "../../../crdt/ports.ts";
import type { GeoSettings } from "../../steering/geo.ts";
import { lineLog } from "../../runtime/host/log.ts";
import { whenToStop } from "../../runtime/host/signals.ts";
import { realWorld } from "../../runtime/host/world.ts";
import { UserError } from "../user-error.ts";
import { SettingsError } from "./settings.ts";

export interface RunOptions {
  readonly config: string;
  readonly supervised?: boolean;
}

/** A program of steering, as this module runs it. */
export interface SteeringProgram<S> {
  readonly name: string;
  read(path: string): S;
  start(settings: S, world: World): Promise<{ reload(settings: S): Promise<void>; stop(): Promise<void> }>;
}

/** EX_CONFIG of sysexits.h: starting again changes nothing. */
const EXIT_CONFIG = 78;

/** Runs it until it is asked to stop; SIGHUP reads its settings and its data again. */
export async function runSteering<S>(program: SteeringProgram<S>, options: RunOptions): Promise<void> {
  const world = realWorld(logOf(program.name));
  const settings = settingsOrEnd(() => program.read(options.config));
  const stopAsked = whenToStop(options.supervised === true);
  const running = await program.start(settings, world).catch((error: Error) => {
    throw new UserError(`starting "${program.name}": ${error.message}`);
  });
  const reload = async () => running.reload(program.read(options.config));
  process.on("SIGHUP", () => {
    reload().then(
      () => world.log("info", "reloaded"),
      (error: unknown) => world.log("error", "the old settings stay", { error: String(error) }),
    );
  });
  const reason = await stopAsked;
  world.log("info", "stopping", { reason });
  await running.stop();
  process.exit(0);
}

/** Reads the command line, and ends with a mistake's own code where there is one. */
export async function runAsProgram(run: (options: RunOptions) => Promise<void>): Promise<void> {
  const { values } = parseArgs({
    options: { config: { type: "string" }, supervised: { type: "boolean", default: false } },
  });
  try {
    if (values.config === undefined) throw new UserError("wanted --config FILE", EXIT_CONFIG);
    await run({ config: values.config, supervised: values.supervised });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(error.exitCode);
  }
}

function logOf(name: string) {
  const form = process.stdout.isTTY ? "text" : "json";
  return lineLog({ name, form, least: "info", now: () => Date.now(), write: (line) => process.stdout.write(line) });
}

/** What `read` gives; a mistake in the file ends the program in a way that starting it again does not mend. */
export function settingsOrEnd<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SettingsError) throw new UserError(error.message, EXIT_CONFIG);
    throw error;
  }
}

/** Reads a settings file; the database's path is relative to the file's own folder. */
export function readSettings<S extends { readonly geo: GeoSettings }>(
  path: string,
  parse: (text: string, source: string) => S,
): S {
  const settings = parse(readText(path), path);
  const { mmdb } = settings.geo;
  return mmdb === undefined ? settings : { ...settings, geo: { ...settings.geo, mmdb: resolve(dirname(path), mmdb) } };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new SettingsError(`reading "${path}": ${error instanceof Error ? error.message : String(error)}`);
  }
}
