// What envelopes take of Web Crypto (P-256, HKDF, AES-GCM), by node:crypto: at once, where the platform's own answers from
// other threads, in whatever order; and with keys that follow from the seed.
import { createCipheriv, createDecipheriv, createECDH, createHash, hkdfSync } from "node:crypto";
import type { Dice } from "./dice.ts";

/** Every key is its bytes, whatever the format: a point, a scalar, or a secret. */
type Key = Uint8Array;

const SCALAR_BYTES = 32;
const TAG_BYTES = 16;

/** Puts it in the platform's place; `dice` makes the keys from now on. */
export function seedSubtle(dice: Dice): void {
  Object.defineProperty(globalThis.crypto, "subtle", { configurable: true, value: new SeededSubtle(dice) });
}

class SeededSubtle {
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  async generateKey(): Promise<{ privateKey: Key; publicKey: Key }> {
    const privateKey = this.#dice.bytes(SCALAR_BYTES);
    return { privateKey, publicKey: pointOf(privateKey) };
  }

  async importKey(_format: string, bytes: Key): Promise<Key> {
    return bytes;
  }

  async exportKey(format: string, key: Key): Promise<ArrayBuffer | { x: string; y: string }> {
    if (format !== "jwk") return bufferOf(key);
    const point = Buffer.from(pointOf(key));
    return { x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
  }

  async digest(_name: string, data: Uint8Array): Promise<ArrayBuffer> {
    return bufferOf(createHash("sha256").update(data).digest());
  }

  async deriveBits({ public: point }: { readonly public: Key }, own: Key): Promise<ArrayBuffer> {
    const ecdh = createECDH("prime256v1");
    ecdh.setPrivateKey(own);
    return bufferOf(ecdh.computeSecret(point));
  }

  async deriveKey({ salt, info }: { readonly salt: Key; readonly info: Key }, material: ArrayBuffer): Promise<Key> {
    return new Uint8Array(hkdfSync("sha256", new Uint8Array(material), salt, info, 32));
  }

  async encrypt({ iv }: { readonly iv: Key }, key: Key, data: Key): Promise<ArrayBuffer> {
    const cipher = createCipheriv("aes-256-gcm", key, iv);
    return bufferOf(Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]));
  }

  async decrypt({ iv }: { readonly iv: Key }, key: Key, data: Key): Promise<ArrayBuffer> {
    const cipher = createDecipheriv("aes-256-gcm", key, iv);
    cipher.setAuthTag(data.subarray(-TAG_BYTES));
    return bufferOf(Buffer.concat([cipher.update(data.subarray(0, -TAG_BYTES)), cipher.final()]));
  }
}

function pointOf(scalar: Key): Key {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(scalar);
  return new Uint8Array(ecdh.getPublicKey());
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
