import { hexToBytes } from "@noble/hashes/utils.js";
import { deriveTokenKeys, type TokenKey } from "../../../edge/token.ts";

/** The key that signs receivers' tokens in a network with this secret, in hexadecimal. */
export function receiverKey(secret: string): TokenKey {
  return deriveTokenKeys(hexToBytes(secret)).receivers;
}

/** A token such as `POST /v1/receivers` hands out. */
export function receiverToken(key: TokenKey, receiver: number): string {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const sub = `anonymous-${receiver.toString(32).padStart(26, "0")}`;
  return key.sign({ sub, exp, role: "receiver", anon: true });
}
