import { describe, expect, test } from "vitest";
import { deriveTokenKeys, MAX_TOKEN_CHARS, OPERATOR_ROLES, type OperatorRole } from "../../../edge/token.ts";
import { bearer, Tokens } from "../../../edge/tokens.ts";
import { SECRET } from "./harness.ts";

const now = 1_800_000_000_000;
const keys = deriveTokenKeys(SECRET);
const at = (time: number) => new Tokens(keys, { now: () => time });
const tokens = at(now);
const operator = { subject: "ann", role: "operator", shows: "*", expiresAt: now + 1000 } as const;

test("a receiver is who its token says, anonymous or signed", () => {
  expect(tokens.receiver(tokens.mintReceiver("tv", true, now + 1000))).toEqual({
    subject: "tv",
    signed: false,
    expiresAt: now + 1000,
  });
  expect(tokens.receiver(tokens.mintReceiver("tv", false, now + 1000))).toMatchObject({ signed: true });
});

test("an operator is who its token says", () => {
  expect(tokens.operator(tokens.mintOperator(operator))).toEqual(operator);
});

test("a token is good until the millisecond it expires", () => {
  const receiver = tokens.mintReceiver("tv", true, now + 1000);
  const operators = tokens.mintOperator(operator);
  expect(at(now + 999).receiver(receiver)).toHaveProperty("subject");
  expect(at(now + 1000).receiver(receiver)).toMatchObject({ refused: "token_expired" });
  expect(at(now + 999).operator(operators)).toHaveProperty("subject");
  expect(at(now + 1000).operator(operators)).toMatchObject({ refused: "token_expired" });
});

describe("what is refused", () => {
  const signed = (claims: object) => keys.receivers.sign(claims as Parameters<typeof keys.receivers.sign>[0]);
  const signedOperator = (claims: object) => keys.operators.sign(claims as Parameters<typeof keys.operators.sign>[0]);
  const exp = now / 1000 + 60;

  test.for<[what: string, token: string | undefined, code: string]>([
    ["nothing", undefined, "token_missing"],
    ["an empty token", "", "token_missing"],
    ["garbage", "abc", "token_invalid"],
    ["a token that is too long", "a".repeat(MAX_TOKEN_CHARS + 1), "token_invalid"],
    ["an operator's token", tokens.mintOperator(operator), "forbidden"],
    ["no subject", signed({ exp, role: "receiver", anon: true }), "token_invalid"],
    ["a subject that is a number", signed({ sub: 1, exp, role: "receiver", anon: true }), "token_invalid"],
    ["no end", signed({ sub: "tv", role: "receiver", anon: true }), "token_invalid"],
    ["an end in words", signed({ sub: "tv", exp: "soon", role: "receiver", anon: true }), "token_invalid"],
    ["another role", signed({ sub: "tv", exp, role: "producer", anon: true }), "token_invalid"],
    ["a list", signed([]), "token_invalid"],
  ])("of a receiver: %s", ([, token, code]) => {
    expect(tokens.receiver(token)).toMatchObject({ refused: code });
  });

  test.for<[what: string, token: string | undefined, code: string]>([
    ["nothing", undefined, "token_missing"],
    ["garbage", "a.b.c", "token_invalid"],
    ["a receiver's token", tokens.mintReceiver("tv", true, now + 1000), "forbidden"],
    ["a role that is none", signedOperator({ sub: "ann", exp, role: "king", shows: "*" }), "token_invalid"],
    ["a receiver's role", signedOperator({ sub: "ann", exp, role: "receiver", shows: "*" }), "token_invalid"],
    ["no shows", signedOperator({ sub: "ann", exp, role: "reader" }), "token_invalid"],
    ["shows that are numbers", signedOperator({ sub: "ann", exp, role: "reader", shows: [1] }), "token_invalid"],
  ])("of an operator: %s", ([, token, code]) => {
    expect(tokens.operator(token)).toMatchObject({ refused: code });
  });
});

describe("roles", () => {
  const pairs = OPERATOR_ROLES.flatMap((has, i) =>
    OPERATOR_ROLES.map((needs, j): [OperatorRole, OperatorRole, boolean] => [has, needs, i >= j]),
  );

  test.for(pairs)("%s may act as %s: %s", ([has, needs, may]) => {
    const asked = tokens.operatorAs(tokens.mintOperator({ ...operator, role: has }), needs, "demo");
    expect("refused" in asked).toBe(!may);
  });

  test("hold in the shows that the token names", () => {
    const token = tokens.mintOperator({ ...operator, shows: ["demo", "other"] });
    expect(tokens.operatorAs(token, "operator", "other")).toHaveProperty("subject", "ann");
    expect(tokens.operatorAs(token, "operator", "third")).toMatchObject({ refused: "forbidden" });
  });
});

test.for<[header: string | undefined, token: string | undefined]>([
  ["Bearer abc", "abc"],
  ["bearer   abc", "abc"],
  ["Basic abc", undefined],
  ["Bearer", undefined],
  [undefined, undefined],
])("in %j the token is %j", ([header, token]) => {
  expect(bearer(new Headers(header === undefined ? {} : { Authorization: header }))).toBe(token);
});
