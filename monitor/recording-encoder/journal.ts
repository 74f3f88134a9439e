import { closeSync, fdatasync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Cue } from "../../crdt/cue.ts";

/** A cue as the journal keeps it: a line of JSON. */
export interface JournalledCue {
  readonly cue: Cue;
  /** When it was taken, milliseconds since 1970. */
  readonly takenAt: number;
}

/** Where an encoder keeps the cues that it has taken. */
export interface CueJournal {
  cues(): readonly JournalledCue[];
  find(id: string): JournalledCue | undefined;
  /** Resolves once the cue is on disk. Rejects where it is not: nothing of it is left, and it may be tried again. */
  append(entry: JournalledCue): Promise<void>;
  /** Resolves once everything appended so far is on disk. */
  sync(): Promise<void>;
  close(): void;
}

/**
 * Cues on disk, each once: a file of JSON lines that is appended to and fsynced before anyone is told. A line that a crash
 * tore was acknowledged to nobody, and is cut off.
 */
export class FileJournal implements CueJournal {
  readonly #fd: number;
  readonly #cues: Map<string, JournalledCue>;
  #length: number;
  #syncing: Promise<void> | undefined;
  /** After a failed fsync the kernel may call the lost pages clean: nothing more is said of this file. */
  #failure: Error | undefined;

  /** Throws where a line within the file cannot be read: then the disk is damaged, and what was shown is unknown. */
  static open(path: string): FileJournal {
    const fd = openSync(path, "a+", 0o600);
    const bytes = readFileSync(path);
    const length = bytes.lastIndexOf(NEWLINE) + 1;
    if (length < bytes.length) ftruncateSync(fd, length);
    const lines = bytes.subarray(0, length).toString("utf8").split("\n").slice(0, -1);
    return new FileJournal(fd, new Map(lines.map((line, i) => readLine(path, line, i + 1))), length);
  }

  private constructor(fd: number, cues: Map<string, JournalledCue>, length: number) {
    this.#fd = fd;
    this.#cues = cues;
    this.#length = length;
  }

  cues(): readonly JournalledCue[] {
    return [...this.#cues.values()];
  }

  find(id: string): JournalledCue | undefined {
    return this.#cues.get(id);
  }

  async append(entry: JournalledCue): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`, "utf8");
    try {
      for (let at = 0; at < line.length;) at += writeSync(this.#fd, line, at);
    } catch (error) {
      ftruncateSync(this.#fd, this.#length);
      throw error;
    }
    this.#length += line.length;
    this.#cues.set(entry.cue.id, entry);
    await this.sync();
  }

  /** Those who ask meanwhile share the next fsync. */
  async sync(): Promise<void> {
    await this.#syncing?.catch(() => {});
    if (this.#failure) throw new Error("the journal's disk failed; open it again", { cause: this.#failure });
    this.#syncing ??= this.#datasync().finally(() => (this.#syncing = undefined));
    await this.#syncing;
  }

  #datasync(): Promise<void> {
    return new Promise((resolve, reject) =>
      fdatasync(this.#fd, (error) => {
        this.#failure ??= error ?? undefined;
        if (error) reject(error);
        else resolve();
      }),
    );
  }

  close(): void {
    closeSync(this.#fd);
  }
}

const NEWLINE = 0x0a;

function readLine(path: string, line: string, number: number): [string, JournalledCue] {
  try {
    const entry = JSON.parse(line) as JournalledCue;
    return [entry.cue.id, entry];
  } catch (cause) {
    throw new Error(`reading "${path}": line ${number} is no cue: the file is damaged`, { cause });
  }
}
