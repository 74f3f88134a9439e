import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";

/** What the demo provider has booked, as a line of JSON; a later line of one reference replaces the one before. */
export interface DemoEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reference: string;
  readonly state: "charged" | "refunded" | "refused";
  /** Why it was refused: a slug. */
  readonly reason?: string;
  readonly show: string;
  readonly product: string;
  readonly quantity: number;
  /** In the currency's smallest unit. */
  readonly amount: number;
  readonly currency: string;
}

/**
 * The demo provider's books: a file that is appended to and fsynced before anyone is told. A line that a crash tore was
 * told to nobody, and is cut off.
 */
export class DemoBooks {
  readonly #fd: number;
  readonly #entries: Map<string, DemoEntry>;
  #length: number;

  /** Throws where a line within the file cannot be read. */
  static open(path: string): DemoBooks {
    const fd = openSync(path, "a+", 0o600);
    const bytes = readFileSync(path);
    const length = bytes.lastIndexOf("\n") + 1;
    if (length < bytes.length) ftruncateSync(fd, length);
    return new DemoBooks(fd, entriesIn(bytes.toString("utf8", 0, length)), length);
  }

  private constructor(fd: number, entries: Map<string, DemoEntry>, length: number) {
    this.#fd = fd;
    this.#entries = entries;
    this.#length = length;
  }

  find(reference: string): DemoEntry | undefined {
    return this.#entries.get(reference);
  }

  all(): readonly DemoEntry[] {
    return [...this.#entries.values()];
  }

  /** On disk when it returns; where it throws nothing of it is left. */
  book(entry: DemoEntry): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`, "utf8");
    try {
      for (let at = 0; at < line.length;) at += writeSync(this.#fd, line, at);
      fdatasyncSync(this.#fd);
    } catch (error) {
      ftruncateSync(this.#fd, this.#length);
      throw error;
    }
    this.#length += line.length;
    this.#entries.set(entry.reference, entry);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function entriesIn(text: string): Map<string, DemoEntry> {
  const lines = text.split("\n").slice(0, -1);
  return new Map(
    lines.map((line) => {
      const entry = JSON.parse(line) as DemoEntry;
      return [entry.reference, entry];
    }),
  );
}
