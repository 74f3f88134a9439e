import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_BATCH_BYTES } from "../../../crdt/batch.ts";
import { MAX_BATCHES, MAX_WATERMARK_CHAINS } from "../../../crdt/replicate/entries.ts";
import {
  decodeFrame,
  encodeFrame,
  FrameError,
  MAX_ANSWER_PIECE_BYTES,
  MAX_FRAME_BYTES,
  MAX_INTRODUCTION_BYTES,
  MAX_QUESTION_BYTES,
  MAX_UPDATE_BYTES,
  MAX_VECTOR_BYTES,
  type Frame,
} from "../../../crdt/replicate/frame.ts";

const BOOT = "00a1b2c3d4e5f607";
const CHAIN = `3/fra/${BOOT}`;
/** `chain` as bytes: shard 3, "fra", the boot. */
const CHAIN_HEX = "03 03667261 00a1b2c3d4e5f607";
/** `show` as bytes: "final". */
const SHOW_HEX = "05 66696e616c";

/** Each frame and its bytes, written down once and for all: members of two versions meet on these. */
const golden: [Frame, string][] = [
  [
    { type: "hello", version: 1, member: "fra", boot: BOOT, nonce: new Uint8Array(32).fill(0xee) },
    `00 01 03667261 ${BOOT} ${"ee".repeat(32)}`,
  ],
  [{ type: "proof", signature: new Uint8Array(64).fill(0xdd) }, `01 ${"dd".repeat(64)}`],
  [{ type: "introduce", bytes: Uint8Array.of(1, 2, 3) }, "02 03010203"],
  [
    {
      type: "sync",
      document: "final/board",
      step: "state",
      vector: Uint8Array.of(1, 5, 9),
      deletions: new Uint8Array(16).fill(0xcc),
    },
    `03 0b66696e616c2f626f617264 00 03010509 ${"cc".repeat(16)}`,
  ],
  [
    { type: "sync", document: "final/ledger/12", step: "reply", update: Uint8Array.of(0, 0) },
    "03 0f66696e616c2f6c65646765722f3132 01 020000",
  ],
  [
    { type: "sync", document: "final/tallies", step: "update", update: Uint8Array.of(7) },
    "03 0d66696e616c2f74616c6c696573 02 0107",
  ],
  [{ type: "stored", show: "final", chain: CHAIN, sequence: 300 }, `04 ${SHOW_HEX} ${CHAIN_HEX} ac02`],
  [
    { type: "covers", show: "final", watermark: { [CHAIN]: 2, [`0/nyc/${BOOT}`]: 1 } },
    `05 ${SHOW_HEX} 02 ${CHAIN_HEX} 02 00 036e7963 ${BOOT} 01`,
  ],
  [{ type: "fetch", show: "final", chain: CHAIN, after: 0, upTo: 300 }, `06 ${SHOW_HEX} ${CHAIN_HEX} 00 ac02`],
  [
    { type: "batches", show: "final", batches: [Uint8Array.of(1), Uint8Array.of(2, 3)] },
    `07 ${SHOW_HEX} 02 0101 020203`,
  ],
  [{ type: "batches", show: "final", batches: [] }, `07 ${SHOW_HEX} 00`],
  [{ type: "ping", time: 1_795_000_000_000 }, "08 80bcd9f29e34"],
  [{ type: "pong", time: 1, now: 2 }, "09 01 02"],
  [{ type: "ask", id: 300, question: Uint8Array.of(7, 8) }, "0a ac02 02 0708"],
  [{ type: "answer", id: 1, more: true, piece: Uint8Array.of(9) }, "0b 01 01 0109"],
  [{ type: "answer", id: 1, more: false, piece: new Uint8Array() }, "0b 01 00 00"],
];

function bytesOf(hex: string): Uint8Array {
  return hexToBytes(hex.replaceAll(" ", ""));
}

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/);
const boot = fc.stringMatching(/^[0-9a-f]{16}$/);
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const fixed = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const sequence = fc.integer({ min: 0, max: 0xffff_ffff });
const time = fc.maxSafeNat();
const chain = fc.tuple(fc.integer({ min: 0, max: 0xffff }), name, boot).map((parts) => parts.join("/"));
const document = fc
  .tuple(
    name,
    fc.oneof(
      fc.constantFrom("board", "tallies"),
      fc.integer({ min: 0, max: 0xffff }).map((shard) => `ledger/${shard}`),
    ),
  )
  .map((parts) => parts.join("/"));
const vector = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 127 })), { maxLength: 20 })
  .map((entries) => Uint8Array.from([entries.length, ...entries.flat()]));

