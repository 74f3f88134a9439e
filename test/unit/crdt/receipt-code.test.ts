import { expect, test } from "vitest";
import { receiptCode } from "../../../crdt/receipt-code.ts";

const receiver = { hi: 0x01020304, lo: 0xf5f6f7f8 };

test("a receipt's code is the same for ever: it is printed on screens", () => {
  expect(receiptCode(receiver, 0, 1, 1)).toBe("RB-GWTQ6A");
});

test("codes tell presses, votes, polls and receivers apart", () => {
  const codes = new Set<string>();
  for (let lo = 0; lo < 10; lo++)
    for (const poll of [0, 1])
      for (const press of [1, 2]) for (const k of [1, 2]) codes.add(receiptCode({ hi: 7, lo }, poll, press, k));
  expect(codes.size).toBe(80);
  expect([...codes].every((code) => /^RB-[0-9A-HJKMNP-TV-Z]{6}$/.test(code))).toBe(true);
});

test("a hundred thousand receivers share hardly any code", () => {
  const codes = new Set<string>();
  for (let lo = 0; lo < 100_000; lo++) codes.add(receiptCode({ hi: 0, lo }, 0, 1, 1));
  expect(codes.size).toBeGreaterThan(99_980);
});
