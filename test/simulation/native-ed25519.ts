// What product code uses of @noble/ed25519, by node:crypto: the same signatures (RFC 8032) in a fiftieth of the time, so
// that a seed's hundreds of handshakes do not cost more than all the rest. `hooks.ts` puts it in the library's place.
import { createPrivateKey, createPublicKey, sign as signWith, verify as verifyWith, type KeyObject } from "node:crypto";

const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");
const keys = new Map<string, KeyObject>();
/** Introductions are read again with every link. */
const verified = new Map<string, boolean>();
const MAX_VERIFIED = 10_000;

/** The library is handed a hash here; this one needs none. */
export const hashes: Record<string, unknown> = {};

export function getPublicKey(secretKey: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKey(secretKey)).export({ format: "der", type: "spki" });
  return new Uint8Array(der.subarray(SPKI.length));
}

export function sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
  return new Uint8Array(signWith(null, message, privateKey(secretKey)));
}

export function verify(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  const question = `${hexOf(signature)} ${hexOf(key)} ${hexOf(message)}`;
  const known = verified.get(question);
  if (known !== undefined) return known;
  const publicKey = cached(`public ${hexOf(key)}`, () =>
    createPublicKey({ key: Buffer.concat([SPKI, key]), format: "der", type: "spki" }),
  );
  const answer = verifyWith(null, message, publicKey, signature);
  if (verified.size > MAX_VERIFIED) verified.clear();
  verified.set(question, answer);
  return answer;
}

function privateKey(secretKey: Uint8Array): KeyObject {
  return cached(`private ${hexOf(secretKey)}`, () =>
    createPrivateKey({ key: Buffer.concat([PKCS8, secretKey]), format: "der", type: "pkcs8" }),
  );
}

function cached(name: string, make: () => KeyObject): KeyObject {
  const known = keys.get(name) ?? make();
  keys.set(name, known);
  return known;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
