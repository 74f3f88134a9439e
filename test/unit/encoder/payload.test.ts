import { expect, test } from "vitest";
import type { Cue } from "../../../monitor/cue.ts";
import { decodePayload, encodePayload, MAX_PAYLOAD_BYTES, payloadOf } from "../../../monitor/encoder/payload.ts";

const cue: Cue = {
  id: "0123456789abcdef0123456789abcdef",
  eventId: 7,
  show: "talent-final",
  threshold: "ten-thousand",
  epoch: 1,
  message: { kind: "text", text: "10,000 viewers" },
  durationMs: 8000,
  firedAt: 1_764_097_200_123,
};
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("a payload is one short array of JSON", () => {
  expect(textOf(encodePayload(payloadOf(cue)))).toBe(
    `[1,"talent-final","0123456789abcdef","t","10,000 viewers",1764097200123,8]`,
  );
});

test("what is decoded is what was encoded", () => {
  const content = payloadOf({ ...cue, message: { kind: "content", content: "winner-page" }, durationMs: 7500 });
  expect(decodePayload(encodePayload(content))).toEqual(content);
  expect(content.durationMs).toBe(7500);
});

test("the longest names of a show and of content fit exactly", () => {
  const name = "x".repeat(40);
  const longest = payloadOf({ ...cue, show: name, message: { kind: "content", content: name }, durationMs: 1e9 });
  expect(encodePayload(longest)).toHaveLength(MAX_PAYLOAD_BYTES);
  const longer = { ...longest, show: `${name}x` };
  expect(() => encodePayload(longer)).toThrow("got 133 bytes, wanted at most 132");
});

test("a text that is too long is cut at a character and says so", () => {
  const fits = "x".repeat(MAX_PAYLOAD_BYTES - encodePayload(payloadOf({ ...cue, message: text("") })).length);
  expect(payloadOf({ ...cue, message: text(fits) }).message).toEqual(text(fits));
  expect(encodePayload(payloadOf({ ...cue, message: text(fits) }))).toHaveLength(MAX_PAYLOAD_BYTES);
  expect(payloadOf({ ...cue, message: text(`${fits}x`) }).message).toEqual(text(`${fits.slice(3)}…`));

  const emoji = payloadOf({ ...cue, message: text("🎤".repeat(60)) });
  expect(encodePayload(emoji).length).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
  expect(emoji.message).toEqual(text(`${"🎤".repeat(17)}…`));
});

test.for([
  ["no JSON", "10,000 viewers"],
  ["JSON that is no array", `{"v":1}`],
  ["another version", `[2,"s","0123456789abcdef","t","x",1,8]`],
  ["a kind that is not known", `[1,"s","0123456789abcdef","z","x",1,8]`],
  ["a field too few", `[1,"s","0123456789abcdef","t","x",1]`],
  ["too long", `[1,"s","0123456789abcdef","t","${"x".repeat(200)}",1,8]`],
])("%s is no payload", ([, source]) => {
  expect(decodePayload(new TextEncoder().encode(source))).toBeUndefined();
});

test("bytes that are no UTF-8 are no payload", () => {
  expect(decodePayload(Uint8Array.of(0x5b, 0xff, 0x5d))).toBeUndefined();
});

function text(value: string) {
  return { kind: "text", text: value } as const;
}
