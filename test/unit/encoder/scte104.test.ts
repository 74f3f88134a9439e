import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import { MessageFraming } from "../../../monitor/encoder/scte104/framing.ts";
import { decodeMessage, encodeMessage, type Message, OP } from "../../../monitor/encoder/scte104/message.ts";
import { MessageError, RESULT } from "../../../monitor/encoder/scte104/reader.ts";

const upid = new TextEncoder().encode("RBTN[1]");
const cue: Message = {
  kind: "multiple",
  asIndex: 1,
  number: 200,
  pidIndex: 3,
  time: { type: "immediate" },
  operations: [
    { op: "time_signal", preRoll: 250 },
    {
      op: "segmentation",
      eventId: 7,
      isCancelled: false,
      duration: 8,
      upidType: 0x0c,
      upid,
      type: 1,
      segment: 1,
      segmentsExpected: 1,
    },
  ],
};
const CUE_BYTES =
  "ffff002f" + // a multiple operation message of 47 bytes
  "0001c800030000" + // version 0, system 1, number 200, PID index 3, SCTE 35 version 0, at once
  "02" + // two operations
  "0104000200fa" + // time_signal, 250 ms
  "010b0019" + // segmentation descriptor, 25 bytes
  "00000007" +
  "00" +
  "0008" + // event 7, not cancelled, 8 s
  "0c07" +
  bytesToHex(upid) + // MPU
  "010101" + // content identification, 1 of 1
  "000101010103"; // no extension, unrestricted

test("a cue's message", () => {
  expect(bytesToHex(encodeMessage(cue))).toBe(CUE_BYTES);
  expect(decodeMessage(hexToBytes(CUE_BYTES))).toEqual(cue);
});

test("the three bytes on sub-segments are taken and passed over", () => {
  const longer = CUE_BYTES.replace("ffff002f", "ffff0032").replace("010b0019", "010b001c") + "000000";
  expect(decodeMessage(hexToBytes(longer))).toEqual(cue);
});

test("init and alive", () => {
  const init = { kind: "single", op: OP.initRequest, result: RESULT.none, asIndex: 1, number: 1, pidIndex: 0 } as const;
  const bytes = encodeMessage({ ...init, data: new Uint8Array() });
  expect(bytesToHex(bytes)).toBe("0001000dffffffff0001010000");
  expect(decodeMessage(bytes)).toEqual({ ...init, data: new Uint8Array() });
});

test("a UTC time counts from 1980, leap seconds included", () => {
  const at = Date.UTC(2026, 0, 1);
  const timed = encodeMessage({ ...cue, time: { type: "utc", at } });
  // 1,451,260,818 s: GPS time of 2026-01-01T00:00:00Z.
  expect(bytesToHex(timed).slice(20, 34)).toBe("01" + (1_451_260_818).toString(16).padStart(8, "0") + "0000");
  expect(decodeMessage(timed)).toMatchObject({ time: { type: "utc", at } });
});

test("a splice_request of a station", () => {
  const splice = {
    op: "splice",
    type: 1,
    eventId: 0x4800_008f,
    programId: 22_211,
    preRoll: 4000,
    breakDuration: 300,
    avail: 1,
    availsExpected: 1,
    autoReturn: true,
  } as const;
  const message: Message = { ...cue, operations: [splice] };
  expect(decodeMessage(encodeMessage(message))).toEqual(message);
});

test.for([
  ["a message that is too short for its header", "ffff000a0001c8000300", RESULT.invalidSize],
  ["an operation that says more than there is", CUE_BYTES.replace("010b0019", "010b00ff"), RESULT.invalidSize],
  ["a UPID that says more than there is", CUE_BYTES.replace("0c07", "0cff"), RESULT.invalidSize],
  ["bytes after the last operation", `${CUE_BYTES}00`, RESULT.invalidSize],
  ["another protocol version", CUE_BYTES.replace("ffff002f0001", "ffff002f0101"), RESULT.invalidVersion],
  ["a time type that is not known", CUE_BYTES.replace("00030000", "00030009"), RESULT.invalidSyntax],
] as const)("refused: %s", ([, bytes, result]) => {
  try {
    decodeMessage(hexToBytes(bytes));
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(MessageError);
    expect(error).toMatchObject({ result });
  }
});

test("time codes and unknown operations are read, to be answered", () => {
  const timeCode = `${CUE_BYTES.slice(0, 20)}0201020304${CUE_BYTES.slice(22)}`;
  expect(decodeMessage(hexToBytes(timeCode))).toMatchObject({ time: { type: "unsupported", code: 2 } });
  const unknown = "ffff0010" + "0001c800030000" + "01" + "01080000";
  expect(decodeMessage(hexToBytes(unknown))).toMatchObject({ operations: [{ op: "unknown", code: 0x0108 }] });
});

test("a stream is cut into messages however it is split", () => {
  const stream = hexToBytes(CUE_BYTES + "0001000dffffffff0001010000" + CUE_BYTES);
  for (const size of [1, 3, 12, 50, stream.length]) {
    const framing = new MessageFraming();
    const messages: string[] = [];
    for (let at = 0; at < stream.length; at += size)
      for (const message of framing.push(stream.subarray(at, at + size))) messages.push(bytesToHex(message));
    expect(messages).toEqual([CUE_BYTES, "0001000dffffffff0001010000", CUE_BYTES]);
  }
});

test("a messageSize that cannot be ends the stream", () => {
  expect(() => new MessageFraming().push(Uint8Array.of(0xff, 0xff, 0, 3))).toThrow("got a messageSize of 3");
  expect(() => new MessageFraming().push(new TextEncoder().encode("GET / HTTP/1.1"))).toThrow("got opID 0x4745");
});
