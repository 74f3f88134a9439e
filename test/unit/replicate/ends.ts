// Two ends of a link, or one end against a bare socket, in virtual time.
import { expect } from "vitest";
import type { Socket } from "../../../crdt/ports.ts";
import { decodeFrame, encodeFrame, PROTOCOL_VERSION, type Frame } from "../../../crdt/replicate/frame.ts";
import { newIdentity, type Identity } from "../../../crdt/replicate/introduction.ts";
import { Link, type LinkOptions, type Peer, type Traffic } from "../../../crdt/replicate/link.ts";
import { socketPair } from "../../support/socket-pair.ts";
import { SeededRandom, VirtualTime, VirtualWorld } from "../../support/virtual-world.ts";

const random = new SeededRandom(1);
export const [fra, nyc, eve] = ["fra", "nyc", "eve"].map((name) => newIdentity(name, "edge", random)) as [
  Identity,
  Identity,
  Identity,
];
export const BOOT_A = "00000000000000a1";
export const BOOT_B = "00000000000000b2";
export const STORED: Traffic = { type: "stored", show: "final", chain: "0/fra/00000000000000a1", sequence: 7 };

/** One end, and all that it told its owner. */
export interface End {
  readonly link: Link;
  readonly world: VirtualWorld;
  readonly events: string[];
  readonly frames: Traffic[];
}

export function peersOf(...identities: Identity[]): Peer[] {
  return identities.map(({ member, publicKey }) => ({ name: member, role: "edge", publicKey }));
}

export function endOn(
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

export function pairOf(over: { a?: Partial<LinkOptions>; b?: Partial<LinkOptions>; latencyMs?: number } = {}) {
  const time = new VirtualTime();
  const pair = socketPair(time, over.latencyMs);
  const a = endOn(pair.a, time, { identity: fra, boot: BOOT_A, dialled: peersOf(nyc)[0]!, ...over.a });
  const b = endOn(pair.b, time, { identity: nyc, boot: BOOT_B, ...over.b });
  return { time, pair, a, b };
}

export function openPair(over: Parameters<typeof pairOf>[0] = {}) {
  const opened = pairOf(over);
  opened.time.advance(100);
  expect([opened.a.link.state.name, opened.b.link.state.name]).toEqual(["open", "open"]);
  return opened;
}

/** A bare socket against a link of `nyc`: the test plays the other end. */
export function against(options: Partial<LinkOptions> = {}) {
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

export function helloOf(over: Partial<Extract<Frame, { type: "hello" }>> = {}): Frame {
  return {
    type: "hello",
    version: PROTOCOL_VERSION,
    member: "fra",
    boot: BOOT_A,
    nonce: new Uint8Array(32).fill(5),
    ...over,
  };
}

export function closeOf({ events }: End): string {
  return events.at(-1)!;
}
