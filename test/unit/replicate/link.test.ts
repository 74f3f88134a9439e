import { describe, expect, test } from "vitest";
import {
  decodeFrame,
  encodeFrame,
  MAX_FRAME_BYTES,
  PROTOCOL_VERSION,
  type Frame,
} from "../../../crdt/replicate/frame.ts";
import { newIdentity, type Identity } from "../../../crdt/replicate/introduction.ts";
import {
  CLOSE,
  HANDSHAKE_TIMEOUT_MS,
  HEARTBEAT_MS,
  Link,
  MAX_BUFFERED_BYTES,
  mayRetry,
  SILENCE_MS,
  type LinkOptions,
  type Peer,
  type Traffic,
} from "../../../crdt/replicate/link.ts";
import type { Socket } from "../../../crdt/ports.ts";
import { socketPair } from "../../support/socket-pair.ts";
import { SeededRandom, VirtualTime, VirtualWorld } from "../../support/virtual-world.ts";

const random = new SeededRandom(1);
const [fra, nyc, eve] = ["fra", "nyc", "eve"].map((name) => newIdentity(name, "edge", random)) as [
  Identity,
  Identity,
  Identity,
];
const BOOT_A = "00000000000000a1";
const BOOT_B = "00000000000000b2";
const STORED: Traffic = { type: "stored", show: "final", chain: "0/fra/00000000000000a1", sequence: 7 };

/** One end, and all that it told its owner. */
interface End {
  readonly link: Link;
  readonly world: VirtualWorld;
  readonly events: string[];
  readonly frames: Traffic[];
}

function peersOf(...identities: Identity[]): Peer[] {
  return identities.map(({ member, publicKey }) => ({ name: member, role: "edge", publicKey }));
}

function endOn(
  socket: Socket,
  time: VirtualTime,
  options: Partial<LinkOptions> & { identity: Identity; boot: string },
): End {
  const world = new VirtualWorld(time, options.boot === BOOT_A ? 11 : 12);
  const events: string[] = [];
  const frames: Traffic[] = [];
  const network = peersOf(fra, nyc);
  const link = new Link(socket, {
    peers: (name) => network.find((peer) => peer.name === name),
    world,
    on: {
      onopen: (opened) => events.push(`open ${opened.peer?.name}`),
      onframe: (_link, frame) => frames.push(frame),
      onclose: (_link, reason, code) => events.push(`close ${code} ${reason}`),
    },
    ...options,
  });
  return { link, world, events, frames };
}

function pairOf(over: { a?: Partial<LinkOptions>; b?: Partial<LinkOptions>; latencyMs?: number } = {}) {
  const time = new VirtualTime();
  const pair = socketPair(time, over.latencyMs);
  const a = endOn(pair.a, time, { identity: fra, boot: BOOT_A, dialled: peersOf(nyc)[0]!, ...over.a });
  const b = endOn(pair.b, time, { identity: nyc, boot: BOOT_B, ...over.b });
  return { time, pair, a, b };
}

function openPair(over: Parameters<typeof pairOf>[0] = {}) {
  const opened = pairOf(over);
  opened.time.advance(100);
  expect([opened.a.link.state.name, opened.b.link.state.name]).toEqual(["open", "open"]);
  return opened;
}

/** A bare socket against a link of `nyc`: the test plays the other end. */
function against(options: Partial<LinkOptions> = {}) {
  const time = new VirtualTime();
  const pair = socketPair(time);
  const heard: Frame[] = [];
  pair.a.onmessage = (message) => heard.push(decodeFrame(message as Uint8Array));
  const b = endOn(pair.b, time, { identity: nyc, boot: BOOT_B, ...options });
  const say = (message: Frame | Uint8Array | string) => {
    pair.a.send(typeof message === "string" || message instanceof Uint8Array ? message : encodeFrame(message));
    time.advance(10);
  };
  return { time, pair, b, heard, say };
}

