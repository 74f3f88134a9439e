import { createWriteStream, mkdirSync, readFileSync, type WriteStream } from "node:fs";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";
import * as v from "valibot";
import { UserError } from "../user-error.ts";

const LINES_A_WRITE = 200;

/** Lines of JSON, written while things go on, so that what is known survives an interruption. */
export class LineFile {
  readonly #stream: WriteStream;
  #lines: string[] = [];

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#stream = createWriteStream(file);
  }

  add(line: object): void {
    this.#lines.push(JSON.stringify(line));
    if (this.#lines.length >= LINES_A_WRITE) this.#flush();
  }

  async close(): Promise<void> {
    this.#flush();
    this.#stream.end();
    await finished(this.#stream);
  }

  #flush(): void {
    if (this.#lines.length > 0) this.#stream.write(`${this.#lines.join("\n")}\n`);
    this.#lines = [];
  }
}

/**
 * Reads the lines of such a file. What stands behind the last end of a line is being written, or was when its writer was
 * ended: it is left out. Throws where a line is none.
 */
export function readLines<S extends v.GenericSchema>(file: string, line: S): v.InferOutput<S>[] {
  const schema = v.pipe(v.string(), v.parseJson(), line);
  const complete = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return complete.map((text, i) => {
    const read = v.safeParse(schema, text);
    if (read.success) return read.output;
    throw new UserError(`reading books "${file}": line ${i + 1} is none: ${read.issues[0].message}`);
  });
}

/** The error where the line is missing that says what the others are of. */
export function headless(file: string): UserError {
  return new UserError(`reading books "${file}": got no line that says whose they are`);
}
