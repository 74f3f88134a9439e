// A hundred thousand mutated packets; `npm run bench -- dns` takes a million.
import { expect, test } from "vitest";
import { fuzzDns } from "../support/dns-fuzz.ts";

test.for([1, 2, 3, 4, 5])("20,000 mutated packets, seed %d", (seed) => {
  const { answered, understood, amplification } = fuzzDns(seed, 20_000);
  // The mutations are of use only where many packets get past the first checks, and many do not.
  expect(answered).toBeGreaterThan(10_000);
  expect(understood).toBeGreaterThan(4000);
  expect(answered - understood).toBeGreaterThan(2000);
  expect(amplification).toBeLessThanOrEqual(4);
});
