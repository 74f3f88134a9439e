import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import { receiverHex, receiverId, ReceiverIds, RememberedId } from "../../../crdt/receiver.ts";

const [key, another] = ["0a".repeat(32), "0b".repeat(32)];

test.each(["anna", "anonymous-4f2kd81qmz", "é".repeat(300)])(
  'the identity of "%s" is the beginning of a keyed hash',
  (subject) => {
    const hash = bytesToHex(sha256(utf8ToBytes(key + subject)));
    expect(receiverHex(receiverId(key, subject))).toBe(hash.slice(0, 16));
  },
);

test("an identity that is remembered is another one under another key, and the first again under the first", () => {
  const [ids, others] = [new ReceiverIds(key), new ReceiverIds(another)];
  const remembered = new RememberedId("anna");
  expect(remembered.under(ids)).toEqual(ids.of("anna"));
  expect(remembered.under(ids)).toEqual(ids.of("anna"));
  expect(remembered.under(others)).toEqual(others.of("anna"));
  expect(remembered.under(ids)).toEqual(ids.of("anna"));
});
