import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";

/** What the encoder has taken, as its journal keeps it. */
export interface JournalRecord {
  /** Counts the encoder's records, from 1. */
  readonly number: number;
  /** When it has to go out, milliseconds since 1970. */
  readonly at: number;
  /** Until when it makes sense, milliseconds since 1970. */
  readonly until: number;
  /** By what it is known when it comes again; null for what may come as often as it likes. */
  readonly key: string | null;
  /** The SCTE 104 message that asked for it. */
  readonly message: Uint8Array;
}

/** How long a record is kept after its time, ms: so long the same cue is known when it comes again. */
export const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

const line = v.object({
  number: v.number(),
  at: v.number(),
  until: v.number(),
  key: v.nullable(v.string()),
  message: v.pipe(v.string(), v.regex(/^([0-9a-f]{2})*$/)),
});

interface Waiting {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A file with a line of JSON a record. A record is durable before anything of it goes out, so that a crash can neither
 * lose a cue that was taken nor make another one of it. Records that come together are fsynced together.
 */
export class CueJournal {
  readonly #file: FileHandle;
  #length: number;
  #waiting: Waiting[] = [];
  #isWriting = false;

  private constructor(file: FileHandle, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /** Opens the journal at `path` and gives what is in it that still counts at `now`. */
  static async open(
    path: string,
    now: number,
  ): Promise<{ readonly journal: CueJournal; readonly records: JournalRecord[] }> {
    const before = await contentsOf(path);
    const records = before.map(parse).filter((record) => record !== undefined);
    const kept = records.filter(({ until }, i) => until + KEPT_MS > now || i === records.length - 1);
    const text = kept.map(lineOf).join("");
    await replace(path, text);
    const file = await open(path, "r+");
    return { journal: new CueJournal(file, Buffer.byteLength(text)), records: kept };
  }

  /** Durable when it resolves. Rejects where the disk does not take it; nothing of it counts then. */
  append(record: JournalRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text: lineOf(record), resolve, reject });
      if (!this.#isWriting) void this.#write();
    });
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#commit(group.map(({ text }) => text).join(""));
        for (const { resolve } of group) resolve();
      } catch (cause) {
        const error = new Error(
          `writing the encoder's journal: ${cause instanceof Error ? cause.message : String(cause)}`,
        );
        for (const { reject } of group) reject(error);
      }
    }
    this.#isWriting = false;
  }

  /** At a place of its own, so that what a failed write left behind is written over by the next one. */
  async #commit(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await this.#writeWhole(bytes);
    await this.#file.datasync();
    this.#length += bytes.length;
  }

  /** A disk that gets full takes a part, and says so by its count only. */
  async #writeWhole(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#length + at);
      if (bytesWritten === 0) throw new Error(`the disk took ${at} of ${bytes.length} bytes`);
      at += bytesWritten;
    }
  }
}

function lineOf({ message, ...rest }: JournalRecord): string {
  return `${JSON.stringify({ ...rest, message: bytesToHex(message) })}\n`;
}

/** Undefined for a line that a crash cut short. */
function parse(text: string): JournalRecord | undefined {
  try {
    const read = v.safeParse(line, JSON.parse(text));
    return read.success ? { ...read.output, message: hexToBytes(read.output.message) } : undefined;
  } catch {
    return undefined;
  }
}

async function contentsOf(path: string): Promise<string[]> {
  try {
    return (await readFile(path, "utf8")).split("\n").filter((text) => text !== "");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new Error(`opening the encoder's journal "${path}": ${String(error)}`, { cause: error });
  }
}

/** Writes a whole file in place of another: after a crash there is one or the other. */
async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
