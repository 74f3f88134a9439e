// Golden bytes: from the standards where they print some, else read field by field with tshark, which the process tests
// run over whole streams.
import { bytesToHex } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import { writeAit } from "../../../monitor/encoder/signal/ait.ts";
import { crc32 } from "../../../monitor/encoder/signal/crc.ts";
import { packetizeId3, writeId3 } from "../../../monitor/encoder/signal/id3.ts";
import { payloadAt, PCR_WRAP, pcrOf, PTS_WRAP, ptsOf, setPcr } from "../../../monitor/encoder/signal/packet.ts";
import {
  MAX_SCTE35_BYTES,
  writeSpliceInsert,
  writeTimeSignal,
  UPID_MPU,
} from "../../../monitor/encoder/signal/scte35.ts";
import { MAX_EVENT_DATA_BYTES, writeStreamEvent } from "../../../monitor/encoder/signal/stream-event.ts";
import { MAX_PAYLOAD_BYTES } from "../../../monitor/encoder/payload.ts";

const hex = bytesToHex;
const ascii = (text: string) => new TextEncoder().encode(text);

test("the CRC's check value, and the CRC of a section of SCTE 35, 14.1", () => {
  expect(crc32(ascii("123456789"))).toBe(0x0376e6e7);
  const sample = Buffer.from("/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==", "base64");
  expect(crc32(sample)).toBe(0);
});

test("a time_signal with our segmentation", () => {
  const section = writeTimeSignal(0x1_2345_6789, [
    { eventId: 7, duration: 720_000, upidType: UPID_MPU, upid: ascii("RBTN[1]"), type: 1, number: 1, expected: 1 },
  ]);
  expect(hex(section.subarray(0, -4))).toBe(
    "fc3033" + // table 0xFC, no section syntax, sap_type 3, length 51
      "000000000000" + // protocol 0, in the clear, no adjustment
      "00fff00506" + // cw_index, tier 0xFFF, 5 bytes of time_signal
      "ff23456789" + // a time, its 33rd bit set
      "001d021b43554549" + // 29 bytes of descriptors: tag 2, 27 bytes, "CUEI"
      "000000077f" + // event 7, not cancelled
      "ff00000afc80" + // the whole programme, with a duration, unrestricted: 720,000
      "0c0752425 44e5b315d".replace(" ", "") + // MPU, 7 bytes, "RBTN[1]"
      "010101", // content identification, 1 of 1
  );
  expect(crc32(section)).toBe(0);
});

test("a splice_insert has the bytes of SCTE 35, 14.2", () => {
  const sample = Buffer.from("/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=", "base64");
  const insert = {
    eventId: 0x4800008f,
    programId: 0,
    kind: "out",
    breakDuration: 0x0052ccf5,
    autoReturn: true,
    avail: 0,
    availsExpected: 0,
  } as const;
  const section = writeSpliceInsert(insert, 0x07369c02e, []);
  // From the command's length to its end: the sample has an avail descriptor besides.
  expect(hex(section.subarray(12, 34))).toBe(hex(sample.subarray(12, 34)));
});

test("a splice_insert at once, back, and taken back", () => {
  const insert = { eventId: 9, programId: 2, breakDuration: 0, autoReturn: false, avail: 1, availsExpected: 2 };
  const command = (bytes: Uint8Array) => hex(bytes.subarray(14, -6));
  expect(command(writeSpliceInsert({ ...insert, kind: "out" }, undefined, []))).toBe("000000097fdf00020102");
  expect(command(writeSpliceInsert({ ...insert, kind: "in" }, 90_000, []))).toBe("000000097f4ffe00015f9000020102");
  expect(command(writeSpliceInsert({ ...insert, kind: "cancel" }, undefined, []))).toBe("00000009ff");
});

test("the largest payload makes a section of one packet", () => {
  const upid = new Uint8Array(4 + MAX_PAYLOAD_BYTES);
  const section = writeTimeSignal(0, [
    { eventId: 1, duration: 1, upidType: UPID_MPU, upid, type: 1, number: 1, expected: 1 },
  ]);
  expect(section).toHaveLength(MAX_SCTE35_BYTES);
});

