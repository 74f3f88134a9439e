import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BALLOT_BYTES, readBallot, writeBallot } from "../../../crdt/ballot.ts";
import { anyBallot, START } from "../../support/ballots.ts";

function bytesOf(write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(BALLOT_BYTES);
  write(new DataView(bytes.buffer));
  return bytes;
}

test("a ballot's bytes are these", () => {
  const ballot = {
    hi: 0x01020304,
    lo: 0xf5f6f7f8,
    poll: 7,
    press: 300,
    option: 2,
    k: 3,
    signed: true,
    time: START + 258,
  };
  const bytes = bytesOf((view) => writeBallot(view, 0, ballot, START));
  expect(bytesToHex(bytes)).toBe("01020304f5f6f7f8" + "0007" + "012c" + "02" + "83" + "0102");
});

test("every ballot reads back as it was written", () => {
  fc.assert(
    fc.property(anyBallot, (ballot) => {
      const bytes = bytesOf((view) => writeBallot(view, 0, ballot, START));
      expect(readBallot(new DataView(bytes.buffer), 0, START)).toEqual(ballot);
    }),
  );
});

test("any 16 bytes are a ballot", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: BALLOT_BYTES, maxLength: BALLOT_BYTES }), (bytes) => {
      const ballot = readBallot(new DataView(bytes.buffer, bytes.byteOffset), 0, START);
      expect(ballot.k).toBeLessThanOrEqual(15);
      expect(ballot.time - START).toBeLessThanOrEqual(0xffff);
    }),
  );
});