const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: fc.constant("hello"),
    version: fc.integer({ min: 0, max: 0xffff }),
    member: name,
    boot,
    nonce: fixed(32),
  }),
  fc.record({ type: fc.constant("proof"), signature: fixed(64) }),
  fc.record({ type: fc.constant("introduce"), bytes: bytes(200) }),
  fc.record({ type: fc.constant("sync"), document, step: fc.constant("state"), vector, deletions: fixed(16) }),
  fc.record({ type: fc.constant("sync"), document, step: fc.constantFrom("reply", "update"), update: bytes(200) }),
  fc.record({ type: fc.constant("stored"), show: name, chain, sequence }),
  fc.record({
    type: fc.constant("covers"),
    show: name,
    watermark: fc.dictionary(chain, sequence, { noNullPrototype: true }),
  }),
  fc
    .record({ type: fc.constant("fetch"), show: name, chain, after: sequence, upTo: sequence })
    .filter(({ after, upTo }) => after < upTo),
  fc.record({ type: fc.constant("batches"), show: name, batches: fc.array(bytes(100), { maxLength: MAX_BATCHES }) }),
  fc.record({ type: fc.constant("ping"), time }),
  fc.record({ type: fc.constant("pong"), time, now: time }),
  fc.record({ type: fc.constant("ask"), id: sequence, question: bytes(200) }),
  fc.record({ type: fc.constant("answer"), id: sequence, more: fc.boolean(), piece: bytes(200) }),
);

describe("golden bytes", () => {
  test.for(golden)("%o", ([value, hex]) => {
    expect(bytesToHex(encodeFrame(value))).toBe(hex.replaceAll(" ", ""));
    expect(decodeFrame(bytesOf(hex))).toEqual(value);
  });
});

test("every frame reads back as it was written", () => {
  fc.assert(
    fc.property(frame, (value) => {
      expect(decodeFrame(encodeFrame(value))).toEqual(value);
    }),
    { numRuns: 2000 },
  );
});

test("what was read does not keep the message alive, nor change with it", () => {
  const message = bytesOf(golden[2]![1]);
  const read = decodeFrame(message);
  message.fill(0);
  expect(read).toEqual(golden[2]![0]);
});

describe("bytes from outside", () => {
  /** A frame whose writing gives these bytes' meaning back, or `FrameError`: nothing else may come of any bytes. */
  function readOrRefuse(message: Uint8Array): void {
    let read: Frame;
    try {
      read = decodeFrame(message);
    } catch (error) {
      expect(error).toBeInstanceOf(FrameError);
      return;
    }
    expect(decodeFrame(encodeFrame(read))).toEqual(read);
  }

  test("random ones give a frame or FrameError", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), readOrRefuse), { numRuns: 5000 });
    const typed = fc.tuple(fc.integer({ min: 0, max: 11 }), fc.uint8Array({ maxLength: 100 }));
    fc.assert(
      fc.property(typed, ([type, rest]) => readOrRefuse(Uint8Array.of(type, ...rest))),
      { numRuns: 5000 },
    );
  });

  test("mutated frames give a frame or FrameError", () => {
    const mutation = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const cut = fc.option(fc.nat(), { nil: undefined });
    fc.assert(
      fc.property(frame, mutation, cut, (value, changes, length) => {
        const message = encodeFrame(value);
        for (const [at, byte] of changes) message[at % message.length] = byte;
        readOrRefuse(length === undefined ? message : message.subarray(0, length % message.length));
      }),
      { numRuns: 10_000 },
    );
  });

  test.for<[string, string, string]>([
    ["a type that is not", "0c", "got type 12, wanted 0 to 11"],
    ["an end too early", "04 05 66696e", "got 5 bytes, wanted a whole frame"],
    ["bytes after the end", "09 01 02 03", "got 4 bytes, wanted 3"],
    [
      "a chain twice",
      `05 ${SHOW_HEX} 02 ${CHAIN_HEX} 02 ${CHAIN_HEX} 02`,
      `got chain "${CHAIN}" twice, wanted each once`,
    ],
    [
      "a fetch of nothing",
      `06 ${SHOW_HEX} ${CHAIN_HEX} 05 05`,
      "got a fetch after 5 up to 5, wanted at least one batch",
    ],
    ["a document that is none", "03 0566696e616c 02 0107", `got "final", wanted a document's name`],
    ["another's prototype", "04 095f5f70726f746f5f5f", `got "__proto__", wanted a show's name`],
    ["a sync message that is not", "03 0b66696e616c2f626f617264 03 0107", "got sync message 3, wanted 0, 1 or 2"],
    [
      "a state vector that is none",
      `03 0b66696e616c2f626f617264 00 020905 ${"cc".repeat(16)}`,
      "got 2 bytes, wanted a state vector",
    ],
    ["a shard above 65,535", `04 ${SHOW_HEX} 808004 03667261 ${BOOT} 01`, "got a shard of 65536, wanted at most 65535"],
    ["a mark that is neither", "0b 01 02 00", "got a mark that more follows of 2, wanted at most 1"],
    ["2⁵³ and more", "08 ffffffffffffffffff01", "got 11 bytes, wanted a whole frame"],
  ])("%s", ([, hex, problem]) => {
    expect(() => decodeFrame(bytesOf(hex))).toThrow(new FrameError(`reading a frame: ${problem}`));
  });

  test("lengths that are only claimed allocate nothing", () => {
    // Each claims far more than there is: at the limits, and far beyond them.
    const claims = [
      "02 8040",
      "02 ffffff7f",
      `03 0b66696e616c2f626f617264 02 ffff3f`,
      `05 ${SHOW_HEX} 8040`,
      `07 ${SHOW_HEX} 3c`,
    ];
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 2000; i++)
      for (const claim of claims) expect(() => decodeFrame(bytesOf(claim))).toThrow(FrameError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16_000_000);
  });
});