function helloOf(over: Partial<Extract<Frame, { type: "hello" }>> = {}): Frame {
  return {
    type: "hello",
    version: PROTOCOL_VERSION,
    member: "fra",
    boot: BOOT_A,
    nonce: new Uint8Array(32).fill(5),
    ...over,
  };
}

function closeOf({ events }: End): string {
  return events.at(-1)!;
}

describe("handshake", () => {
  test("both ends prove who they are, and only then pass frames on", () => {
    const { time, a, b } = pairOf();
    expect(a.link.send(STORED)).toBe(false);
    time.advance(100);
    expect([a.events, b.events]).toEqual([["open nyc"], ["open fra"]]);
    expect(b.link.state).toMatchObject({
      name: "open",
      peer: { name: "fra" },
      boot: BOOT_A,
      version: PROTOCOL_VERSION,
    });
    expect(a.link.send(STORED)).toBe(true);
    time.advance(100);
    expect(b.frames).toEqual([STORED]);
    expect(a.frames).toEqual([]);
  });

  test.for<[string, Partial<LinkOptions>, number, string]>([
    ["oneself by name", { identity: nyc }, CLOSE.self, `got "nyc" of boot ${BOOT_A}, wanted another member and boot`],
    [
      "a boot equal to ours",
      { boot: BOOT_B },
      CLOSE.self,
      `got "fra" of boot ${BOOT_B}, wanted another member and boot`,
    ],
    ["an unknown member", { identity: eve }, CLOSE.unknownMember, `got "eve", wanted a member of this network`],
    ["a wrong key", { identity: { ...eve, member: "fra" } }, CLOSE.wrongKey, `"fra" is not signed for with its key`],
  ])("refuses %s", ([, a, code, reason]) => {
    const opened = pairOf({ a });
    opened.time.advance(100);
    expect(opened.b.events).toEqual([`close ${code} ${reason}`]);
    expect(opened.a.link.state.name).toBe("closed");
    expect(mayRetry(code)).toBe(false);
  });

  test("refuses another member than was dialled", () => {
    const network = peersOf(fra, nyc, eve);
    const { time, a } = pairOf({
      a: { dialled: network[2]!, peers: (name) => network.find((peer) => peer.name === name) },
    });
    time.advance(100);
    expect(closeOf(a)).toBe(`close ${CLOSE.unknownMember} got "nyc", wanted "eve"`);
  });

  test.for([
    [PROTOCOL_VERSION + 1, "proving"],
    [PROTOCOL_VERSION - 1, "proving"],
    [PROTOCOL_VERSION + 2, "closed"],
  ] as const)("version %i leads to %s", ([version, state]) => {
    const { b, say } = against();
    say(helloOf({ version }));
    expect(b.link.state.name).toBe(state);
    if (state === "closed") expect(closeOf(b)).toContain(`close ${CLOSE.version} got version`);
  });

  test("gives up where nobody answers", () => {
    const { time, b } = against();
    time.advance(HANDSHAKE_TIMEOUT_MS - 1);
    expect(b.events).toEqual([]);
    time.advance(1);
    expect(closeOf(b)).toBe(`close ${CLOSE.slowHandshake} no handshake within ${HANDSHAKE_TIMEOUT_MS} ms`);
    expect(mayRetry(CLOSE.slowHandshake)).toBe(true);
  });

  test("gives up where the other end greets and proves nothing", () => {
    const { time, b, say } = against();
    say(helloOf());
    time.advance(HANDSHAKE_TIMEOUT_MS);
    expect(closeOf(b)).toContain(`close ${CLOSE.slowHandshake}`);
  });
});

