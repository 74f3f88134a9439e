import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { isHeartbeat, readTextFrame } from "../host/frame.ts";
import type { Wire } from "../host/websocket.ts";

/** What is needed of a `Deno.Conn`. */
export interface Connection {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

interface Writing {
  readonly bytes: Uint8Array;
  readonly done: (error?: Error) => void;
}

/**
 * A Deno connection as the stream that `ws` writes to and reads from; and, for whole text frames, the way past it: a
 * Node stream and `ws` on it cost 17 µs a ballot here, where the frame itself costs one. The first that comes in another
 * form, a part of a frame or of a message, makes `ws` the only reader for good.
 */
export class ConnectionStream extends Duplex implements Wire {
  /** Takes a text that came as one whole frame. */
  ontext: ((text: string) => void) | undefined;
  readonly #connection: Connection;
  /** Read into again and again; what is handed on is a copy of what came. */
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #queue: Writing[] = [];
  #reading = false;
  #writing = false;
  #waiting = 0;
  /** Nothing came yet but whole text frames and heartbeats: `ws` stands between two messages. */
  #isPlain = true;

  constructor(connection: Connection) {
    super();
    this.#connection = connection;
  }

  /** Bytes of frames that were not written yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Writes a whole frame after everything written so far. */
  writeFrame(frame: Uint8Array): void {
    this.#waiting += frame.length;
    this.#enqueue(frame, () => (this.#waiting -= frame.length));
  }

  override _read(): void {
    if (!this.#reading) void this.#readOn();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#enqueue(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.#enqueue(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
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
    while (this.#reading) {
      let length: number | null;
      try {
        length = await this.#connection.read(this.#buffer);
      } catch {
        // Without the error, which nobody looks at, and of which a stream makes another one with its stack.
        this.#reading = false;
        return void this.destroy();
      }
      this.#reading = length === null ? this.push(null) : this.#take(this.#buffer.subarray(0, length));
    }
  }

  /** Whether to read on at once. */
  #take(bytes: Uint8Array): boolean {
    const text = this.#isPlain && this.ontext ? readTextFrame(bytes) : undefined;
    if (text === undefined) {
      this.#isPlain &&= isHeartbeat(bytes);
      return this.push(Buffer.from(bytes));
    }
    this.ontext!(text);
    return true;
  }

  #enqueue(bytes: Uint8Array, done: Writing["done"]): void {
    this.#queue.push({ bytes, done });
    if (!this.#writing) void this.#writeOn();
  }

  /** One write at a time: a part of one frame must not come into another. */
  async #writeOn(): Promise<void> {
    this.#writing = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      const { bytes, done } = next;
      try {
        for (let at = 0; at < bytes.length;) at += await this.#connection.write(at === 0 ? bytes : bytes.subarray(at));
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
        this.destroy();
      }
    }
    this.#writing = false;
  }
}

/** Held by every connection, whose messages are some 100 bytes; longer ones take several reads. */
const READ_BYTES = 2048;
