import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { identityFrom, SECRET_KEY_BYTES, type Identity, type Role } from "../crdt/replicate/introduction.ts";

/**
 * A member's keys from the network's secret and its name (HKDF, RFC 5869), for members that have no disk of their own to
 * keep a key on: one secret is enough for any number of them. Whoever has it could mint every token anyway.
 */
export function derivedIdentity(member: string, role: Role, network: Uint8Array): Identity {
  const seed = hkdf(sha256, network, undefined, utf8ToBytes(`redbutton member ${member} 1`), SECRET_KEY_BYTES);
  return identityFrom(member, role, seed);
}

/** Name of the edge that has the shards `index`, `index + objects`, … of every show in a region of Durable Objects. */
export function objectEdgeName(region: string, index: number): string {
  return `${region}-${index}`;
}
