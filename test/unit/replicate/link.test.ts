import { describe, expect, test } from "vitest";
import { encodeFrame, MAX_FRAME_BYTES } from "../../../crdt/replicate/frame.ts";
import {
  CLOSE,
  HEARTBEAT_MS,
  MAX_BUFFERED_BYTES,
  mayRetry,
  SILENCE_MS,
  type Traffic,
} from "../../../crdt/replicate/link.ts";
import { closeOf, openPair, pairOf, STORED } from "./ends.ts";

describe("heartbeats", () => {
  test("an idle link stays open, and knows its round trip", () => {
    const { time, a, b } = openPair({ latencyMs: 20 });
    time.advance(60_000);
    expect([a.link.state.name, b.link.state.name]).toEqual(["open", "open"]);
    expect([a.link.roundTripMs, b.link.roundTripMs]).toEqual([40, 40]);
    expect(a.link.counters.lastHeard).toBeGreaterThan(time.now - 1000);
  });

  test.for([["frozen"], ["congested"]] as const)("a half-open link is closed in time: %s", ([carriage]) => {
    const { time, pair, a, b } = openPair();
    pair.carry(carriage, "b");
    const heard = a.link.counters.lastHeard;
    time.advance(heard + SILENCE_MS - time.now);
    expect(a.link.state.name).toBe("open");
    time.advance(HEARTBEAT_MS);
    expect(closeOf(a)).toBe(`close ${CLOSE.silent} nothing heard for ${SILENCE_MS} ms`);
    time.advance(10);
    // The other direction still works, so the other end hears of it at once.
    expect(closeOf(b)).toContain(`close ${CLOSE.silent}`);
  });

  test("a cut in both directions is noticed at both ends, though neither socket says anything", () => {
    const { time, pair, a, b } = openPair();
    pair.carry("frozen");
    time.advance(SILENCE_MS + HEARTBEAT_MS);
    expect([a.link.state.name, b.link.state.name]).toEqual(["closed", "closed"]);
    expect(pair.a.bufferedAmount).toBe(0);
  });

  test("a pause below the deadline is survived", () => {
    const { time, pair, a, b } = openPair();
    pair.carry("frozen");
    time.advance(SILENCE_MS - 1000);
    pair.carry("flowing");
    time.advance(10_000);
    expect([a.link.state.name, b.link.state.name]).toEqual(["open", "open"]);
  });

  test("a jump of the wall clock closes nothing", () => {
    const { time, a, b } = openPair();
    for (const skewMs of [3_600_000, -3_600_000, 0]) {
      a.world.skewMs = skewMs;
      time.advance(10_000);
    }
    expect([a.link.state.name, b.link.state.name]).toEqual(["open", "open"]);
  });
});

describe("clock offset", () => {
  test("is the other's clock minus ours, the quickest of the last eight answers", () => {
    const { time, pair, a, b } = openPair({ latencyMs: 10 });
    b.world.skewMs = 1500;
    time.advance(10_000);
    expect([a.link.clockOffset, b.link.clockOffset]).toEqual([1500, -1500]);
    // A slow way there makes answers wrong by half of it; the quick ones are still remembered.
    pair.setLatency(410, "a");
    time.advance(5_000);
    expect(a.link.clockOffset).toBe(1500);
    time.advance(10_000);
    expect(a.link.clockOffset).toBe(1700);
    expect(a.link.roundTripMs).toBe(420);
  });

  test("is unknown before the first answer", () => {
    const { a } = pairOf();
    expect(a.link.clockOffset).toBeUndefined();
  });

  test("counts no answer that was not asked for", () => {
    const { time, pair, b } = openPair();
    time.advance(10_000);
    pair.a.send(encodeFrame({ type: "pong", time: time.now - 1, now: 0 }));
    time.advance(10);
    expect(b.link.clockOffset).toBe(0);
  });
});

