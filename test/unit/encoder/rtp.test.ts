import { expect, test } from "vitest";
import { withoutRtp } from "../../../monitor/encoder/input/rtp.ts";
import { rtp } from "../../support/encoder.ts";
import { looped } from "../../support/inserter.ts";

const packets = looped(7);

test.for([
  ["no more than it has to have", {}],
  ["sources that it was mixed of", { sources: 15 }],
  ["an extension", { extensionWords: 3 }],
  ["an extension of nothing", { extensionWords: 0 }],
  ["sources and an extension", { sources: 2, extensionWords: 1 }],
] as const)("an RTP header is taken off that has %s", ([, more]) => {
  expect(withoutRtp(rtp(more)(packets, 5))).toEqual(packets);
});

test("what has no RTP header passes as it is, however short or damaged", () => {
  const damaged = rtp({ extensionWords: 3 })(packets, 0);
  damaged[15] = 4;
  for (const bytes of [
    packets,
    new Uint8Array(),
    Uint8Array.of(0x80),
    packets.subarray(50),
    damaged,
    rtp()(packets.subarray(0, 300), 0),
    rtp()(new Uint8Array(188), 0),
    rtp({ extensionWords: 3 })(packets, 0).subarray(0, 14),
  ])
    expect(withoutRtp(bytes)).toBe(bytes);
});
