import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_INTRODUCTION_BYTES } from "../../../crdt/replicate/frame.ts";
import {
  CROWDED_BOOTS,
  identityFrom,
  introduce,
  Introductions,
  MAX_BOOTS,
  MAX_CLIENTS,
  newIdentity,
  publicKeyHex,
  readIntroduction,
  type Introduction,
} from "../../../crdt/replicate/introduction.ts";
import { SeededRandom } from "../../support/virtual-world.ts";

const random = new SeededRandom(7);
const fra = newIdentity("fra", "edge", random);
const eve = newIdentity("eve", "process", random);
const BOOT = "00a1b2c3d4e5f607";
const keyOf = (member: string) => [fra, eve].find((identity) => identity.member === member)?.publicKey;

describe("identity", () => {
  test("the public key follows from the secret one (RFC 8032, 7.1, test 1)", () => {
    const secret = hexToBytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    const key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    expect(publicKeyHex(identityFrom("fra", "edge", secret))).toBe(key);
  });

  test("edges listen, processes do not", () => {
    expect([fra.listens, eve.listens]).toEqual([true, false]);
  });
});

describe("an introduction", () => {
  test("has these bytes", () => {
    const bytes = introduce(fra, BOOT, [300, 5, 5]);
    expect(bytesToHex(bytes.subarray(0, -64))).toBe(`01 01 03667261 ${BOOT} 02 05 ac02`.replaceAll(" ", ""));
    expect(bytes.length).toBe(18 + 64);
  });

  test("reads back", () => {
    const client = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(fc.array(client, { maxLength: MAX_CLIENTS }), (clients) => {
        const sorted = [...new Set(clients)].sort((a, b) => a - b);
        expect(readIntroduction(introduce(eve, BOOT, clients), keyOf)).toEqual({
          member: "eve",
          role: "process",
          boot: BOOT,
          clients: sorted,
        });
      }),
      { numRuns: 20 },
    );
  });

  test("is not of this network where the name has no key", () => {
    expect(readIntroduction(introduce(fra, BOOT, [1]), () => undefined)).toEqual({
      error: `"fra" is no member of this network`,
    });
  });

  test("cannot be made for another", () => {
    const forged = introduce({ ...eve, member: "fra" }, BOOT, [1]);
    expect(readIntroduction(forged, keyOf)).toEqual({ error: `the introduction of "fra" is not signed with its key` });
  });

  test("changed by a bit anywhere is refused", () => {
    const bytes = introduce(fra, BOOT, [1, 2]);
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const changed = bytes.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(readIntroduction(changed, keyOf)).toHaveProperty("error");
    }
  });

  test("has one encoding", () => {
    // The same numbers, the first in two bytes; clients in another order; one twice. Each signed as it should be.
    const record = introduce(fra, BOOT, [5, 7]).subarray(0, -64);
    const head = record.subarray(0, record.length - 2);
    for (const clients of [
      [0x85, 0, 7],
      [7, 5],
      [5, 5],
    ]) {
      const other = Uint8Array.from([...head, ...clients]);
      expect(readIntroduction(Uint8Array.from([...other, ...new Uint8Array(64)]), keyOf)).toEqual({
        error: `${other.length + 64} bytes are no introduction of format 1`,
      });
    }
  });

  test("random bytes are none", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => "error" in readIntroduction(bytes, keyOf)));
  });

  test("holds so many clients and no more", () => {
    const clients = (count: number) => Array.from({ length: count }, (_, i) => 0xffff_ffff - i);
    const most = introduce(fra, BOOT, clients(MAX_CLIENTS));
    expect(most.length).toBeLessThanOrEqual(MAX_INTRODUCTION_BYTES);
    expect(readIntroduction(most, keyOf)).toHaveProperty("boot", BOOT);
    expect(() => introduce(fra, BOOT, clients(MAX_CLIENTS + 1))).toThrow(RangeError);
  });
});

describe("introductions", () => {
  const of = (member: string, boot: string, ...clients: number[]): Introduction => ({
    member,
    role: "edge",
    boot,
    clients,
  });
  const bytes = (byte: number) => Uint8Array.of(byte);

  test("tell a client's owner", () => {
    const known = new Introductions();
    expect(known.add(of("fra", BOOT, 1, 2), bytes(1))).toBe("added");
    expect(known.ownerOf(2)).toEqual({ member: "fra", boot: BOOT });
    expect(known.ownerOf(3)).toBeUndefined();
  });

  test("are kept as they came, each once", () => {
    const known = new Introductions();
    expect(known.add(of("fra", BOOT, 1), bytes(1))).toBe("added");
    expect(known.add(of("fra", BOOT, 1), bytes(1))).toBe("known");
    expect(known.add(of("fra", BOOT, 1, 2), bytes(2))).toBe("added");
    expect(known.all()).toEqual([bytes(1), bytes(2)]);
    expect(known.boots).toBe(1);
  });

  test("never give a client, or a boot, to another", () => {
    const known = new Introductions();
    known.add(of("fra", BOOT, 1), bytes(1));
    expect(known.add(of("nyc", "00000000000000ff", 2, 1), bytes(2))).toBe("claimed");
    expect(known.add(of("fra", "00000000000000ff", 1), bytes(3))).toBe("claimed");
    expect(known.add(of("nyc", BOOT, 3), bytes(4))).toBe("claimed");
    expect([known.ownerOf(1)?.boot, known.ownerOf(2), known.ownerOf(3)]).toEqual([BOOT, undefined, undefined]);
    expect(known.all()).toHaveLength(1);
  });

  test("say when there are many boots, and end somewhere", () => {
    const known = new Introductions();
    const add = (i: number) => known.add(of("fra", i.toString(16).padStart(16, "0"), i), bytes(1));
    for (let i = 1; i < CROWDED_BOOTS; i++) add(i);
    expect(known.crowded).toBe(false);
    add(CROWDED_BOOTS);
    expect(known.crowded).toBe(true);
    for (let i = CROWDED_BOOTS + 1; i <= MAX_BOOTS; i++) expect(add(i)).toBe("added");
    expect(add(MAX_BOOTS + 1)).toBe("full");
    expect(add(MAX_BOOTS)).toBe("known");
  });

  test("forget the oldest boot that nobody needs, with all of its clients", () => {
    const known = new Introductions();
    known.add(of("fra", "00000000000000f1", 1), bytes(1));
    known.add(of("nyc", "00000000000000f2", 2), bytes(2));
    known.add(of("nyc", "00000000000000f2", 2, 3), bytes(3));
    known.add(of("syd", "00000000000000f3", 4), bytes(4));
    expect(known.makeRoom((client) => client === 1)).toBe("00000000000000f2");
    expect(known.all()).toEqual([bytes(1), bytes(4)]);
    expect([known.ownerOf(2), known.ownerOf(3), known.boots]).toEqual([undefined, undefined, 2]);
    expect(known.makeRoom(() => true)).toBeUndefined();
    expect(known.add(of("nyc", "00000000000000f2", 2), bytes(2))).toBe("added");
  });
});