describe("limits", () => {
  const update = (length: number): Frame => ({
    type: "sync",
    document: "final/board",
    step: "update",
    update: new Uint8Array(length),
  });
  const batches = (count: number, length = MAX_BATCH_BYTES): Frame => ({
    type: "batches",
    show: "a".repeat(40),
    batches: Array.from({ length: count }, () => new Uint8Array(length)),
  });
  const covers = (count: number): Frame => ({
    type: "covers",
    show: "a".repeat(40),
    watermark: Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`${i}/${"e".repeat(63)}/${BOOT}`, 0xffff_ffff]),
    ),
  });
  const question = (length: number): Frame => ({ type: "ask", id: 1, question: new Uint8Array(length) });
  const answer = (length: number): Frame => ({ type: "answer", id: 1, more: true, piece: new Uint8Array(length) });
  const state = (length: number): Frame => {
    const entries = new Uint8Array(length).fill(1);
    entries.set([
      0x80 | (((length - 3) / 2) & 0x7f),
      0x80 | (((length - 3) / 2 / 128) & 0x7f),
      (length - 3) / 2 / 16_384,
    ]);
    return { type: "sync", document: "final/board", step: "state", vector: entries, deletions: new Uint8Array(16) };
  };

  test.for<[string, Frame, Frame]>([
    ["an update", update(MAX_UPDATE_BYTES), update(MAX_UPDATE_BYTES + 1)],
    ["batches", batches(MAX_BATCHES), batches(MAX_BATCHES + 1)],
    ["a batch", batches(1), batches(1, MAX_BATCH_BYTES + 1)],
    ["a watermark", covers(MAX_WATERMARK_CHAINS), covers(MAX_WATERMARK_CHAINS + 1)],
    [
      "an introduction",
      { type: "introduce", bytes: new Uint8Array(MAX_INTRODUCTION_BYTES) },
      { type: "introduce", bytes: new Uint8Array(MAX_INTRODUCTION_BYTES + 1) },
    ],
    ["a state vector", state(MAX_VECTOR_BYTES - 1), state(MAX_VECTOR_BYTES + 1)],
    ["a question", question(MAX_QUESTION_BYTES), question(MAX_QUESTION_BYTES + 1)],
    ["a piece of an answer", answer(MAX_ANSWER_PIECE_BYTES), answer(MAX_ANSWER_PIECE_BYTES + 1)],
  ])("%s at its limit fits in a frame, one past it is our own mistake", ([, most, over]) => {
    const written = encodeFrame(most);
    expect(written.length).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    expect(decodeFrame(written)).toEqual(most);
    expect(() => encodeFrame(over)).toThrow(RangeError);
  });

  test.for<[string, Frame]>([
    ["a name of a show", { type: "batches", show: "a/b", batches: [] }],
    ["a name of a member", { type: "hello", version: 1, member: "Fra", boot: BOOT, nonce: new Uint8Array(32) }],
    ["a boot", { type: "hello", version: 1, member: "fra", boot: "00", nonce: new Uint8Array(32) }],
    ["a nonce", { type: "hello", version: 1, member: "fra", boot: BOOT, nonce: new Uint8Array(31) }],
    ["a time", { type: "ping", time: -1 }],
    ["a time in parts", { type: "ping", time: 1.5 }],
  ])("%s that is none is our own mistake", ([, wrong]) => {
    expect(() => encodeFrame(wrong)).toThrow(RangeError);
  });

  test("a frame of one byte too many is refused unread", () => {
    expect(() => decodeFrame(new Uint8Array(MAX_FRAME_BYTES + 1))).toThrow(
      `reading a frame: got a frame in bytes of ${MAX_FRAME_BYTES + 1}, wanted at most ${MAX_FRAME_BYTES}`,
    );
  });
});
