import { describe, expect, test } from "vitest";
import { encodeFrame, MAX_FRAME_BYTES, PROTOCOL_VERSION, type Frame } from "../../../crdt/replicate/frame.ts";
import { CLOSE, HANDSHAKE_TIMEOUT_MS, mayRetry, type LinkOptions, type Peer } from "../../../crdt/replicate/link.ts";
import { socketPair } from "../../support/socket-pair.ts";
import { VirtualTime, VirtualWorld } from "../../support/virtual-world.ts";
import {
  against,
  BOOT_A,
  BOOT_B,
  closeOf,
  endOn,
  eve,
  fra,
  helloOf,
  nyc,
  openPair,
  pairOf,
  peersOf,
  STORED,
} from "./ends.ts";

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
    ["garbage", Uint8Array.of(99, 1, 2), "reading a frame: got type 99, wanted 0 to 11"],
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
