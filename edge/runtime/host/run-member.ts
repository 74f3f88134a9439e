import { parseArgs } from "node:util";
import type { World } from "../../../crdt/ports.ts";
import { ConfigError, type Config, type EdgeConfig, type ProcessConfig } from "../../config.ts";
import { readConfigFile } from "./config-file.ts";
import type { Door } from "./door.ts";
import { lineLog } from "./log.ts";
import type { Running } from "./member.ts";
import { whenToStop } from "./signals.ts";
import { realWorld } from "./world.ts";

/** What starting a member takes: the outside world, and a way to say that this boot has to end at once. */
export interface Surroundings {
  readonly door: Door;
  readonly world: World;
  /** The outcome of a write is unknown: nothing more may be said in this boot's name. */
  readonly onlost: (error: Error) => void;
}

/** How each kind of member is put together. */
export interface Starters {
  edge(config: EdgeConfig, surroundings: Surroundings): Promise<Running>;
  process(config: ProcessConfig, surroundings: Surroundings): Promise<Running>;
}

/** Exit codes of a member's process: what a supervisor goes by. */
export const EXIT = {
  stopped: 0,
  /** Something failed that a new start may mend. */
  failed: 1,
  /** The configuration is wrong (EX_CONFIG of sysexits.h): starting again changes nothing. */
  config: 78,
} as const;

/** Longest time in ms that a stop may take; after it the process ends as by kill -9, which loses nothing acknowledged. */
export const STOP_TIMEOUT_MS = 10_000;

/** The whole program of a member: reads its configuration, starts it, and stops it when asked to. */
export async function runMember(door: Door, starters: Starters): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { type: "string" },
      supervised: { type: "boolean", default: false },
      watch: { type: "boolean", default: false },
    },
  });
  if (values.config === undefined) return end(EXIT.config, "starting a member: wanted --config FILE");
  const config = withWatch(configOrEnd(values.config), values.watch);
  const world = realWorld(logOf(config.name));
  endOnMistakes(world);
  const onlost = (error: Error) => {
    world.log("error", "a write's outcome is unknown: this boot ends", { error: error.message });
    process.exit(EXIT.failed);
  };
  const stopAsked = whenToStop(values.supervised);
  const starting = start(config, { door, world, onlost }, starters);
  const running = await starting.catch((error: Error) =>
    end(EXIT.failed, `starting "${config.name}": ${error.message}`),
  );
  const reason = await stopAsked;
  world.log("info", "stopping", { reason });
  setTimeout(
    () => end(EXIT.failed, `"${config.name}" did not stop within ${STOP_TIMEOUT_MS} ms`),
    STOP_TIMEOUT_MS,
  ).unref();
  await running.stop();
  world.log("info", "stopped");
  process.exit(EXIT.stopped);
}

function start(config: Config, surroundings: Surroundings, starters: Starters): Promise<Running> {
  return config.role === "edge" ? starters.edge(config, surroundings) : starters.process(config, surroundings);
}

function configOrEnd(path: string): Config {
  try {
    return readConfigFile(path);
  } catch (error) {
    if (error instanceof ConfigError) return end(EXIT.config, error.message);
    throw error;
  }
}

/** `--watch` makes a watcher of an edge whose configuration says nothing of it. */
function withWatch(config: Config, watch: boolean): Config {
  return watch && config.role === "edge" ? { ...config, watch } : config;
}

function logOf(name: string) {
  const form = process.stdout.isTTY ? "text" : "json";
  const least = process.env["REDBUTTON_LOG"] === "debug" ? "debug" : "info";
  return lineLog({ name, form, least, now: () => Date.now(), write: (line) => process.stdout.write(line) });
}

/** A mistake of ours that nobody caught leaves a state that nobody knows: the boot ends, and the next one reads the log. */
function endOnMistakes(world: World): void {
  const report = (error: unknown) => {
    world.log("error", "an unforeseen error: this boot ends", { error });
    process.exit(EXIT.failed);
  };
  process.on("uncaughtException", report);
  process.on("unhandledRejection", report);
}

function end(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
