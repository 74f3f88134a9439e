import { resolve } from "node:path";
import { parseHostPort, parseSource, parseTarget } from "../../../monitor/encoder/address.ts";
import { serveHls } from "../../../monitor/encoder/hls/server.ts";
import { EncoderProgram, type ProgramOptions } from "../../../monitor/encoder/program.ts";
import type { Application } from "../../../monitor/encoder/signal/ait.ts";
import type { InsertionMode } from "../../../monitor/encoder/stream/inserter.ts";
import { lineLog } from "../../runtime/host/log.ts";
import { whenToStop } from "../../runtime/host/signals.ts";
import { realWorld } from "../../runtime/host/world.ts";
import { UserError } from "../user-error.ts";

export interface EncoderOptions {
  readonly in: string;
  readonly out: string;
  readonly listen: string;
  readonly pidIndex: number;
  readonly journal: string;
  readonly programme?: number;
  readonly pids: readonly number[];
  readonly componentTag: number;
  readonly formatIdentifier: string;
  readonly page?: string;
  readonly mode: InsertionMode;
  readonly hls?: string;
  readonly hlsListen?: string;
  readonly own?: string;
  readonly partner?: string;
  readonly supervised?: boolean;
}

/** Seconds of a HLS segment: what a receiver is behind grows with it. */
const HLS_TARGET_S = 1;
/** `stream_event_id` that the receiver's event file gives to "cue". */
const STREAM_EVENT_ID = 1;
const EXIT_CONFIG = 78;

/** Runs an encoder until its input ends or it is asked to stop. What it says goes to standard error. */
export async function runEncoder(options: EncoderOptions): Promise<void> {
  const world = realWorld(
    lineLog({
      name: "encoder",
      form: process.stderr.isTTY ? "text" : "json",
      least: process.env["REDBUTTON_LOG"] === "debug" ? "debug" : "info",
      now: () => Date.now(),
      write: (line) => process.stderr.write(line),
    }),
  );
  const wanted = readOptions(options);
  // Standard input is the supervisor's lifeline, unless the stream comes from there.
  const stopAsked = whenToStop(options.supervised === true && wanted.source.kind !== "stdin");
  const program = await started(wanted, world);
  const hls =
    options.hls === undefined || options.hlsListen === undefined
      ? undefined
      : await serveHls(options.hls, parseHostPort(options.hlsListen, "127.0.0.1"));
  try {
    await Promise.race([program.ended, stopAsked]);
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error));
  } finally {
    hls?.close();
    await program.stop();
  }
  process.exit(0);
}

async function started(
  options: ProgramOptions,
  world: Parameters<typeof EncoderProgram.start>[1],
): Promise<EncoderProgram> {
  try {
    return await EncoderProgram.start(options, world);
  } catch (error) {
    throw new UserError(`starting the encoder: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readOptions(options: EncoderOptions): ProgramOptions {
  try {
    return programOptions(options);
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error), EXIT_CONFIG);
  }
}

function programOptions(options: EncoderOptions): ProgramOptions {
  const { own, partner, programme, page, hls, mode, componentTag, formatIdentifier } = options;
  if ((own === undefined) !== (partner === undefined)) throw new Error("a partner takes both: --own and --partner");
  const application = page === undefined ? undefined : applicationOf(page);
  return {
    source: parseSource(options.in),
    target: parseTarget(options.out),
    scte104: { ...parseHostPort(options.listen, "127.0.0.1"), pidIndex: options.pidIndex },
    journal: resolve(options.journal),
    inserter: {
      mode,
      componentTag,
      formatIdentifier,
      streamEventId: STREAM_EVENT_ID,
      pids: pidsOf(options.pids, application !== undefined),
      ...(programme === undefined ? {} : { programme }),
      ...(application ? { application } : {}),
    },
    ...(hls === undefined ? {} : { hls: { folder: resolve(hls), target: HLS_TARGET_S } }),
    ...(own === undefined || partner === undefined
      ? {}
      : { partner: { own: parseHostPort(own, "127.0.0.1"), partner: parseHostPort(partner, "127.0.0.1") } }),
  };
}

function pidsOf([scte35 = 0, streamEvent = 0, id3 = 0, ait = 0]: readonly number[], hasPage: boolean) {
  return {
    ...(scte35 > 0 ? { scte35 } : {}),
    ...(streamEvent > 0 ? { streamEvent } : {}),
    ...(id3 > 0 ? { id3 } : {}),
    ...(ait > 0 && hasPage ? { ait } : {}),
  };
}

/** The page's folder and what is below it: an AIT has them apart. Its ids are those for private use. */
function applicationOf(page: string): Application {
  const url = new URL(page);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new Error(`reading the page "${page}": wanted an http or https address`);
  const base = new URL(".", url).href;
  return { organisation: PRIVATE_ORGANISATION, id: 1, name: "Redbutton", base, path: url.href.slice(base.length) };
}

/** For tests and trials; a broadcaster has one of its own from DVB. */
const PRIVATE_ORGANISATION = 0x7fff_ffff;
