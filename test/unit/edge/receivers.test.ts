import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { Broadcaster } from "../../../edge/jwks.ts";
import { RECEIVER_TOKEN_MS } from "../../../edge/routes/receivers.ts";
import { Harness, problemOf } from "./harness.ts";

interface Admitted {
  readonly token: string;
  readonly receiver: string;
  readonly expires_at: number;
  readonly signed: boolean;
}

const path = "/v1/receivers";

async function admit(harness: Harness, token?: string): Promise<Admitted> {
  const response = await harness.ask("POST", path, { token });
  expect(response.status).toBe(201);
  return (await response.json()) as Admitted;
}

test("whoever asks gets a token of its own that the edge takes", async () => {
  const harness = new Harness();
  const response = await harness.ask("POST", path);
  expect(response.status).toBe(201);
  expect(response.headers.get("cache-control")).toBe("private, no-store");
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  const body = (await response.json()) as Admitted;
  expect(body).toEqual({
    token: expect.any(String),
    receiver: expect.stringMatching(/^anonymous-[0-9a-hjkmnp-tv-z]{26}$/),
    signed: false,
    expires_at: harness.world.time + RECEIVER_TOKEN_MS,
    edge: "fra",
    region: "eu",
  });
  expect(harness.tokens.receiver(body.token)).toEqual({
    subject: body.receiver,
    signed: false,
    expiresAt: body.expires_at,
  });
  expect((await admit(harness)).receiver).not.toBe(body.receiver);
});

test("a receiver that comes back in time stays the same receiver", async () => {
  const harness = new Harness();
  const first = await admit(harness);
  harness.world.time += RECEIVER_TOKEN_MS - 1;
  const second = await admit(harness, first.token);
  expect(second.receiver).toBe(first.receiver);
  expect(second.expires_at).toBeGreaterThan(first.expires_at);
  harness.world.time = first.expires_at;
  expect(await problemOf(await harness.ask("POST", path, { token: first.token }))).toMatchObject({
    status: 401,
    code: "token_expired",
  });
});

test("a signed receiver gets no longer than what it showed", async () => {
  const harness = new Harness();
  const shown = harness.receiver("viewer", false);
  const { token, expires_at, signed } = await admit(harness, shown);
  expect(signed).toBe(true);
  expect(harness.tokens.receiver(token)).toEqual({ subject: "viewer", signed: true, expiresAt: expires_at });
  expect(expires_at).toBe(harness.world.time + 3_600_000);
});

test("a broadcaster's token is taken in exchange", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const keys = createLocalJWKSet({ keys: [await exportJWK(publicKey)] });
  const config = { issuer: "https://tv.example", audience: "redbutton", url: "https://tv.example/jwks.json" };
  const harness = new Harness({ broadcaster: ({ clock }) => new Broadcaster(config, clock, keys) });
  const theirs = await new SignJWT({ sub: "7" })
    .setProtectedHeader({ alg: "ES256" })
    .setIssuer(config.issuer)
    .setAudience(config.audience)
    .setExpirationTime(harness.world.time / 1000 + 60)
    .sign(privateKey);
  const { receiver, token } = await admit(harness, theirs);
  expect(receiver).toBe("https://tv.example|7");
  expect(harness.tokens.receiver(token)).toMatchObject({ subject: receiver, signed: true });
});

test("an operator is no receiver", async () => {
  const harness = new Harness();
  expect(await problemOf(await harness.ask("POST", path, { token: harness.operator("producer") }))).toMatchObject({
    status: 403,
  });
});

describe("the limits", () => {
  const limits = { receiversPerAddress: { burst: 2, perSecond: 1 }, receiversPerSubnet: { burst: 5, perSecond: 1 } };
  const statuses = async (harness: Harness, addresses: readonly string[]) => {
    const found: number[] = [];
    for (const from of addresses) found.push((await harness.ask("POST", path, { from })).status);
    return found;
  };

  test("hold one address, to its burst and not one past it", async () => {
    const harness = new Harness({ limits });
    expect(await statuses(harness, ["192.0.2.1", "192.0.2.1", "192.0.2.1"])).toEqual([201, 201, 429]);
    harness.world.time += 1000;
    expect(await statuses(harness, ["192.0.2.1", "192.0.2.1"])).toEqual([201, 429]);
  });

  test("hold a whole /24 and a whole /48, and nobody else", async () => {
    const harness = new Harness({ limits });
    const v4 = [1, 2, 3, 4, 5, 6].map((host) => `192.0.2.${host}`);
    expect(await statuses(harness, [...v4, "192.0.3.1"])).toEqual([201, 201, 201, 201, 201, 429, 201]);
    const v6 = [1, 2, 3, 4, 5, 6].map((net) => `2001:db8:7:${net}::1`);
    expect(await statuses(harness, [...v6, "2001:db8:8::1"])).toEqual([201, 201, 201, 201, 201, 429, 201]);
  });

  test("take nothing from the network where the address is refused", async () => {
    const harness = new Harness({ limits });
    expect(
      await statuses(
        harness,
        Array.from({ length: 20 }, () => "192.0.2.1"),
      ),
    ).toContain(429);
    expect(await statuses(harness, ["192.0.2.2", "192.0.2.3", "192.0.2.4"])).toEqual([201, 201, 201]);
  });

  test("say when to come back, and not to all the same", async () => {
    const harness = new Harness({ limits });
    const waits = new Set<number>();
    for (let i = 0; i < 60; i++) {
      const response = await harness.ask("POST", path);
      if (response.status === 429) waits.add(Number(response.headers.get("retry-after")));
    }
    expect([...waits].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  });
});
