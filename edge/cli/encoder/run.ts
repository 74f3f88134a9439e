import { readFileSync } from "node:fs";
import {
  type EncoderConfig,
  type EncoderSettings,
  parseEncoderConfig,
  readEncoderConfig,
} from "../../../monitor/encoder/config.ts";
import { runEncoder } from "../../../monitor/encoder/run.ts";
import { lineLog } from "../../runtime/host/log.ts";
import { whenToStop } from "../../runtime/host/signals.ts";
import { realWorld } from "../../runtime/host/world.ts";
import { UserError } from "../user-error.ts";

export interface EncoderOptions extends EncoderConfig {
  readonly config?: string;
}

const EXIT_CONFIG = 78;

/** Runs an encoder until its input ends or it is asked to stop. What it says goes to standard error. */
export async function encoder(options: EncoderOptions): Promise<void> {
  const settings = settingsOf(options);
  const log = lineLog({
    name: "encoder",
    form: "text",
    least: "info",
    now: () => Date.now(),
    write: (line) => process.stderr.write(line),
  });
  try {
    await runEncoder(settings, realWorld(log), whenToStop(false));
  } catch (error) {
    throw new UserError(`running the encoder: ${error instanceof Error ? error.message : String(error)}`);
  }
  process.exit(0);
}

function settingsOf({ config, ...options }: EncoderOptions): EncoderSettings {
  try {
    return config === undefined
      ? readEncoderConfig(options, "of the options", process.cwd())
      : parseEncoderConfig(readFileSync(config, "utf8"), config);
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error), EXIT_CONFIG);
  }
}
