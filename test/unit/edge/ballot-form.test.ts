import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_PRESS, MAX_VOTES } from "../../../crdt/ballot.ts";
import { readBallot, readBallotMessage } from "../../../edge/ballot-form.ts";
import { BallotBody, BallotMessage, check, MAX_MESSAGE_ID_CHARS, MAX_NAME_CHARS } from "../../../edge/schemas.ts";

const absent = fc.constant(undefined);
const text = (most: number) =>
  fc.oneof(fc.string(), fc.constantFrom("x".repeat(most), "x".repeat(most + 1)), fc.anything(), absent);
const count = (most: number) =>
  fc.oneof(
    fc.constantFrom(-1, 0, 1, most, most + 1, 1.5, "1"),
    fc.integer({ min: 1, max: most }),
    fc.anything(),
    absent,
  );

const ballot = {
  option: text(MAX_NAME_CHARS),
  press: count(MAX_PRESS),
  k: count(MAX_VOTES),
};
const message = {
  ...ballot,
  type: fc.constantFrom("ballot", "hello", undefined),
  id: text(MAX_MESSAGE_ID_CHARS),
  poll: text(MAX_NAME_CHARS),
  level: fc.constantFrom("local", "peer", "none", null, undefined),
};

/** What JSON can carry. */
const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? "null");

test("a ballot is taken as its schema takes it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.record(ballot), fc.anything()), (value) => {
      const json = overTheWire(value);
      expect(readBallot(JSON.stringify(json))).toEqual(check(BallotBody, json, "reading the ballot"));
    }),
    { numRuns: 3000 },
  );
});

test("a ballot's message is taken as its schema takes it", () => {
  fc.assert(
    fc.property(fc.record(message), (value) => {
      const json = overTheWire(value) as object;
      expect(readBallotMessage(json)).toEqual(check(BallotMessage, json, "reading the ballot"));
    }),
    { numRuns: 3000 },
  );
});
