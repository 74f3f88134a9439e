import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";

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
