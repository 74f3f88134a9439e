import { createHash } from "node:crypto";
import { bytesToHex } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import { ReceiverIds, receiverHex, receiverId, shardOf } from "../../../crdt/receiver.ts";
import { unwrapShowKey, wrapShowKey } from "../../../edge/show-key.ts";

const network = new Uint8Array(32).fill(7);
const key = Uint8Array.from({ length: 32 }, (_, i) => i);

test("a show's key is unwrapped with the network's secret and the show's name, and with nothing else", () => {
  const wrapped = wrapShowKey(key, network, "final");
  expect(wrapped).toBe("6c1763007d2feaca7bcfd540a9dd6fbd0678b8c1868c42f1f61167ce6654060c");
  expect(unwrapShowKey(wrapped, network, "final")).toBe(bytesToHex(key));
  expect(unwrapShowKey(wrapped, network, "semi")).not.toBe(bytesToHex(key));
  expect(unwrapShowKey(wrapped, new Uint8Array(32).fill(8), "final")).not.toBe(bytesToHex(key));
});

test("a receiver's identity is the same at every edge, and another in another show", () => {
  const id = receiverId(bytesToHex(key), "subject");
  expect(receiverHex(id)).toBe("d62bda523d33a5fb");
  expect(receiverId(bytesToHex(key.toReversed()), "subject")).not.toEqual(id);
  expect(receiverId(bytesToHex(key), "subject2")).not.toEqual(id);
});

test("identities are those of SHA-256 over key and subject, whatever was asked before", () => {
  const ids = new ReceiverIds(bytesToHex(key));
  const long = "é".repeat(300);
  for (const subject of [
    "subject",
    "",
    "zuschauer-ü",
    "\u{1f4fa}".repeat(128),
    long,
    `${long}!`,
    "\ud800",
    "subject",
  ]) {
    const digest = createHash("sha256").update(bytesToHex(key)).update(subject, "utf8").digest("hex");
    expect(receiverHex(ids.of(subject))).toBe(digest.slice(0, 16));
  }
});

test("shards share receivers evenly", () => {
  const counts = [0, 0, 0];
  for (let i = 0; i < 30_000; i++) counts[shardOf(receiverId(bytesToHex(key), `receiver ${i}`), 3)]! += 1;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
});
