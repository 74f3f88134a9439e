import { Buffer } from "node:buffer";
import * as ws from "ws";
import { expect, test } from "vitest";
import { ConnectionStream, type Connection } from "../../../edge/runtime/deno/stream.ts";

const Sender = Reflect.get(ws, "Sender") as { frame(data: Buffer, options: object): Buffer[] };

/** A connection that takes `most` bytes at a time, and whose other end is the test. */
class TestConnection implements Connection {
  written = "";
  closed = false;
  readonly #most: number;
  #give: ((bytes: Uint8Array | null) => void) | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const bytes = await new Promise<Uint8Array | null>((resolve) => (this.#give = resolve));
    if (bytes) into.set(bytes);
    return bytes && bytes.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.subarray(0, this.#most);
    this.written += Buffer.from(taken).toString("latin1");
    return Promise.resolve(taken.length);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
  }

  /** Lets bytes come, and everything happen that follows from them. */
  async come(bytes: Uint8Array | null): Promise<void> {
    this.#give!(bytes);
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function aStream(most = Infinity) {
  const connection = new TestConnection(most);
  const stream = new ConnectionStream(connection);
  const [texts, chunks]: [string[], string[]] = [[], []];
  stream.ontext = (text) => texts.push(text);
  stream.on("data", (chunk: Buffer) => chunks.push(chunk.toString("latin1")));
  await turn();
  return { connection, stream, texts, chunks };
}

function frame(text: string, opcode = 1): Buffer {
  return Buffer.concat(Sender.frame(Buffer.from(text), { fin: true, rsv1: false, opcode, mask: true, readOnly: true }));
}

test("whole texts go past the stream, and heartbeats between them do not", async () => {
  const { connection, texts, chunks } = await aStream();
  const beat = frame("beat", 10);
  for (const bytes of [frame("one"), beat, frame("two")]) await connection.come(bytes);
  expect(texts).toEqual(["one", "two"]);
  expect(chunks).toEqual([beat.toString("latin1")]);
});

test("after any other bytes the stream's reader gets everything, so that no message overtakes another", async () => {
  const { connection, texts, chunks } = await aStream();
  const two = frame("two");
  const rest = [two.subarray(0, 3), two.subarray(3), frame("three")];
  for (const bytes of [frame("one"), ...rest]) await connection.come(bytes);
  expect(texts).toEqual(["one"]);
  expect(chunks).toEqual(rest.map((bytes) => bytes.toString("latin1")));
});

test("a frame comes after what the stream wrote before it, and never into the middle of it", async () => {
  const { connection, stream } = await aStream(3);
  stream.write("handshake;");
  stream.writeFrame(Buffer.from("frame;"));
  stream.write("ping;");
  stream.writeFrame(Buffer.from("another;"));
  expect(stream.waiting).toBe(14);
  await turn();
  expect([connection.written, stream.waiting]).toEqual(["handshake;frame;another;ping;", 0]);
});

test("a connection that fails closes its stream, without an error that nobody would look at", async () => {
  const { connection, stream } = await aStream();
  connection.write = () => Promise.reject(new Error("reset"));
  stream.writeFrame(Buffer.from("frame"));
  await turn();
  expect([stream.destroyed, connection.closed]).toEqual([true, true]);
});
