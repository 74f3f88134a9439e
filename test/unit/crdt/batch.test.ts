import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_DELAY_MS } from "../../../crdt/ballot.ts";
import {
  ballotsOf,
  BatchError,
  chainId,
  decodeBatch,
  decodeHeader,
  encodeBatch,
  MAX_BATCH_BALLOTS,
  MAX_BATCH_BYTES,
  MAX_EDGE_NAME_BYTES,
  MAX_SEALED_CHAINS,
  NO_HASH,
  packBallots,
  parseChainId,
  type Batch,
} from "../../../crdt/batch.ts";
import { batchHash } from "../../../crdt/batch-hash.ts";
import { aBallot, anyBallot, START } from "../../support/ballots.ts";

const previous = hexToBytes("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
const header = { shard: 2, edge: "fra", boot: "00a1b2c3d4e5f607", sequence: 5, time: START, previous };
const fixed = (kind: string, count: string) =>
  "01" + kind + "0002" + "00a1b2c3d4e5f607" + "00000005" + "01a3185c5000" + count + bytesToHex(previous) + "03667261";

const ballots = (count: number) => Array.from({ length: count }, () => aBallot());
const ballotBatch = (given: Partial<typeof header> = {}, count = 1): Batch => ({
  ...header,
  ...given,
  kind: "ballots",
  records: packBallots(ballots(count), START),
});
const sealBatch = (chains: number): Batch => ({
  ...header,
  kind: "seal",
  poll: 258,
  chains: Array.from({ length: chains }, (_, i) => ({ boot: "00000000000000b1", sequence: i, hash: NO_HASH })),
});

describe("golden bytes", () => {
  const record = "0000000100000002" + "0000" + "0001" + "00" + "01" + "0000";

  test("of ballots", () => {
    expect(bytesToHex(encodeBatch(ballotBatch()))).toBe(fixed("01", "0001") + record);
  });

  test("of presence", () => {
    const records = packBallots([aBallot({ poll: 0xffff })], START);
    const bytes = encodeBatch({ ...header, kind: "presence", records });
    expect(bytesToHex(bytes)).toBe(fixed("02", "0001") + "0000000100000002" + "ffff" + "0001" + "00" + "01" + "0000");
  });

  test("of a seal", () => {
    const chains = [
      { boot: "00000000000000b1", sequence: 9, hash: previous },
      { boot: header.boot, sequence: 4, hash: NO_HASH },
    ];
    const bytes = encodeBatch({ ...header, kind: "seal", poll: 258, chains });
    const first = "00000000000000b1" + "00000009" + "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
    const second = "00a1b2c3d4e5f607" + "00000004" + "00".repeat(16);
    expect(bytesToHex(bytes)).toBe(fixed("03", "0002") + "0102" + first + second);
  });

  test("of a hash: the first half of SHA-256", () => {
    expect(bytesToHex(batchHash(new TextEncoder().encode("abc")))).toBe("ba7816bf8f01cfea414140de5dae2223");
  });
});

describe("what was written reads back", () => {
  const anyHeader = fc.record({
    shard: fc.integer({ min: 0, max: 0xffff }),
    edge: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
    boot: fc.uint8Array({ minLength: 8, maxLength: 8 }).map(bytesToHex),
    sequence: fc.integer({ min: 1, max: 0xffffffff }),
    previous: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  });

  test("ballots and presence", () => {
    const anyKind = fc.constantFrom("ballots" as const, "presence" as const);
    fc.assert(
      fc.property(anyHeader, anyKind, fc.array(anyBallot, { minLength: 1, maxLength: 20 }), (of, kind, given) => {
        const batch: Batch = { ...of, time: START, kind, records: packBallots(given, START) };
        const read = decodeBatch(encodeBatch(batch));
        expect(read).toEqual(batch);
        expect("records" in read && [...ballotsOf(read)]).toEqual(given);
      }),
    );
  });

  test("seals", () => {
    const anyChain = fc.record({
      boot: fc.uint8Array({ minLength: 8, maxLength: 8 }).map(bytesToHex),
      sequence: fc.integer({ min: 0, max: 0xffffffff }),
      hash: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    });
    const anyPoll = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(anyHeader, anyPoll, fc.array(anyChain, { minLength: 1, maxLength: 9 }), (of, poll, chains) => {
        const batch: Batch = { ...of, time: START, kind: "seal", poll, chains };
        expect(decodeBatch(encodeBatch(batch))).toEqual(batch);
      }),
    );
  });

  test("from the middle of a larger buffer", () => {
    const bytes = encodeBatch(ballotBatch());
    const larger = new Uint8Array(bytes.length + 20).fill(0xee);
    larger.set(bytes, 7);
    expect(decodeBatch(larger.subarray(7, 7 + bytes.length))).toEqual(decodeBatch(bytes));
  });

  test("a header alone", () => {
    expect(decodeHeader(encodeBatch(sealBatch(1)))).toEqual(header);
  });

  test("a chain's name", () => {
    expect(chainId(header)).toBe("2/fra/00a1b2c3d4e5f607");
    expect(parseChainId("2/fra/00a1b2c3d4e5f607")).toEqual({ shard: 2, edge: "fra", boot: "00a1b2c3d4e5f607" });
  });
});

