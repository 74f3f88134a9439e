import { createHash } from "node:crypto";
import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from "jose";
import type { Clock } from "../crdt/ports.ts";
import { RecentMap } from "./recent.ts";
import { isRefusal, refuse, type Refusal } from "./refusal.ts";
import type { Receiver } from "./tokens.ts";

/** A broadcaster's own tokens: whoever signs viewers in already. */
export interface BroadcasterConfig {
  /** The `iss` that its tokens carry; subjects are kept apart by it. */
  readonly issuer: string;
  /** The `aud` that has to be among theirs. */
  readonly audience: string;
  /** Where its public keys are (RFC 7517). */
  readonly url: string;
  /** All of `SIGNATURE_ALGORITHMS` where none are named. */
  readonly algorithms?: readonly SignatureAlgorithm[];
}

/** Public keys only: with an HMAC among them a public key could be taken for a secret. */
export const SIGNATURE_ALGORITHMS = ["RS256", "ES256", "EdDSA"] as const;
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** Broadcasters' tokens remembered, two generations of this many: verifying costs 50 to 500 µs, and each ballot brings one. */
export const MAX_REMEMBERED = 50_000;
/** For so long a token stays good whose key the broadcaster has withdrawn. */
export const REMEMBERED_MS = 10 * 60 * 1000;
/** Verifications under way at once: more would only wait in the thread pool's queue. */
export const MAX_VERIFYING = 512;
/** A broadcaster's clock may differ from ours by this many seconds. */
const CLOCK_TOLERANCE_S = 5;

interface Remembered {
  readonly receiver: Receiver;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Verifies a broadcaster's tokens, and remembers for a while those that were right. */
export class Broadcaster {
  readonly #config: BroadcasterConfig;
  readonly #clock: Clock;
  readonly #keys: JWTVerifyGetKey;
  readonly #remembered = new RecentMap<Remembered>(MAX_REMEMBERED);
  #verifying = 0;

  /** `keys` are fetched from `config.url` and cached where none are given. */
  constructor(
    config: BroadcasterConfig,
    clock: Clock,
    keys: JWTVerifyGetKey = createRemoteJWKSet(new URL(config.url)),
  ) {
    this.#config = config;
    this.#clock = clock;
    this.#keys = keys;
  }

  receiver(token: string): Receiver | Refusal | Promise<Receiver | Refusal> {
    const digest = createHash("sha256").update(token).digest("base64url");
    const known = this.#remembered.get(digest);
    if (known && known.until > this.#clock.now()) return known.receiver;
    if (this.#verifying >= MAX_VERIFYING)
      return refuse("overloaded", `${MAX_VERIFYING} tokens are being verified already`, { retryAfterS: 1 });
    return this.#verify(token, digest);
  }

  async #verify(token: string, digest: string): Promise<Receiver | Refusal> {
    this.#verifying++;
    try {
      const receiver = await this.#read(token);
      if (!isRefusal(receiver)) this.#remember(digest, receiver);
      return receiver;
    } catch (error) {
      return refusalOf(error);
    } finally {
      this.#verifying--;
    }
  }

  #remember(digest: string, receiver: Receiver): void {
    const until = Math.min(receiver.expiresAt, this.#clock.now() + REMEMBERED_MS);
    this.#remembered.set(digest, { receiver, until });
  }

  async #read(token: string): Promise<Receiver | Refusal> {
    const { payload } = await jwtVerify(token, this.#keys, {
      issuer: this.#config.issuer,
      audience: this.#config.audience,
      algorithms: [...(this.#config.algorithms ?? SIGNATURE_ALGORITHMS)],
      requiredClaims: ["sub", "exp"],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(this.#clock.now()),
    });
    if (!payload.sub || payload.exp === undefined) return refuse("token_invalid", 'the token names no "sub"');
    const subject = `${this.#config.issuer}|${payload.sub}`;
    return { subject, signed: true, expiresAt: (payload.exp + CLOCK_TOLERANCE_S) * 1000 };
  }
}

/** The broadcaster's fault or the receiver's: only a token that was looked at and found wrong is the receiver's. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired)
    return refuse("token_expired", "the broadcaster's token has expired; get a new one");
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError))
    return refuse("not_ready", "the broadcaster's keys cannot be reached", { retryAfterS: 2 });
  return refuse("token_invalid", `the broadcaster's token is not accepted: ${error.message}`);
}
