// A content encoder without video: `node edge/runtime/recording-encoder.ts --config FILE` journals the cues it is sent.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { hexToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { encoderHandler, encoderToken } from "../../monitor/recording-encoder/http.ts";
import { FileJournal } from "../../monitor/recording-encoder/journal.ts";
import { RecordingEncoder } from "../../monitor/recording-encoder/recording-encoder.ts";
import { whenToStop } from "./host/signals.ts";
import { servePublic } from "./node/public.ts";

const ConfigFile = v.object({
  listen: v.object({ host: v.string(), port: v.number() }),
  /** Beside the configuration, where it is not absolute. */
  journal: v.string(),
  keys: v.object({ network: v.pipe(v.string(), v.hexadecimal()) }),
});

const { values } = parseArgs({
  options: { config: { type: "string" }, supervised: { type: "boolean", default: false } },
});
if (values.config === undefined) throw new Error("starting the recording encoder: wanted --config FILE");
const path = values.config;
const { listen, journal, keys } = v.parse(ConfigFile, JSON.parse(readFileSync(path, "utf8")));
const stopAsked = whenToStop(values.supervised);
const encoder = new RecordingEncoder(FileJournal.open(resolve(dirname(path), journal)), { now: () => Date.now() });
const answer = encoderHandler(encoder, encoderToken(hexToBytes(keys.network)));
const onerror = (error: unknown) =>
  process.stdout.write(`${JSON.stringify({ level: "error", error: String(error) })}\n`);
const listener = await servePublic({ ...listen, maxMessageBytes: 0, onerror }, answer);
process.stdout.write(`${JSON.stringify({ level: "info", message: "recording encoder is up", ...listen })}\n`);
await stopAsked;
await listener.close(500);
encoder.close();
process.exit(0);
