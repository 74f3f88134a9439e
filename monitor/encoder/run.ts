import type { World } from "../../crdt/ports.ts";
import type { EncoderSettings } from "./config.ts";
import { EncoderProgram } from "./program.ts";
import { serveStatus } from "./status.ts";

/** Runs an encoder until its input ends, nobody reads it any more, or `stopAsked` resolves. */
export async function runEncoder(settings: EncoderSettings, world: World, stopAsked: Promise<unknown>): Promise<void> {
  const { program: options, status } = settings;
  const program = await EncoderProgram.start(options, world);
  const hls = options.hls ? { hls: options.hls.folder } : {};
  const server = status && (await serveStatus({ ...status, ...hls }, () => program.health(), program.placed));
  try {
    await Promise.race([program.ended, stopAsked]);
  } finally {
    server?.closeAllConnections();
    server?.close();
    await program.stop();
  }
}
