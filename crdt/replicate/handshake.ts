import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { encodeFrame, NONCE_BYTES, PROTOCOL_VERSION, type Frame } from "./frame.ts";
import { signFor, verifyFor, type Identity, type Role } from "./introduction.ts";

/**
 * How two members make sure of each other when a link opens. Both send `hello` at once, then a proof:
 *
 *     proof      = Ed25519 signature of "redbutton link\0" side transcript
 *     side       = "dialer" | "listener": the signer's
 *     transcript = length hello length hello     the dialer's frame first; length = u16, big-endian
 *
 * The other's nonce makes a proof good for this link only (no replay), `side` for one direction only (no reflection),
 * and the transcript covers versions, members and boots. It tells who is there when the link opens; that nobody else
 * speaks afterwards is the transport's part (TLS, or the private network).
 */
export type Hello = Extract<Frame, { type: "hello" }>;

/** Another member of the network, as configured. */
export interface Peer {
  readonly name: string;
  readonly role: Role;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Where it listens on the backbone; absent where it only dials. */
  readonly address?: string;
  /** False: a member whose word is known here by its key, and that no link is wanted with. */
  readonly linked?: false;
}

type Side = "dialer" | "listener";

/**
 * Codes with which a link is closed. As y-websocket has it, 4400 to 4499 mean that nothing but an operator can help,
 * and everything else that trying again, after a pause, can.
 */
export const CLOSE = {
  /** This end stops, or has a newer link to the same member. */
  goingAway: 4500,
  /** Nothing was heard for `SILENCE_MS`. */
  silent: 4501,
  /** The handshake took too long. */
  slowHandshake: 4502,
  /** A frame that cannot be read, is too large, or has no place where it came: damage, or a fault in a program. */
  garbled: 4503,
  /** Handling a frame failed at this end. */
  failed: 4504,
  /** The other end is this boot, or says so: a link to oneself. */
  self: 4400,
  /** The name is not in the configuration, or not the one that was dialled. */
  unknownMember: 4401,
  /** The proof does not fit the configured key. */
  wrongKey: 4402,
  /** Versions too far apart. */
  version: 4403,
  /** The guard found an update that no replica of ours writes. */
  offence: 4404,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/** Whether dialling again, after a pause, can help; of any WebSocket close code (RFC 6455, 7.4). */
export function mayRetry(code: number): boolean {
  return code < 4400 || code > 4499;
}

export interface Problem {
  readonly code: CloseCode;
  readonly reason: string;
}

/** One side's part of the handshake, up to what it may conclude. */
export class Handshake {
  readonly hello: Hello;
  readonly #identity: Identity;
  readonly #side: Side;

  constructor(identity: Identity, boot: string, side: Side, nonce: Uint8Array) {
    this.#identity = identity;
    this.#side = side;
    this.hello = { type: "hello", version: PROTOCOL_VERSION, member: identity.member, boot, nonce };
  }

  /** What is wrong with the other side's hello; `expected` is the member that was dialled. */
  problemOf(hello: Hello, peer: Peer | undefined, expected: Peer | undefined): Problem | undefined {
    if (Math.abs(hello.version - PROTOCOL_VERSION) > 1)
      return {
        code: CLOSE.version,
        reason: `got version ${hello.version}, wanted ${PROTOCOL_VERSION} or one beside it`,
      };
    if (hello.member === this.#identity.member || hello.boot === this.hello.boot)
      return {
        code: CLOSE.self,
        reason: `got "${hello.member}" of boot ${hello.boot}, wanted another member and boot`,
      };
    if (!peer) return { code: CLOSE.unknownMember, reason: `got "${hello.member}", wanted a member of this network` };
    if (expected && expected.name !== peer.name)
      return { code: CLOSE.unknownMember, reason: `got "${peer.name}", wanted "${expected.name}"` };
    return undefined;
  }

  /** This side's signature. */
  prove(theirs: Hello): Uint8Array {
    return signFor(domainOf(this.#side), this.#transcript(theirs), this.#identity);
  }

  /** Whether the other side holds the key of the member that it says it is. */
  verify(theirs: Hello, peer: Peer, signature: Uint8Array): boolean {
    const side = this.#side === "dialer" ? "listener" : "dialer";
    return verifyFor(domainOf(side), this.#transcript(theirs), signature, peer.publicKey);
  }

  #transcript(theirs: Hello): Uint8Array {
    const [dialer, listener] = this.#side === "dialer" ? [this.hello, theirs] : [theirs, this.hello];
    return concatBytes(framed(dialer), framed(listener));
  }
}

/** Fit for `Handshake`: a nonce is used once. */
export function newNonce(random: { bytes(length: number): Uint8Array }): Uint8Array {
  return random.bytes(NONCE_BYTES);
}

function domainOf(side: Side): Uint8Array {
  return utf8ToBytes(`redbutton link\0${side}\0`);
}

function framed(hello: Hello): Uint8Array {
  const bytes = encodeFrame(hello);
  return concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
}
