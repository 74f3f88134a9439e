import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** Seconds that a request may be under way, or clocks apart, before its signature is worth nothing. */
export const SIGNATURE_LIFE_S = 300;

export const TIMESTAMP_HEADER = "Redbutton-Timestamp";
export const SIGNATURE_HEADER = "Redbutton-Signature";

/** What is signed of a request. */
export interface SignedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: string;
}

/**
 * The signature of a request, lower-case hexadecimal:
 *
 *     HMAC-SHA256(secret, timestamp "." method "." path "." body)       timestamp: seconds since 1970, decimal
 *
 * Method and path are in it, since a refund and a question have no body.
 */
export function signatureOf(secret: string, timestamp: string, { method, path, body }: SignedRequest): string {
  return bytesToHex(hmac(sha256, utf8ToBytes(secret), utf8ToBytes(`${timestamp}.${method}.${path}.${body}`)));
}

/** Why a provider refuses a request's signature; undefined where it is good. */
export function signatureProblem(
  secret: string,
  request: SignedRequest,
  headers: { readonly timestamp: string | null; readonly signature: string | null },
  nowMs: number,
): string | undefined {
  const { timestamp, signature } = headers;
  if (timestamp === null || !/^\d{1,12}$/.test(timestamp)) return `no ${TIMESTAMP_HEADER} in seconds`;
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > SIGNATURE_LIFE_S) return "the timestamp is too old or too new";
  return isSame(signatureOf(secret, timestamp, request), signature ?? "") ? undefined : "the signature does not fit";
}

/** Compares all characters whatever the first difference is, so that timing tells nothing. */
function isSame(wanted: string, given: string): boolean {
  let difference = wanted.length ^ given.length;
  for (let i = 0; i < wanted.length; i++)
    difference |= wanted.charCodeAt(i) ^ given.charCodeAt(i % (given.length || 1));
  return difference === 0;
}
