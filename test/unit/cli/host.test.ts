import { expect, test } from "vitest";
import { clientAddress } from "../../../edge/runtime/host/client-address.ts";
import { jsonLine, lineLog, parseLine, textLine, type LogLine } from "../../../edge/runtime/host/log.ts";

test.for<[connection: string, forwardedFor: string | null, address: string]>([
  ["203.0.113.1", null, "203.0.113.1"],
  ["::ffff:203.0.113.1", null, "203.0.113.1"],
  ["203.0.113.1", "198.51.100.1", "203.0.113.1"],
  ["10.0.0.1", "198.51.100.1", "198.51.100.1"],
  ["10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"],
  ["10.0.0.1", "10.0.0.2", "10.0.0.2"],
])("a request from %s with X-Forwarded-For %s is %s's", ([connection, forwardedFor, address]) => {
  expect(clientAddress(connection, forwardedFor, new Set(["10.0.0.1", "10.0.0.2"]))).toBe(address);
});

const line: LogLine = {
  time: "2026-11-23T08:00:00.123Z",
  level: "warn",
  name: "fra",
  message: "link closed",
  fields: { peer: "nyc", reason: "no answer", ms: 3 },
};

test("a log line is readable as text, and the same again from JSON", () => {
  expect(textLine(line)).toBe('08:00:00.123 warn  link closed peer=nyc reason="no answer" ms=3\n');
  expect(parseLine(jsonLine(line).trim())).toEqual(line);
  expect(parseLine("{not json")).toBeUndefined();
  expect(parseLine('{"a":1}')).toBeUndefined();
  expect(parseLine("plain")).toBeUndefined();
});

test("a field hides neither time nor message, and an error tells its stack", () => {
  const written = JSON.parse(jsonLine({ ...line, fields: { message: "other", error: new Error("boom") } })) as Record<
    string,
    unknown
  >;
  expect(written["message"]).toBe("link closed");
  expect(written["error"]).toContain("boom\n");
});

test("lines below the least level are left out", () => {
  const lines: string[] = [];
  const log = lineLog({ name: "fra", form: "json", least: "info", now: () => 0, write: (text) => lines.push(text) });
  log("debug", "a");
  log("info", "b");
  expect(lines).toEqual(['{"time":"1970-01-01T00:00:00.000Z","level":"info","name":"fra","message":"b"}\n']);
});