describe("sending", () => {
  test("drops frames beyond the limit of what is queued, and says so", () => {
    const { time, pair, a, b } = openPair();
    pair.carry("congested", "a");
    const before = pair.a.sent.length;
    const full: Traffic = {
      type: "batches",
      show: "final",
      batches: Array.from({ length: 60 }, () => new Uint8Array(16_000)),
    };
    let taken = 0;
    while (a.link.send(full)) taken += 1;
    expect(pair.a.bufferedAmount).toBeGreaterThan(MAX_BUFFERED_BYTES);
    expect(pair.a.bufferedAmount).toBeLessThan(MAX_BUFFERED_BYTES + MAX_FRAME_BYTES);
    expect(pair.a.sent.length - before).toBe(taken);
    expect(a.link.counters.dropped).toBe(1);
    pair.carry("flowing");
    time.advance(100);
    expect(b.frames).toHaveLength(taken);
    expect(a.link.send(STORED)).toBe(true);
  });

  test("sends what is exactly at the limit", () => {
    const { pair, a } = openPair();
    pair.carry("congested", "a");
    pair.a.send(new Uint8Array(MAX_BUFFERED_BYTES));
    expect(a.link.send(STORED)).toBe(true);
    expect(a.link.send(STORED)).toBe(false);
  });

  test("sends what was encoded once for many", () => {
    const { time, a, b } = openPair();
    expect(a.link.sendEncoded(encodeFrame(STORED))).toBe(true);
    time.advance(10);
    expect(b.frames).toEqual([STORED]);
  });

  test("counts what passes", () => {
    const { time, a, b } = openPair();
    const before = { ...b.link.counters };
    a.link.send(STORED);
    time.advance(10);
    expect(b.link.counters.framesIn - before.framesIn).toBe(1);
    expect(b.link.counters.bytesIn - before.bytesIn).toBe(encodeFrame(STORED).length);
    expect(a.link.counters.bytesOut).toBe(b.link.counters.bytesIn);
  });
});

describe("ending", () => {
  test("an error of the owner closes this link, and no other", () => {
    const failing = {
      onopen: () => {},
      onframe: () => {
        throw new Error("no such show");
      },
      onclose: () => {},
    };
    const { time, a, b } = openPair({ b: { on: failing } });
    a.link.send(STORED);
    time.advance(10);
    expect(b.link.state).toMatchObject({ name: "closed", code: CLOSE.failed });
    expect(b.world.lines.at(-1)).toMatchObject({
      level: "error",
      fields: { peer: "fra", error: "Error: no such show" },
    });
    expect(closeOf(a)).toContain(`close ${CLOSE.failed}`);
    expect(mayRetry(CLOSE.failed)).toBe(true);
  });

  test("is told once, with the code, also where the connection just breaks", () => {
    const { time, pair, a, b } = openPair();
    pair.abort();
    time.advance(10_000);
    expect([a.events, b.events]).toEqual([
      ["open nyc", "close 1006 "],
      ["open fra", "close 1006 "],
    ]);
    expect(mayRetry(1006)).toBe(true);
    expect(a.link.peer?.name).toBe("nyc");
  });

  test("happens at once at the end that closes, and names its reason to the other", () => {
    const { time, a, b } = openPair();
    a.link.close("stopping");
    a.link.close("again");
    expect(closeOf(a)).toBe(`close ${CLOSE.goingAway} stopping`);
    expect(a.link.send(STORED)).toBe(false);
    time.advance(10);
    expect(closeOf(b)).toBe(`close ${CLOSE.goingAway} stopping`);
  });

  test("survives a reason that is too long for a WebSocket", () => {
    const { time, a, b } = openPair();
    a.link.close(`refused: ${"ü".repeat(200)}`, CLOSE.offence);
    time.advance(10);
    expect(b.link.state).toMatchObject({ code: CLOSE.offence, reason: `refused: ${"?".repeat(114)}` });
    expect(mayRetry(CLOSE.offence)).toBe(false);
  });

  test("leaves no timer behind", () => {
    const { time, a } = openPair();
    a.link.close("stopping");
    time.advance(1000);
    expect(time.next()).toBe(false);
  });
});

test("close codes are in the private range, each used once", () => {
  const codes = Object.values(CLOSE);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(code).toSatisfy((value: number) => value >= 4000 && value <= 4999);
});