describe("impostors", () => {
  test("a proof from another link is worth nothing", () => {
    const { pair: recorded } = openPair();
    const [hello, proof] = recorded.a.sent as Uint8Array[];
    const { b, say } = against({ world: new VirtualWorld(new VirtualTime(), 99) });
    say(hello!);
    say(proof!);
    expect(closeOf(b)).toContain(`close ${CLOSE.wrongKey}`);
  });

  test("our own proof, reflected, is worth nothing", () => {
    const network = peersOf(fra, nyc);
    // The attacker says that it is a member whose key is ours: the strongest reflection there is.
    const twin: Peer = { name: "fra", role: "edge", publicKey: network[1]!.publicKey };
    const { time, b, heard, say } = against({ peers: () => twin });
    time.advance(10);
    const [theirs] = heard;
    say(helloOf({ nonce: theirs?.type === "hello" ? theirs.nonce : new Uint8Array(32) }));
    say(heard.find(({ type }) => type === "proof")!);
    expect(closeOf(b)).toContain(`close ${CLOSE.wrongKey}`);
  });

  test("a proof for the listener's side does not serve the dialer's", () => {
    // Eve dials nyc and is dialled by fra, and passes each one's frames to the other.
    const time = new VirtualTime();
    const [left, right] = [socketPair(time), socketPair(time)];
    const a = endOn(left.a, time, { identity: fra, boot: BOOT_A });
    const b = endOn(right.a, time, { identity: nyc, boot: BOOT_B });
    left.b.onmessage = (message) => right.b.send(message);
    right.b.onmessage = (message) => left.b.send(message);
    time.advance(100);
    // Both listen: each wants a dialer's proof and gets a listener's.
    expect([closeOf(a), closeOf(b)].join()).toContain(`close ${CLOSE.wrongKey}`);
    expect([a.events, b.events].join()).not.toContain("open");
  });
});

describe("what has no place", () => {
  test.for<[string, Frame | Uint8Array | string, string]>([
    ["a frame before the handshake", STORED, `got "stored" while greeting`],
    ["a proof before a hello", { type: "proof", signature: new Uint8Array(64) }, `got "proof" while greeting`],
    ["a ping before the handshake", { type: "ping", time: 1 }, `got "ping" while greeting`],
    ["text", "hello", "got a text frame, wanted binary ones"],
    ["garbage", Uint8Array.of(99, 1, 2), "reading a frame: got type 99, wanted 0 to 9"],
    ["nothing", new Uint8Array(), "reading a frame: got 0 bytes, wanted a whole frame"],
    [
      "an oversized frame",
      new Uint8Array(MAX_FRAME_BYTES + 1),
      `reading a frame: got a frame in bytes of ${MAX_FRAME_BYTES + 1}, wanted at most ${MAX_FRAME_BYTES}`,
    ],
  ])("%s closes the link", ([, message, reason]) => {
    const { b, say } = against();
    say(message);
    expect(closeOf(b)).toBe(`close ${CLOSE.garbled} ${reason}`);
    expect(mayRetry(CLOSE.garbled)).toBe(true);
  });

  test.for<[string, Uint8Array | string]>([
    ["text", "hello"],
    ["garbage", Uint8Array.of(3, 255, 255, 255)],
    ["a name of other letters", Uint8Array.of(4, 40, ...new Uint8Array(40).fill(0xe4))],
    ["a hello", encodeFrame(helloOf())],
    ["an oversized frame", new Uint8Array(MAX_FRAME_BYTES + 1)],
  ])("%s closes an open link too, at both ends", ([, message]) => {
    const { time, pair, a, b } = openPair();
    pair.a.send(message);
    time.advance(100);
    expect(closeOf(b)).toContain(`close ${CLOSE.garbled} `);
    expect(closeOf(a)).toContain(`close ${CLOSE.garbled} `);
    expect(b.frames).toEqual([]);
  });

  test("what comes after the end is not heard", () => {
    const { time, pair, b } = openPair();
    pair.a.send("text");
    pair.a.send(encodeFrame(STORED));
    time.advance(100);
    expect(b.frames).toEqual([]);
    expect(b.events.filter((event) => event.startsWith("close"))).toHaveLength(1);
  });
});

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
