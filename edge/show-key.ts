import { blake2s } from "@noble/hashes/blake2.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { SHOW_KEY_BYTES } from "../crdt/receiver.ts";

/**
 * A show's key stands on the board, where readers see it too: so it is wrapped, XORed with a keyed BLAKE2s (RFC 7693)
 * of the show's name. A show's name is used once, and so is each pad.
 *
 *     wrapped = key XOR BLAKE2s-256(key = network secret, "redbutton show key " name)
 */
export function wrapShowKey(key: Uint8Array, network: Uint8Array, show: string): string {
  return bytesToHex(xor(key, pad(network, show)));
}

/** The inverse: the key as `receiverId` takes it, 64 hexadecimal digits. */
export function unwrapShowKey(wrapped: string, network: Uint8Array, show: string): string {
  return bytesToHex(xor(hexToBytes(wrapped), pad(network, show)));
}

function pad(network: Uint8Array, show: string): Uint8Array {
  return blake2s(utf8ToBytes(`redbutton show key ${show}`), { key: network, dkLen: SHOW_KEY_BYTES });
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]!);
}
