import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT, type JWTVerifyGetKey } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import {
  Broadcaster,
  MAX_VERIFYING,
  REMEMBERED_MS,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
} from "../../../edge/jwks.ts";
import type { Receiver } from "../../../edge/tokens.ts";
import { isRefusal, type Refusal } from "../../../edge/refusal.ts";

const now = 1_800_000_000_000;
const config = { issuer: "https://tv.example", audience: "redbutton", url: "https://tv.example/jwks.json" };
const claims = { sub: "viewer-7" };

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;
const pairs = new Map<SignatureAlgorithm, KeyPair>();
let keySet: JWTVerifyGetKey;

beforeAll(async () => {
  for (const algorithm of SIGNATURE_ALGORITHMS)
    pairs.set(algorithm, await generateKeyPair(algorithm, { extractable: true }));
  const keys = await Promise.all(
    [...pairs].map(async ([alg, pair]) => ({ ...(await exportJWK(pair.publicKey)), alg, kid: alg })),
  );
  keySet = createLocalJWKSet({ keys });
});

interface Changes {
  readonly algorithm?: SignatureAlgorithm;
  readonly issuer?: string;
  readonly audience?: string;
  readonly expiresInS?: number;
  readonly claims?: Record<string, unknown>;
  readonly key?: KeyPair["privateKey"];
}

function sign({
  algorithm = "ES256",
  issuer = config.issuer,
  audience = config.audience,
  expiresInS = 600,
  ...more
}: Changes = {}) {
  return new SignJWT(more.claims ?? claims)
    .setProtectedHeader({ alg: algorithm, kid: algorithm })
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime(now / 1000 + expiresInS)
    .sign(more.key ?? pairs.get(algorithm)!.privateKey);
}

function broadcaster(time = { now: now }, keys: JWTVerifyGetKey = keySet, algorithms?: readonly SignatureAlgorithm[]) {
  return new Broadcaster({ ...config, ...(algorithms ? { algorithms } : {}) }, { now: () => time.now }, keys);
}

test.for(SIGNATURE_ALGORITHMS)(
  "a token signed with %s is taken, its subject kept apart by the issuer",
  async (algorithm) => {
    expect(await broadcaster().receiver(await sign({ algorithm }))).toEqual({
      subject: "https://tv.example|viewer-7",
      signed: true,
      expiresAt: now + 605_000,
    });
  },
);

describe("what is refused", () => {
  test.for<[what: string, changes: Changes, code: string]>([
    ["another issuer", { issuer: "https://evil.example" }, "token_invalid"],
    ["another audience", { audience: "shop" }, "token_invalid"],
    ["an old token", { expiresInS: -6 }, "token_expired"],
    ["no subject", { claims: {} }, "token_invalid"],
    ["an empty subject", { claims: { sub: "" } }, "token_invalid"],
    ["a token not yet good", { claims: { ...claims, nbf: now / 1000 + 60 } }, "token_invalid"],
  ])("%s", async ([, changes, code]) => {
    expect(await broadcaster().receiver(await sign(changes))).toMatchObject({ refused: code });
  });

  test("another key", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    expect(await broadcaster().receiver(await sign({ key: privateKey }))).toMatchObject({ refused: "token_invalid" });
  });

  test("an algorithm that is not configured", async () => {
    const only = broadcaster({ now }, keySet, ["RS256"]);
    expect(await only.receiver(await sign({ algorithm: "ES256" }))).toMatchObject({ refused: "token_invalid" });
  });

  test("a public key used as a secret", async () => {
    const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(pairs.get("RS256")!.publicKey)));
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "RS256" }).sign(secret);
    expect(await broadcaster().receiver(forged)).toMatchObject({ refused: "token_invalid" });
  });

  test.for(["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])("garbage: %j", async (token) => {
    expect(await broadcaster().receiver(token)).toMatchObject({ refused: "token_invalid" });
  });

  test("everything while the keys cannot be reached, to be tried again", async () => {
    const unreachable = broadcaster({ now }, () => Promise.reject(new TypeError("fetch failed")));
    expect(await unreachable.receiver(await sign())).toMatchObject({ refused: "not_ready", retryAfterS: 2 });
  });
});

describe("a token that was right", () => {
  test("is remembered, and for a while only", async () => {
    const time = { now };
    let verified = 0;
    const counting: JWTVerifyGetKey = (header, token) => {
      verified++;
      return keySet(header, token);
    };
    const remembering = broadcaster(time, counting);
    const token = await sign({ expiresInS: 3600 });
    await remembering.receiver(token);
    expect(remembering.receiver(token)).toMatchObject({ signed: true });
    time.now += REMEMBERED_MS - 1;
    expect(remembering.receiver(token)).toMatchObject({ signed: true });
    expect(verified).toBe(1);
    time.now += 1;
    await remembering.receiver(token);
    expect(verified).toBe(2);
  });

  test("expires where it is remembered too", async () => {
    const time = { now };
    const remembering = broadcaster(time);
    const token = await sign({ expiresInS: 10 });
    await remembering.receiver(token);
    time.now += 15_000;
    expect(await remembering.receiver(token)).toMatchObject({ refused: "token_expired" });
  });
});

test("only so many are verified at once", async () => {
  const waiting: (() => void)[] = [];
  const slow: JWTVerifyGetKey = async (header, token) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return keySet(header, token);
  };
  const crowded = broadcaster({ now }, slow);
  const token = await sign();
  const answers: Promise<Receiver | Refusal>[] = [];
  for (let i = 0; i < MAX_VERIFYING; i++) answers.push(Promise.resolve(crowded.receiver(token)));
  expect(crowded.receiver(token)).toMatchObject({ refused: "overloaded" });
  // jose asks for the key a few turns after it was called.
  while (waiting.length < MAX_VERIFYING) await Promise.resolve();
  for (const go of waiting) go();
  const settled = await Promise.all(answers);
  expect(settled.filter(isRefusal)).toEqual([]);
  expect(crowded.receiver(token)).toMatchObject({ signed: true });
});
