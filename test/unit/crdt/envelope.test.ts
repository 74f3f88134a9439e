import { describe, expect, test } from "vitest";
import {
  addresseeOf,
  encloseData,
  ENVELOPE_OVERHEAD_BYTES,
  makeEnvelopeKey,
  openEnvelope,
  readEnvelopeKey,
} from "../../../crdt/envelope.ts";
import { ORDER_ID } from "../../support/orders.ts";

const data = new TextEncoder().encode('{"name":"Ada Lovelace"}');
const { pair, secret } = await makeEnvelopeKey();

describe("an envelope", () => {
  test("is read by the key that it was made for, also when the key comes back from its file", async () => {
    const envelope = await encloseData(data, pair, ORDER_ID);
    expect(addresseeOf(envelope)).toBe(pair.id);
    expect(envelope.length).toBe(data.length + ENVELOPE_OVERHEAD_BYTES);
    const again = await readEnvelopeKey(secret);
    expect([again.id, again.key]).toEqual([pair.id, pair.key]);
    expect(await openEnvelope(envelope, again, ORDER_ID)).toEqual(data);
  });

  test("does not show what is in it, and differs each time", async () => {
    const [one, two] = [await encloseData(data, pair, ORDER_ID), await encloseData(data, pair, ORDER_ID)];
    expect(one).not.toEqual(two);
    expect(Buffer.from(one).includes("Lovelace")).toBe(false);
  });

  test("is closed to other keys, in other orders, and once a byte of it is changed", async () => {
    const envelope = await encloseData(data, pair, ORDER_ID);
    const { pair: other } = await makeEnvelopeKey();
    expect(await openEnvelope(envelope, other, ORDER_ID)).toBeUndefined();
    expect(await openEnvelope(envelope, pair, "0e".repeat(16))).toBeUndefined();
    for (const at of [0, 20, 80, envelope.length - 1]) {
      const changed = envelope.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(await openEnvelope(changed, pair, ORDER_ID), `byte ${at}`).toBeUndefined();
    }
    for (const length of [0, 1, ENVELOPE_OVERHEAD_BYTES - 1])
      expect(await openEnvelope(envelope.subarray(0, length), pair, ORDER_ID)).toBeUndefined();
  });
});

test("a key that is none of P-256 is refused when it is read", async () => {
  await expect(readEnvelopeKey(new Uint8Array(40))).rejects.toThrow();
});