describe("what is no batch is told as such", () => {
  const good = encodeBatch(ballotBatch());
  const changed = (at: number, ...values: number[]) => {
    const bytes = good.slice();
    bytes.set(values, at);
    return bytes;
  };
  const records = (count: number) => {
    const bytes = new Uint8Array(good.length + (count - 1) * 16);
    bytes.set(good.subarray(0, bytes.length));
    new DataView(bytes.buffer).setUint16(22, count);
    return bytes;
  };
  const named = (length: number) => {
    const bytes = new Uint8Array(41 + length + 16);
    bytes.set(good.subarray(0, 40));
    bytes[40] = length;
    bytes.fill(0x61, 41, 41 + length);
    return bytes;
  };

  test.each([
    ["nothing", new Uint8Array()],
    ["a header cut short", good.subarray(0, 40)],
    ["a name cut short", good.subarray(0, 42)],
    ["records cut short", good.subarray(0, good.length - 1)],
    ["a byte too many", Uint8Array.of(...good, 0)],
    ["another format", changed(0, 2)],
    ["kind 0", changed(1, 0)],
    ["a kind of the future", changed(1, 4)],
    ["ballots called a seal", changed(1, 3)],
    ["sequence 0", changed(12, 0, 0, 0, 0)],
    ["no ballots", records(0)],
    ["a ballot too many", records(MAX_BATCH_BALLOTS + 1)],
    ["no edge", changed(40, 0)],
    ["an edge name past the end", changed(40, 255)],
    ["an edge name in capitals", changed(41, 0x46)],
    ["an edge name that ends in a dash", changed(43, 0x2d)],
    ["an edge name that is no UTF-8", changed(41, 0xff)],
    ["an edge name a byte too long", named(MAX_EDGE_NAME_BYTES + 1)],
    ["more than a batch can be", new Uint8Array(MAX_BATCH_BYTES + 1).fill(1)],
    ["a seal of no chain", encodeBatchWithCount(sealBatch(1), 0, 28)],
  ])("%s", (_, bytes) => {
    expect(() => decodeBatch(bytes)).toThrow(BatchError);
  });

  test("no bytes at all give anything but a batch or a BatchError", () => {
    const anyBytes = fc.uint8Array({ maxLength: 200 });
    const damaged = fc
      .tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }))
      .map(([at, value]) => changed(at, value));
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged), (bytes) => {
        try {
          decodeBatch(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(BatchError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test.each(["", "fra", "0/fra/1", "0/fra/00A1B2C3D4E5F607", "0/f/r/00a1b2c3d4e5f607", "-1/fra/00a1b2c3d4e5f607"])(
    'the chain\'s name "%s"',
    (id) => {
      expect(() => parseChainId(id)).toThrow(BatchError);
    },
  );
});

describe("limits", () => {
  test("1,000 ballots fit under the longest edge name, and no more", () => {
    const edge = "a".repeat(MAX_EDGE_NAME_BYTES);
    const bytes = encodeBatch(ballotBatch({ edge }, MAX_BATCH_BALLOTS));
    expect(bytes.length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    expect(decodeBatch(bytes).edge).toBe(edge);
    expect(() => encodeBatch(ballotBatch({}, MAX_BATCH_BALLOTS + 1))).toThrow(RangeError);
    expect(() => encodeBatch(ballotBatch({}, 0))).toThrow(RangeError);
  });

  test("an edge's name has 1 to 63 bytes", () => {
    expect(() => encodeBatch(ballotBatch({ edge: "a".repeat(MAX_EDGE_NAME_BYTES + 1) }))).toThrow(RangeError);
    expect(() => encodeBatch(ballotBatch({ edge: "" }))).toThrow(RangeError);
  });

  test("a seal names 512 chains, and no more", () => {
    const bytes = encodeBatch(sealBatch(MAX_SEALED_CHAINS));
    expect(bytes.length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    expect(decodeBatch(bytes)).toEqual(sealBatch(MAX_SEALED_CHAINS));
    expect(() => encodeBatch(sealBatch(MAX_SEALED_CHAINS + 1))).toThrow(RangeError);
  });

  test("sequences begin at 1 and are 32 bits", () => {
    expect(() => encodeBatch(ballotBatch({ sequence: 0 }))).toThrow(RangeError);
    expect(() => encodeBatch(ballotBatch({ sequence: 2 ** 32 }))).toThrow(RangeError);
  });

  test("a batch spans 65,535 ms, and no more", () => {
    const latest = aBallot({ time: START + MAX_DELAY_MS });
    const batch: Batch = { ...header, kind: "ballots", records: packBallots([latest], START) };
    const read = decodeBatch(encodeBatch(batch));
    expect(read.kind === "ballots" && [...ballotsOf(read)]).toEqual([latest]);
    expect(() => packBallots([aBallot({ time: START + MAX_DELAY_MS + 1 })], START)).toThrow(RangeError);
    expect(() => packBallots([aBallot({ time: START - 1 })], START)).toThrow(RangeError);
  });
});

/** A batch whose header claims another count, and that lost `less` bytes at its end. */
function encodeBatchWithCount(batch: Batch, count: number, less: number): Uint8Array {
  const bytes = encodeBatch(batch);
  new DataView(bytes.buffer).setUint16(22, count);
  return bytes.subarray(0, bytes.length - less);
}
