import { createHmac, timingSafeEqual } from "node:crypto";

/** Code of the option, RFC 7873, 4. */
export const COOKIE = 10;
/** Bytes of a client's part. */
const CLIENT_BYTES = 8;
/** Bytes of ours: 4 of the time in seconds, 12 of a keyed hash. Opaque to clients (RFC 7873, 4.2: 8 to 32). */
const SERVER_BYTES = 16;
/** A cookie of ours is good for an hour, and may be five minutes ahead of a clock that was set (RFC 9018, 4.3). */
const GOOD_S = 3600;
const AHEAD_S = 300;

/** What a query's COOKIE option is worth. */
export type CookieVerdict = "malformed" | "unproven" | "proven";

/** DNS cookies: whoever shows one of ours has received an answer of ours at its address, so that address is no forgery. */
export class Cookies {
  readonly #secret: Uint8Array;

  /** `secret`: 32 random bytes. */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  judge(cookie: Uint8Array, client: string, nowMs: number): CookieVerdict {
    const { length } = cookie;
    if (length !== CLIENT_BYTES && (length < CLIENT_BYTES + 8 || length > CLIENT_BYTES + 32)) return "malformed";
    if (length !== CLIENT_BYTES + SERVER_BYTES) return "unproven";
    const issued = new DataView(cookie.buffer, cookie.byteOffset).getUint32(CLIENT_BYTES);
    const age = Math.floor(nowMs / 1000) - issued;
    if (age > GOOD_S || age < -AHEAD_S) return "unproven";
    return timingSafeEqual(cookie, this.#cookie(cookie.subarray(0, CLIENT_BYTES), client, issued))
      ? "proven"
      : "unproven";
  }

  /** The option's data for the answer to a query that had one. */
  issue(cookie: Uint8Array, client: string, nowMs: number): Uint8Array {
    return this.#cookie(cookie.subarray(0, CLIENT_BYTES), client, Math.floor(nowMs / 1000));
  }

  #cookie(clientPart: Uint8Array, client: string, issued: number): Uint8Array {
    const bytes = new Uint8Array(CLIENT_BYTES + SERVER_BYTES);
    bytes.set(clientPart);
    new DataView(bytes.buffer).setUint32(CLIENT_BYTES, issued);
    const hash = createHmac("sha256", this.#secret)
      .update(bytes.subarray(0, CLIENT_BYTES + 4))
      .update(client)
      .digest();
    bytes.set(hash.subarray(0, SERVER_BYTES - 4), CLIENT_BYTES + 4);
    return bytes;
  }
}