test("a do-it-now stream event", () => {
  const section = writeStreamEvent(1, 5, ascii("[1]"));
  expect(hex(section.subarray(0, -4))).toBe(
    "3df0180001cb0000" + // table 0x3D, private, length 24, event 1, version 5, current, section 0 of 0
      "1a0d0001" + // stream event descriptor, 13 bytes, event 1
      "fffffffe00000000" + // 31 reserved bits, time 0
      "5b315d",
  );
  expect(crc32(section)).toBe(0);
  expect(() => writeStreamEvent(1, 0, new Uint8Array(MAX_EVENT_DATA_BYTES + 1))).toThrow(
    "got 246 bytes, wanted at most 245",
  );
  expect(writeStreamEvent(1, 0, new Uint8Array(MAX_EVENT_DATA_BYTES))).toHaveLength(8 + 2 + 10 + 245 + 4);
});

test("an AIT for one page", () => {
  const ait = writeAit({ organisation: 10, id: 1, name: "RB", base: "http://a/", path: "i?s" }, 0);
  expect(hex(ait.subarray(0, -4))).toBe(
    "74f03e0010c10000f000f031" + // table 0x74, HbbTV, no common descriptors, 49 bytes of applications
      "0000000a000101f028" + // organisation 10, application 1, autostart, 40 bytes of descriptors
      "020e000301" +
      "09687474703a2f2f612f00" + // over HTTP, label 1, "http://a/"
      "0009050000010201ff0101" + // profile 0, version 1.2.1, bound to the service, visible, label 1
      "0106656e67025242" + // "RB" in English
      "1503693f73", // "i?s"
  );
  expect(crc32(ait)).toBe(0);
});

test("an ID3 tag in a PES packet ends exactly with its packet, and is filled up before it", () => {
  const tag = writeId3(ascii("[1]"));
  expect(hex(tag)).toBe(
    "49443304000000 00001c".replace(" ", "") + // ID3v2.4, 28 bytes
      "54585858000000120000" + // TXXX, 18 bytes
      "03" +
      hex(ascii("redbutton.cue")) +
      "00" +
      "5b315d",
  );
  const packet = packetizeId3(tag, 0x1_0000_0001, 0x1f2, 9);
  expect(packet).toHaveLength(188);
  expect(hex(packet.subarray(0, 4))).toBe("4741f239");
  expect(ptsOf(packet, 0)).toBe(0x1_0000_0001);
  const pes = packet.subarray(payloadAt(packet, 0));
  expect(hex(pes.subarray(0, 14))).toBe("000001bd002e848005" + "2900010003");
  expect(hex(pes.subarray(14))).toBe(hex(tag));
});

test.for([0, 1, 2, 3, 50])("a tag that leaves %d bytes of its last packet is filled up to the byte", (left) => {
  const tag = new Uint8Array(184 * 2 - 14 - left).fill(0x77);
  const packets = packetizeId3(tag, 0, 0x1f2, 15);
  expect(packets).toHaveLength(2 * 188);
  expect([packets[3]! & 0x0f, packets[188 + 3]! & 0x0f]).toEqual([15, 0]);
  expect(packets.subarray(payloadAt(packets, 188)).length - (184 - left)).toBe(0);
});

test("clocks are written as they are read, up to where they start again", () => {
  const packet = new Uint8Array(188);
  packet.set([0x47, 1, 0, 0x30, 7, 0x10]);
  for (const ticks of [0, 299, 300, 27_000_000, PCR_WRAP - 1]) {
    setPcr(packet, 0, ticks);
    expect(pcrOf(packet, 0)).toBe(ticks);
  }
  setPcr(packet, 0, PCR_WRAP + 5);
  expect(pcrOf(packet, 0)).toBe(5);
  const late = packetizeId3(writeId3(ascii("x")), PTS_WRAP + 3, 0x1f2, 0);
  expect(ptsOf(late, 0)).toBe(3);
});
