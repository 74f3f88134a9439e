import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
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

/** A disk that says so may take it later; what else it says is a configuration's mistake. */
const DISK_TROUBLE: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO"]);

/**
 * A file with a line of JSON a record. A record is durable before anything of it goes out, so that a crash can neither
 * lose a cue that was taken nor make another one of it. Records that come together are fsynced together.
 */
export class CueJournal {
  readonly #path: string;
  /** What still counts of the file that was there: with it, the file is written anew before anything is added. */
  readonly #before: string;
  #file: FileHandle | undefined;
  #length = 0;
  #beginning: Promise<FileHandle> | undefined;
  #obstacle: string | undefined;
  #waiting: Waiting[] = [];
  #isWriting = false;

  private constructor(path: string, before: string) {
    this.#path = path;
    this.#before = before;
  }

  /**
   * Opens the journal at `path` and gives what is in it that still counts at `now`. On a disk that takes nothing at the
   * moment the file stays as it was, and records are refused until it can be written.
   */
  static async open(
    path: string,
    now: number,
  ): Promise<{ readonly journal: CueJournal; readonly records: JournalRecord[] }> {
    const before = await contentsOf(path);
    const records = before.map(parse).filter((record) => record !== undefined);
    const kept = records.filter(({ until }, i) => until + KEPT_MS > now || i === records.length - 1);
    const journal = new CueJournal(path, kept.map(lineOf).join(""));
    await journal.begin().catch((cause: unknown) => {
      if (DISK_TROUBLE.has(codeOf(cause))) return;
      throw new Error(`opening the encoder's journal "${path}": ${String(cause)}`, { cause });
    });
    return { journal, records: kept };
  }

  /** Why no record can be taken; undefined once the file is written anew. */
  get obstacle(): string | undefined {
    return this.#obstacle;
  }

  /** Writes the file anew where it is not yet; rejects with what the disk says. */
  begin(): Promise<FileHandle> {
    if (this.#file) return Promise.resolve(this.#file);
    return (this.#beginning ??= this.#rewrite().finally(() => (this.#beginning = undefined)));
  }

  /** Durable when it resolves. Rejects where the disk does not take it; nothing of it counts then. */
  append(record: JournalRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text: lineOf(record), resolve, reject });
      if (!this.#isWriting) void this.#write();
    });
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #rewrite(): Promise<FileHandle> {
    try {
      await replace(this.#path, this.#before);
      this.#file = await open(this.#path, "r+");
    } catch (error) {
      this.#obstacle = `the journal "${this.#path}" cannot be written: ${String(error)}`;
      throw error;
    }
    this.#length = Buffer.byteLength(this.#before);
    this.#obstacle = undefined;
    return this.#file;
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
    const file = await this.begin();
    const bytes = Buffer.from(text);
    await this.#writeWhole(file, bytes);
    await file.datasync();
    this.#length += bytes.length;
  }

  /** A disk that gets full takes a part, and says so by its count only. */
  async #writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, at, bytes.length - at, this.#length + at);
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
    if (codeOf(error) === "ENOENT") return [];
    throw new Error(`opening the encoder's journal "${path}": ${String(error)}`, { cause: error });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Writes a whole file in place of another: after a crash there is one or the other. */
async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  try {
    await writeDurably(temporary, text);
  } catch (error) {
    // Its beginning would take the room that is missing.
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
