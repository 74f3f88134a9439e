import { dirname, resolve } from "node:path";
import * as v from "valibot";
import { CUE_EVENT } from "../../crdt/stream-event.ts";
import { parseHostPort, parseSource, parseTarget, type Source, type Target } from "./address.ts";
import { FORMAT_IDENTIFIER } from "./payload.ts";
import type { ProgramOptions } from "./program.ts";
import type { Application } from "./signal/ait.ts";
import { SCTE104_PORT } from "./scte104/message.ts";

const HOST = "127.0.0.1";
/** PIDs from 0x20 to 0x1FFE are free for streams (ISO/IEC 13818-1, table 2-3). */
const FIRST_PID = 0x20;
const LAST_PID = 0x1ffe;
/** Seconds of a HLS segment: what a receiver is behind grows with it. */
const HLS_TARGET_S = 1;
/** For tests and trials; a broadcaster has one of its own from DVB. */
const PRIVATE_ORGANISATION = 0x7fff_ffff;

const whole = (least: number, most: number) => {
  const wanted = `a whole number from ${least} to ${most}`;
  return v.pipe(v.number(wanted), v.integer(wanted), v.minValue(least, wanted), v.maxValue(most, wanted));
};
const pid = v.union(
  [v.literal(0), whole(FIRST_PID, LAST_PID)],
  `a PID from ${FIRST_PID} to ${LAST_PID}, or 0 for none`,
);
const path = v.pipe(v.string("a path"), v.minLength(1, "a path"));
const at = v.pipe(
  v.string(`"HOST:PORT"`),
  v.check((text) => canRead(() => parseHostPort(text, HOST)), `"HOST:PORT"`),
);
const source = `"udp://HOST:PORT", "loop:FILE", a file, or "-"`;
const target = `"udp://HOST:PORT", a file, or "-"`;

/** What an encoder is configured by: a file, or the options of `redbutton encoder`. */
const config = v.strictObject({
  /** What every program of a network is given: not needed here. */
  name: v.optional(v.string()),
  keys: v.optional(v.unknown()),
  in: v.optional(
    v.pipe(
      v.string(source),
      v.check((text) => canRead(() => parseSource(text)), source),
    ),
    "-",
  ),
  out: v.optional(
    v.pipe(
      v.string(target),
      v.check((text) => canRead(() => parseTarget(text)), target),
    ),
    "-",
  ),
  /** Where watchers and automation systems connect: an address of its own. */
  listen: v.optional(at, `${HOST}:${SCTE104_PORT}`),
  pidIndex: v.optional(whole(0, 0xffff), 0),
  journal: v.optional(path, "encoder.journal"),
  programme: v.optional(whole(1, 0xffff)),
  pids: v.optional(v.strictObject({ scte35: pid, streamEvent: pid, id3: pid, ait: pid }), {
    scte35: 0x1f0,
    streamEvent: 0x1f1,
    id3: 0x1f2,
    ait: 0x1f3,
  }),
  componentTag: v.optional(whole(0, 0xff), CUE_EVENT.componentTag),
  formatIdentifier: v.optional(v.pipe(v.string(), v.regex(/^[\x21-\x7e]{4}$/, "four characters")), FORMAT_IDENTIFIER),
  /** The page that televisions start, by an AIT. */
  page: v.optional(v.pipe(v.string(), v.regex(/^https?:\/\/[^/]+\/\S*$/, "an http or https address"))),
  mode: v.optional(v.picklist(["borrow", "replace"], `"borrow" or "replace"`), "borrow"),
  /** Folder of the live playlist. */
  hls: v.optional(path),
  /** Where /healthz is answered, and the playlist served. */
  status: v.optional(at),
  /** Another encoder on the same input: where it finds this one, and this one it. */
  partner: v.optional(v.strictObject({ own: at, other: at })),
});

export type EncoderConfig = v.InferInput<typeof config>;

/** What an encoder's program needs, and where its state is asked for. */
export interface EncoderSettings {
  readonly program: ProgramOptions;
  readonly status?: { readonly host: string; readonly port: number };
}

/** Checks a configuration; paths in it are from `folder`. Throws with everything that is wrong. */
export function readEncoderConfig(contents: unknown, source: string, folder: string): EncoderSettings {
  const read = v.safeParse(config, contents);
  if (!read.success)
    throw new Error(`reading the encoder's configuration "${source}":\n${read.issues.map(describe).join("\n")}`);
  const own = Object.values(read.output.pids).filter((each) => each !== 0);
  if (new Set(own).size < own.length)
    throw new Error(`reading the encoder's configuration "${source}":\n  pids: wanted a different one each`);
  return settingsOf(read.output, folder);
}

/** The same from a file's text. */
export function parseEncoderConfig(text: string, file: string): EncoderSettings {
  let contents: unknown;
  try {
    contents = JSON.parse(text);
  } catch (error) {
    throw new Error(`reading the encoder's configuration "${file}": ${String(error)}`, { cause: error });
  }
  return readEncoderConfig(contents, file, dirname(resolve(file)));
}

function settingsOf(read: v.InferOutput<typeof config>, folder: string): EncoderSettings {
  const { programme, page, hls, mode, componentTag, formatIdentifier, partner, status } = read;
  const application = page === undefined ? undefined : applicationOf(page);
  const program: ProgramOptions = {
    source: within(parseSource(read.in), folder),
    target: within(parseTarget(read.out), folder),
    scte104: { ...parseHostPort(read.listen, HOST), pidIndex: read.pidIndex },
    journal: resolve(folder, read.journal),
    inserter: {
      mode,
      componentTag,
      formatIdentifier,
      streamEventId: CUE_EVENT.id,
      pids: pidsOf(read.pids, application !== undefined),
      ...(programme === undefined ? {} : { programme }),
      ...(application ? { application } : {}),
    },
    ...(hls === undefined ? {} : { hls: { folder: resolve(folder, hls), target: HLS_TARGET_S } }),
    ...(partner
      ? { partner: { own: parseHostPort(partner.own, HOST), partner: parseHostPort(partner.other, HOST) } }
      : {}),
  };
  return status === undefined ? { program } : { program, status: parseHostPort(status, HOST) };
}

function within<T extends Source | Target>(address: T, folder: string): T {
  return "path" in address ? { ...address, path: resolve(folder, address.path) } : address;
}

function pidsOf({ scte35, streamEvent, id3, ait }: v.InferOutput<typeof config>["pids"], hasPage: boolean) {
  return {
    ...(scte35 > 0 ? { scte35 } : {}),
    ...(streamEvent > 0 ? { streamEvent } : {}),
    ...(id3 > 0 ? { id3 } : {}),
    ...(ait > 0 && hasPage ? { ait } : {}),
  };
}

/** The page's folder and what is below it: an AIT has them apart. */
function applicationOf(page: string): Application {
  const { href } = new URL(page);
  const base = new URL(".", page).href;
  return { organisation: PRIVATE_ORGANISATION, id: 1, name: "Redbutton", base, path: href.slice(base.length) };
}

function canRead(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

function describe(issue: v.BaseIssue<unknown>): string {
  const where = v.getDotPath(issue) ?? "the whole";
  if (issue.expected === "never") return `  ${where}: is no setting here`;
  return `  ${where}: got ${issue.received}, wanted ${issue.message.startsWith("Invalid") ? issue.expected : issue.message}`;
}
