import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

/**
 * Personal data on its way from an edge to the order processor, through logs and documents that many can read (Web
 * Crypto; the scheme is ECIES with the parts of HPKE, RFC 9180: DHKEM(P-256), HKDF-SHA256, AES-256-GCM):
 *
 *     envelope = version key ephemeral ciphertext
 *     version = u8 (1)    key = 8 bytes: the id of the processor's key    ephemeral = 65 bytes: a P-256 point
 *     ciphertext = AES-256-GCM of the data with its 16-byte tag; nonce of zeros, as each secret is used once
 *     secret = HKDF-SHA256(ECDH(ephemeral, key), salt = ephemeral ‖ processor's point, info = "redbutton envelope" ‖ order's id)
 *
 * The order's id is bound in, so an envelope cannot be put into another order.
 */
export const ENVELOPE_VERSION = 1;
/** Bytes of an envelope beside the data in it. */
export const ENVELOPE_OVERHEAD_BYTES = 1 + 8 + 65 + 16;

const KEY_ID_BYTES = 8;
const POINT_BYTES = 65;
const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
const NONCE = new Uint8Array(12);

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Both halves of a processor's key. */
export interface EnvelopeKeyPair {
  /** 16 hexadecimal digits: the first 8 bytes of SHA-256 of the point. */
  readonly id: string;
  /** The public point, 65 bytes in hexadecimal. */
  readonly key: string;
  readonly secret: Key;
}

/** Makes a key; `secret` is what to keep, in PKCS #8. */
export async function makeEnvelopeKey(): Promise<{ readonly pair: EnvelopeKeyPair; readonly secret: Uint8Array }> {
  const made = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  if (!("privateKey" in made)) throw new Error("making an envelope key: got one key, wanted a pair");
  const secret = bytesOf(await crypto.subtle.exportKey("pkcs8", made.privateKey));
  return { pair: await readEnvelopeKey(secret), secret };
}

/** The pair of a secret in PKCS #8, as `makeEnvelopeKey` gave it. Throws where it is none of P-256. */
export async function readEnvelopeKey(secret: Uint8Array): Promise<EnvelopeKeyPair> {
  const imported = await crypto.subtle.importKey("pkcs8", new Uint8Array(secret), CURVE, true, ["deriveBits"]);
  const exported = await crypto.subtle.exportKey("jwk", imported);
  if (!("x" in exported && "y" in exported)) throw new Error("reading an envelope key: got no point of P-256");
  const point = concatBytes(Uint8Array.of(4), fromBase64Url(exported.x), fromBase64Url(exported.y));
  return { id: await keyId(point), key: bytesToHex(point), secret: imported };
}

/** Encrypts `data` for the holder of `to`, within the order of that id. */
export async function encloseData(
  data: Uint8Array,
  to: { readonly id: string; readonly key: string },
  order: string,
): Promise<Uint8Array> {
  const point = hexToBytes(to.key);
  const publicKey = await crypto.subtle.importKey("raw", new Uint8Array(point), CURVE, false, []);
  const pair = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  if (!("privateKey" in pair)) throw new Error("enclosing data: got one key, wanted a pair");
  const ephemeral = bytesOf(await crypto.subtle.exportKey("raw", pair.publicKey));
  const key = await secretOf(pair.privateKey, publicKey, concatBytes(ephemeral, point), order, "encrypt");
  const ciphertext = await crypto.subtle.encrypt({ name: "AES-GCM", iv: NONCE }, key, new Uint8Array(data));
  return concatBytes(Uint8Array.of(ENVELOPE_VERSION), hexToBytes(to.id), ephemeral, new Uint8Array(ciphertext));
}

/** The id of the key that an envelope is for; undefined where the bytes are none of this version. */
export function addresseeOf(envelope: Uint8Array): string | undefined {
  if (envelope[0] !== ENVELOPE_VERSION || envelope.length < ENVELOPE_OVERHEAD_BYTES) return undefined;
  return bytesToHex(envelope.subarray(1, 1 + KEY_ID_BYTES));
}

/** The inverse of `encloseData`; undefined where it was not made for this key and order, or was tampered with. */
export async function openEnvelope(
  envelope: Uint8Array,
  { key, secret }: EnvelopeKeyPair,
  order: string,
): Promise<Uint8Array | undefined> {
  if (addresseeOf(envelope) === undefined) return undefined;
  const ephemeral = envelope.slice(1 + KEY_ID_BYTES, 1 + KEY_ID_BYTES + POINT_BYTES);
  const ciphertext = envelope.slice(1 + KEY_ID_BYTES + POINT_BYTES);
  try {
    const from = await crypto.subtle.importKey("raw", ephemeral, CURVE, false, []);
    const shared = await secretOf(secret, from, concatBytes(ephemeral, hexToBytes(key)), order, "decrypt");
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: NONCE }, shared, ciphertext));
  } catch {
    return undefined; // No point of the curve, or a tag that does not fit: not ours to read.
  }
}

async function secretOf(
  own: Key,
  other: Key,
  salt: Uint8Array,
  order: string,
  use: "encrypt" | "decrypt",
): Promise<Key> {
  // A variable, since workerd's types call it "$public", and workerd itself does not.
  const agreement = { name: "ECDH", public: other };
  const shared = await crypto.subtle.deriveBits(agreement, own, 256);
  const material = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const info = concatBytes(utf8ToBytes("redbutton envelope"), hexToBytes(order));
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(salt), info: new Uint8Array(info) };
  return crypto.subtle.deriveKey(derivation, material, { name: "AES-GCM", length: 256 }, false, [use]);
}

async function keyId(point: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(point));
  return bytesToHex(new Uint8Array(digest, 0, KEY_ID_BYTES));
}

function bytesOf(exported: object): Uint8Array {
  if (exported instanceof ArrayBuffer) return new Uint8Array(exported);
  throw new Error("exporting a key: got an object, wanted bytes");
}

function fromBase64Url(text: string | undefined = ""): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}
