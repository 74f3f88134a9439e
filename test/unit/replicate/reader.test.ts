import { describe, expect, test } from "vitest";
import { judgeReader, MAX_READER_MESSAGE_BYTES } from "../../../crdt/replicate/guard.ts";

describe("light readers", () => {
  const message = (...numbers: number[]) => Uint8Array.from(numbers);

  test("ask for state", () => {
    expect(judgeReader(message(0, 0, 3, 1, 5, 9))).toEqual({ kind: "state", vector: message(1, 5, 9) });
  });

  test.for<[string, Uint8Array]>([
    ["an empty sync step 2", message(0, 1, 2, 0, 0)],
    ["an empty update", message(0, 2, 2, 0, 0)],
    ["a sync step 2 with every deletion that a stock client knows", message(0, 1, 6, 0, 1, 5, 1, 0, 3)],
    ["awareness", message(1, 1, 0)],
    ["a query of awareness", message(3)],
  ])("may send %s, which is ignored", ([, sent]) => {
    expect(judgeReader(sent)).toEqual({ kind: "ignore" });
  });

  test.for<[string, Uint8Array, string]>([
    ["an update", message(0, 2, 8, 1, 1, 5, 0, 0, 1, 0, 0), "an update, on a connection that only reads"],
    ["a sync step 2 with something in it", message(0, 1, 3, 1, 1, 5), "an update, on a connection that only reads"],
    ["a message of authentication", message(2, 0), "a message of type 2"],
    ["a message that is not", message(9), "a message of type 9"],
    ["a sync message that is not", message(0, 3, 0), "a sync message of type 3"],
    ["a vector that is none", message(0, 0, 2, 9, 1), "a state vector that cannot be read"],
    ["nothing", message(), "0 bytes that are no message"],
    ["too much", new Uint8Array(MAX_READER_MESSAGE_BYTES + 1), "a message of 65553 bytes, the limit is 65552"],
  ])("may not send %s", ([, sent, reason]) => {
    expect(judgeReader(sent)).toEqual({ kind: "offence", reason });
  });
});
