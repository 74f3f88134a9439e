import { EventEmitter, once } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import * as ws from "ws";
import { isHeartbeat, readTextFrame, textFrame } from "../../../edge/runtime/host/frame.ts";

// What `ws` itself writes and reads is the judge of what goes past it.
const [Sender, Receiver] = [Reflect.get(ws, "Sender"), Reflect.get(ws, "Receiver")] as [
  { frame(data: Buffer, options: object): Buffer[] },
  new (options: object) => EventEmitter & { write(bytes: Uint8Array): boolean },
];
const [TEXT, BINARY, CLOSE, PING, PONG] = [1, 2, 8, 9, 10];

function clientFrame(opcode: number, payload: Buffer, more: object = {}): Buffer {
  const options = { fin: true, rsv1: false, opcode, mask: true, readOnly: true, ...more };
  return Buffer.concat(Sender.frame(payload, options));
}

test("a client's text in one whole frame is read, of any content and length that fits", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), (text) => {
      expect(readTextFrame(clientFrame(TEXT, Buffer.from(text)))).toBe(Buffer.from(text).toString("utf8"));
    }),
  );
  for (const length of [0, 1, 125, 126, 127, 2042, 65_535])
    expect(readTextFrame(clientFrame(TEXT, Buffer.alloc(length, "x")))).toBe("x".repeat(length));
});

test.for<[what: string, bytes: Uint8Array]>([
  ["a part of a frame", clientFrame(TEXT, Buffer.from("hello")).subarray(0, -1)],
  ["a frame and more", Buffer.concat([clientFrame(TEXT, Buffer.from("hello")), Buffer.from([0x81])])],
  ["the first part of a message", clientFrame(TEXT, Buffer.from("hello"), { fin: false })],
  ["a compressed frame", clientFrame(TEXT, Buffer.from("hello"), { rsv1: true })],
  ["a frame without a mask", clientFrame(TEXT, Buffer.from("hello"), { mask: false })],
  ["bytes", clientFrame(BINARY, Buffer.from("hello"))],
  ["a close", clientFrame(CLOSE, Buffer.from([3, 232]))],
  ["a ping", clientFrame(PING, Buffer.from("hello"))],
  ["no UTF-8", clientFrame(TEXT, Buffer.from([0x68, 0xff, 0xfe]))],
  ["a length of eight bytes", clientFrame(TEXT, Buffer.alloc(65_536, "x"))],
  ["nothing", new Uint8Array()],
  ["one byte", Uint8Array.of(0x81)],
])("%s is left as it came", ([, bytes]) => {
  const before = Buffer.from(bytes);
  expect(readTextFrame(bytes)).toBeUndefined();
  expect(Buffer.from(bytes)).toEqual(before);
});

test("pings and pongs are told from everything that changes a message", () => {
  const beat = Buffer.from("beat");
  expect([PING, PONG].map((opcode) => isHeartbeat(clientFrame(opcode, beat)))).toEqual([true, true]);
  expect([TEXT, BINARY, CLOSE].map((opcode) => isHeartbeat(clientFrame(opcode, beat)))).toEqual([false, false, false]);
  expect(isHeartbeat(clientFrame(PING, beat).subarray(0, 5))).toBe(false);
  expect(isHeartbeat(new Uint8Array())).toBe(false);
});

test.for([0, 125, 126, 65_535, 65_536, 100_000])("a text of %i bytes is written as ws reads it", async (length) => {
  const text = `${"é".repeat(length >> 1)}${"x".repeat(length & 1)}`;
  const receiver = new Receiver({ isServer: false });
  const came = once(receiver, "message");
  receiver.write(textFrame(text));
  const [data, isBinary] = (await came) as [Buffer, boolean];
  expect([data.toString("utf8") === text, isBinary]).toEqual([true, false]);
});
