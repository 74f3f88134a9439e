import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";

/** A Deno connection as the stream that `ws` writes to and reads from. */
export class ConnectionStream extends Duplex {
  readonly #connection: Deno.Conn;
  /** Read into again and again; what is handed on is a copy of what came. */
  readonly #buffer = new Uint8Array(READ_BYTES);
  #reading = false;

  constructor(connection: Deno.Conn) {
    super();
    this.#connection = connection;
  }

  override _read(): void {
    if (!this.#reading) void this.#readOn();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#writeAll(chunk).then(() => done(), done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.#writeAll(Buffer.concat(chunks.map(({ chunk }) => chunk))).then(() => done(), done);
  }

  override _final(done: () => void): void {
    this.#connection.closeWrite().then(done, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    try {
      this.#connection.close();
    } catch {
      // Closed already, by the other end.
    }
    done(error);
  }

  async #readOn(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#reading) this.#reading = this.#pushed(await this.#readSome());
    } catch (error) {
      this.#reading = false;
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #readSome(): Promise<Buffer | null> {
    const length = await this.#connection.read(this.#buffer);
    return length === null ? null : Buffer.from(this.#buffer.subarray(0, length));
  }

  #pushed(chunk: Buffer | null): boolean {
    return this.push(chunk) && chunk !== null;
  }

  async #writeAll(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length;) at += await this.#connection.write(chunk.subarray(at));
  }
}

/** Held by every connection, whose messages are some 100 bytes; longer ones take several reads. */
const READ_BYTES = 2048;
