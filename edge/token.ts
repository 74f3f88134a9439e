import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/** What an operator may do; each role may also do what stands before it. */
export const OPERATOR_ROLES = ["reader", "viewer", "operator", "producer"] as const;
/**
 * reader: documents and hidden results; viewer: the console too; operator: arm, open, close, release, publish;
 * producer: everything, creating, voiding and naming boots lost included.
 */
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** A receiver's token. `exp`: seconds since 1970 (RFC 7519, 4.1.4). */
export interface ReceiverClaims {
  readonly sub: string;
  readonly exp: number;
  readonly role: "receiver";
  /** True where the token was handed to whoever asked, and vouches for nobody. */
  readonly anon: boolean;
}

/** Who may look into replicas: a token of its own, since it shows more than any operator sees. */
export interface InspectorClaims {
  readonly sub: string;
  readonly exp: number;
  readonly role: "inspector";
  readonly shows: "*" | readonly string[];
  /** How receivers are named: by a pseudonym that leads nowhere, or by their keyed hash in the ledger. */
  readonly receivers: "pseudonyms" | "hashes";
}

export interface OperatorClaims {
  readonly sub: string;
  readonly exp: number;
  readonly role: OperatorRole;
  /** The shows it is good for. */
  readonly shows: "*" | readonly string[];
}

/** Longest token that is looked at: a broadcaster's with an RSA signature and many claims has some 2,000 characters. */
export const MAX_TOKEN_CHARS = 4096;

/** Bytes of the network's secret. */
export const NETWORK_SECRET_BYTES = 32;

/** One key a kind of token, so that neither can pass for the other. */
export interface TokenKeys {
  readonly receivers: TokenKey;
  readonly operators: TokenKey;
  readonly inspectors: TokenKey;
}

/** HKDF (RFC 5869) of the network's secret. Throws RangeError where that has not 32 bytes. */
export function deriveTokenKeys(secret: Uint8Array): TokenKeys {
  if (secret.length !== NETWORK_SECRET_BYTES)
    throw new RangeError(`deriving token keys: the secret has ${secret.length} bytes, wanted ${NETWORK_SECRET_BYTES}`);
  const derive = (purpose: string) =>
    new TokenKey(hkdf(sha256, secret, undefined, utf8ToBytes(`redbutton ${purpose} tokens 1`), 32));
  return { receivers: derive("receiver"), operators: derive("operator"), inspectors: derive("inspector") };
}

/** The only header (RFC 7515) of our own tokens; others are not decoded, so "alg": "none" is nothing special. */
const HEADER = encode('{"alg":"HS256","typ":"JWT"}');
const PREFIX = `${HEADER}.`;

/** Whether this edge's network made the token, or claims to have. */
export function isOwnToken(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** What any JWT says, unchecked; undefined where it is none. */
export function claimsOf(token: string): unknown {
  try {
    return JSON.parse(decode(token.split(".")[1] ?? ""));
  } catch {
    return undefined;
  }
}

/**
 * Signs and checks compact JWTs (RFC 7519) with HMAC-SHA256. Synchronous, as every ballot passes here; the hash's state
 * after key and header is kept, which makes it 3 µs in Deno and in Node (node:crypto: 6 and 1.5; WebCrypto's thread
 * pool: over 100).
 */
export class TokenKey {
  readonly #begun: ReturnType<typeof hmac.create>;
  readonly #work: ReturnType<typeof hmac.create>;
  readonly #payload = new Uint8Array(MAX_TOKEN_CHARS);
  readonly #digest = new Uint8Array(DIGEST_BYTES);

  constructor(key: Uint8Array) {
    this.#begun = hmac.create(sha256, key);
    this.#begun.update(utf8ToBytes(PREFIX));
    this.#work = hmac.create(sha256, key);
  }

  sign(claims: ReceiverClaims | OperatorClaims | InspectorClaims): string {
    const payload = encode(escapeNonAscii(JSON.stringify(claims)));
    if (!this.#hash(payload)) throw new RangeError(`signing a token of ${payload.length} characters: too long`);
    return `${PREFIX}${payload}.${encode(String.fromCharCode(...this.#digest))}`;
  }

  /** The claims, unchecked; undefined where this key did not sign them. */
  open(token: string): unknown {
    const dot = token.lastIndexOf(".");
    if (!isOwnToken(token) || dot < PREFIX.length) return undefined;
    const payload = token.slice(PREFIX.length, dot);
    const signature = decodeSignature(token.slice(dot + 1));
    if (signature === undefined || !this.#hash(payload)) return undefined;
    return isEqual(this.#digest, signature) ? JSON.parse(decode(payload)) : undefined;
  }

  /** Puts the signature of `payload` into `#digest`; false where it is too long or no ASCII. */
  #hash(payload: string): boolean {
    if (payload.length > MAX_TOKEN_CHARS) return false;
    let seen = 0;
    for (let i = 0; i < payload.length; i++) seen |= this.#payload[i] = payload.charCodeAt(i);
    if (seen > 0x7f) return false;
    this.#begun._cloneInto(this.#work);
    this.#work.update(this.#payload.subarray(0, payload.length)).digestInto(this.#digest);
    return true;
  }
}

const DIGEST_BYTES = 32;

/** A signature's bytes, from exactly the 43 characters that encode them: a token has one form. */
function decodeSignature(text: string): string | undefined {
  if (!/^[\w-]{42}[AEIMQUYcgkosw048]$/.test(text)) return undefined;
  return decode(text);
}

/** Compares all bytes whatever the first difference is, so that timing tells nothing of the right signature. */
function isEqual(wanted: Uint8Array, given: string): boolean {
  let difference = 0;
  for (let i = 0; i < wanted.length; i++) difference |= wanted[i]! ^ given.charCodeAt(i);
  return difference === 0;
}

/** base64url without padding (RFC 4648, 5) of a string of bytes. */
function encode(bytes: string): string {
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decode(text: string): string {
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/** JSON in ASCII, so that a character is a byte at both ends. */
function escapeNonAscii(json: string): string {
  return json.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
