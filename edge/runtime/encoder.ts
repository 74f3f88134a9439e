// The content encoder as a program: `node edge/runtime/encoder.ts --config FILE`. `redbutton encoder` is the same by options.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseEncoderConfig } from "../../monitor/encoder/config.ts";
import { runEncoder } from "../../monitor/encoder/run.ts";
import { lineLog } from "./host/log.ts";
import { EXIT } from "./host/run-member.ts";
import { whenToStop } from "./host/signals.ts";
import { realWorld } from "./host/world.ts";

const { values } = parseArgs({
  options: { config: { type: "string" }, supervised: { type: "boolean", default: false } },
});
const world = realWorld(
  lineLog({
    name: "encoder",
    form: process.stderr.isTTY ? "text" : "json",
    least: process.env["REDBUTTON_LOG"] === "debug" ? "debug" : "info",
    now: () => Date.now(),
    // The standard output may be the stream's.
    write: (line) => process.stderr.write(line),
  }),
);
const settings = settingsOrEnd(values.config);
try {
  // The standard input is the supervisor's lifeline, unless the stream comes from there.
  const isLifeline = values.supervised && settings.program.source.kind !== "stdin";
  await runEncoder(settings, world, whenToStop(isLifeline));
  process.exit(EXIT.stopped);
} catch (error) {
  world.log("error", "the encoder failed", { error });
  process.exit(EXIT.failed);
}

function settingsOrEnd(file: string | undefined) {
  try {
    if (file === undefined) throw new Error("starting an encoder: wanted --config FILE");
    return parseEncoderConfig(readFileSync(file, "utf8"), file);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(EXIT.config);
  }
}
