import { jwtVerify, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { deriveTokenKeys, MAX_TOKEN_CHARS, TokenKey, type ReceiverClaims } from "../../../edge/token.ts";

const bytes = new Uint8Array(32).fill(1);
const key = new TokenKey(bytes);
const claims: ReceiverClaims = { sub: "tv-1", exp: 1_800_000_000, role: "receiver", anon: true };

describe("a token", () => {
  test("is a JWT that others can read", async () => {
    const { payload } = await jwtVerify(key.sign(claims), bytes, { currentDate: new Date(0) });
    expect(payload).toEqual(claims);
  });

  test("is read where others made it", async () => {
    const token = await new SignJWT({ ...claims }).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(bytes);
    expect(key.open(token)).toEqual(claims);
  });

  test("keeps its bytes", () => {
    expect(key.sign(claims)).toBe(
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." +
        "eyJzdWIiOiJ0di0xIiwiZXhwIjoxODAwMDAwMDAwLCJyb2xlIjoicmVjZWl2ZXIiLCJhbm9uIjp0cnVlfQ." +
        "4AS9uFlVUwQIPJQDRF5NqpoPz49B4Br-FrLjhM34SQw",
    );
  });

  test("may name anyone", () => {
    const named = { ...claims, sub: 'Zoë "🔴" \n ß' };
    expect(key.open(key.sign(named))).toEqual(named);
  });

  test("is of the kind that its key makes", () => {
    const { receivers, operators } = deriveTokenKeys(bytes);
    expect(operators.open(receivers.sign(claims))).toBeUndefined();
    expect(receivers.open(operators.sign(claims))).toBeUndefined();
    expect(deriveTokenKeys(new Uint8Array(32).fill(2)).receivers.open(receivers.sign(claims))).toBeUndefined();
  });

  test("may have the most characters, and none more", () => {
    const longest = { ...claims, sub: "x".repeat(3000) };
    expect(key.open(key.sign(longest))).toEqual(longest);
    expect(() => key.sign({ ...claims, sub: "x".repeat(MAX_TOKEN_CHARS) })).toThrow(RangeError);
  });
});

const [header = "", payload = "", signature = ""] = key.sign(claims).split(".");
const encode = (value: object) => btoa(JSON.stringify(value)).replaceAll("=", "");
const last = signature.at(-1)!;

test.for<[what: string, token: string]>([
  ["nothing", ""],
  ["no signature", `${header}.${payload}`],
  ["an empty signature", `${header}.${payload}.`],
  ["a shorter signature", `${header}.${payload}.${signature.slice(1)}`],
  ["a longer signature", `${header}.${payload}.${signature}A`],
  ["another signature", `${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`],
  [
    "bits that the signature's last character does not have",
    `${header}.${payload}.${signature.slice(0, -1)}${String.fromCharCode(last.charCodeAt(0) + 1)}`,
  ],
  ["a padded signature", `${header}.${payload}.${signature}=`],
  ["other claims", `${header}.${encode({ ...claims, sub: "tv-2" })}.${signature}`],
  ["alg none", `${encode({ alg: "none", typ: "JWT" })}.${payload}.`],
  ["alg none with a signature", `${encode({ alg: "none" })}.${payload}.${signature}`],
  ["another header", `${encode({ typ: "JWT", alg: "HS256" })}.${payload}.${signature}`],
  ["four parts", `${header}.${payload}.${payload}.${signature}`],
  [
    "characters that become the same bytes",
    `${header}.${payload.replace("e", String.fromCharCode(0x100 + 0x65))}.${signature}`,
  ],
  ["a long nothing", `${header}.${"A".repeat(MAX_TOKEN_CHARS + 1)}.${signature}`],
])("a token with %s opens nothing", ([, token]) => {
  expect(key.open(token)).toBeUndefined();
});

test.for([0, 31, 33])("a secret of %i bytes is refused", (length) => {
  expect(() => deriveTokenKeys(new Uint8Array(length))).toThrow(`the secret has ${length} bytes, wanted 32`);
});
