import type { Socket, World } from "../ports.ts";
import { decodeFrame, encodeFrame, FrameError, PROTOCOL_VERSION, type Frame } from "./frame.ts";
import { CLOSE, Handshake, newNonce, type CloseCode, type Hello, type Peer } from "./handshake.ts";
import { ClockOffset } from "./offset.ts";
import type { Identity } from "./introduction.ts";

export { CLOSE, mayRetry, type CloseCode, type Peer } from "./handshake.ts";

/** What a link hands to its owner: every frame but its own. */
export type Traffic = Exclude<Frame, { type: "hello" | "proof" | "ping" | "pong" }>;

export interface LinkEvents {
  /** Both ends have proved who they are. */
  onopen(link: Link): void;
  /** What this throws closes the link. */
  onframe(link: Link, frame: Traffic): void;
  /** Once, however the link ends; `mayRetry(code)` says whether to dial again. */
  onclose(link: Link, reason: string, code: number): void;
}

export interface LinkOptions {
  readonly identity: Identity;
  /** This process start: 16 hexadecimal digits. */
  readonly boot: string;
  /** The configured member of this name. */
  peers(name: string): Peer | undefined;
  /** The member that was dialled; absent at the end that listens. */
  readonly dialled?: Peer;
  readonly world: World;
  readonly on: LinkEvents;
}

/**
 *     greeting ──hello──► proving ──proof──► open
 *         └──────────────────┴─────────────────┴──► closed
 */
export type LinkState =
  | { readonly name: "greeting" }
  | { readonly name: "proving"; readonly peer: Peer; readonly hello: Hello }
  | { readonly name: "open"; readonly peer: Peer; readonly boot: string; readonly version: number }
  | { readonly name: "closed"; readonly peer: Peer | undefined; readonly code: number; readonly reason: string };

export interface LinkCounters {
  framesIn: number;
  bytesIn: number;
  framesOut: number;
  bytesOut: number;
  /** Frames not sent because too much was queued. */
  dropped: number;
  /** Wall clock, ms since 1970; 0 before anything was heard. */
  lastHeard: number;
}

/** Two round trips across the world and two signatures are under a second; beyond this nobody is there. */
export const HANDSHAKE_TIMEOUT_MS = 3_000;
/** Often enough that four are lost before a link is given up, and seldom enough to cost nothing. */
export const PING_INTERVAL_MS = 1_000;
/** A half-open socket looks healthy for minutes; longer than any pause of a garbage collector, shorter than patience. */
export const SILENCE_MS = 4_000;
/** Silence is counted in these, by a timer: the wall clock may jump. A link closes at most one later than `SILENCE_MS`. */
export const HEARTBEAT_MS = 500;
/** Eight full frames: 0.7 s at 100 Mbit/s. More only delays; anti-entropy brings what was dropped. */
export const MAX_BUFFERED_BYTES = 8_388_608;
/** A WebSocket close reason, bytes (RFC 6455, 5.5.1). */
const MAX_REASON_BYTES = 123;

/** The life of one link, from a socket that is open to its close. */
export class Link {
  readonly counters: LinkCounters = { framesIn: 0, bytesIn: 0, framesOut: 0, bytesOut: 0, dropped: 0, lastHeard: 0 };
  readonly #socket: Socket;
  readonly #options: LinkOptions;
  readonly #handshake: Handshake;
  readonly #offset = new ClockOffset();
  #state: LinkState = { name: "greeting" };
  #cancelTimer: () => void;
  #heartbeats = 0;
  #silent = 0;

  constructor(socket: Socket, options: LinkOptions) {
    const { identity, boot, dialled, world } = options;
    this.#socket = socket;
    this.#options = options;
    this.#handshake = new Handshake(identity, boot, dialled ? "dialer" : "listener", newNonce(world.random));
    this.#cancelTimer = world.timers.after(HANDSHAKE_TIMEOUT_MS, () =>
      this.close(`no handshake within ${HANDSHAKE_TIMEOUT_MS} ms`, CLOSE.slowHandshake),
    );
    socket.onmessage = (message) => this.#onmessage(message);
    socket.onclose = (code, reason) => this.#end(reason, code);
    this.#transmit(encodeFrame(this.#handshake.hello));
  }

  get state(): LinkState {
    return this.#state;
  }

  /** The other end, as soon as it has said who it is; proved only once the link is open. */
  get peer(): Peer | undefined {
    return this.#state.name === "greeting" ? undefined : this.#state.peer;
  }

  /** The other end's clock minus ours, ms; undefined before the first ping was answered. */
  get clockOffset(): number | undefined {
    return this.#offset.best?.offset;
  }

  /** Forgets what was measured of the other end's clock, and asks anew. */
  measureClock(): void {
    this.#offset.forget();
    if (this.#state.name === "open") this.#ask();
  }

  /** Least of the last round trips, ms; undefined before the first ping was answered. */
  get roundTripMs(): number | undefined {
    return this.#offset.best?.roundTrip;
  }

  /** False where the link is not open, or where so much is queued that the frame was dropped. */
  send(frame: Traffic): boolean {
    return this.#mayQueue() && this.#transmit(encodeFrame(frame));
  }

  /** The same for a frame that `encodeFrame` wrote, for one that goes to many. */
  sendEncoded(frame: Uint8Array): boolean {
    return this.#mayQueue() && this.#transmit(frame);
  }

  /** Ends the link at once, without waiting for the other end. Idempotent. */
  close(reason: string, code: CloseCode = CLOSE.goingAway): void {
    if (this.#state.name === "closed") return;
    this.#socket.close(code, inAscii(reason).slice(0, MAX_REASON_BYTES));
    this.#end(reason, code);
  }

  #mayQueue(): boolean {
    if (this.#state.name !== "open") return false;
    if (this.#socket.bufferedAmount <= MAX_BUFFERED_BYTES) return true;
    this.counters.dropped += 1;
    return false;
  }

  #transmit(bytes: Uint8Array): true {
    this.#socket.send(bytes);
    this.counters.framesOut += 1;
    this.counters.bytesOut += bytes.length;
    return true;
  }

  #end(reason: string, code: number): void {
    if (this.#state.name === "closed") return;
    this.#state = { name: "closed", peer: this.peer, code, reason };
    this.#cancelTimer();
    this.#guarded(() => this.#options.on.onclose(this, reason, code));
  }

  #onmessage(message: Uint8Array | string): void {
    if (this.#state.name === "closed") return;
    this.#silent = 0;
    this.counters.framesIn += 1;
    this.counters.bytesIn += message.length;
    this.counters.lastHeard = this.#options.world.clock.now();
    if (typeof message === "string") return this.close("got a text frame, wanted binary ones", CLOSE.garbled);
    const frame = this.#read(message);
    if (frame) this.#take(frame);
  }

  #read(message: Uint8Array): Frame | undefined {
    try {
      return decodeFrame(message);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.close(error.message, CLOSE.garbled);
      return undefined;
    }
  }

  #take(frame: Frame): void {
    const state = this.#state;
    switch (state.name) {
      case "greeting":
        return frame.type === "hello" ? this.#greet(frame) : this.#misplaced(frame);
      case "proving":
        return frame.type === "proof" ? this.#prove(state.peer, state.hello, frame.signature) : this.#misplaced(frame);
      case "open":
        return this.#takeOpen(frame);
      case "closed":
        return;
    }
  }

  #misplaced(frame: Frame): void {
    this.close(`got "${frame.type}" while ${this.#state.name}`, CLOSE.garbled);
  }

  #greet(hello: Hello): void {
    const peer = this.#options.peers(hello.member);
    const problem = this.#handshake.problemOf(hello, peer, this.#options.dialled);
    if (problem) return this.close(problem.reason, problem.code);
    this.#state = { name: "proving", peer: peer!, hello };
    this.#transmit(encodeFrame({ type: "proof", signature: this.#handshake.prove(hello) }));
  }

  #prove(peer: Peer, hello: Hello, signature: Uint8Array): void {
    if (!this.#handshake.verify(hello, peer, signature))
      return this.close(`"${peer.name}" is not signed for with its key`, CLOSE.wrongKey);
    this.#cancelTimer();
    this.#state = { name: "open", peer, boot: hello.boot, version: Math.min(hello.version, PROTOCOL_VERSION) };
    this.#heartbeat();
    this.#guarded(() => this.#options.on.onopen(this));
  }

  #takeOpen(frame: Frame): void {
    switch (frame.type) {
      case "hello":
      case "proof":
        return this.#misplaced(frame);
      case "ping":
        return this.#answer(frame.time);
      case "pong":
        return this.#offset.hear(frame.time, frame.now, this.#options.world.clock.now());
      default:
        return this.#guarded(() => this.#options.on.onframe(this, frame));
    }
  }

  /** Within the limit, like all else: behind eight megabytes of frames a heartbeat tells nothing that they do not. */
  #answer(time: number): void {
    if (this.#mayQueue()) this.#transmit(encodeFrame({ type: "pong", time, now: this.#options.world.clock.now() }));
  }

  #ask(): void {
    if (this.#mayQueue())
      this.#transmit(encodeFrame({ type: "ping", time: this.#offset.ask(this.#options.world.clock.now()) }));
  }

  #heartbeat(): void {
    if (this.#silent * HEARTBEAT_MS >= SILENCE_MS)
      return this.close(`nothing heard for ${SILENCE_MS} ms`, CLOSE.silent);
    if ((this.#heartbeats * HEARTBEAT_MS) % PING_INTERVAL_MS === 0) this.#ask();
    this.#heartbeats += 1;
    this.#silent += 1;
    this.#cancelTimer = this.#options.world.timers.after(HEARTBEAT_MS, () => this.#heartbeat());
  }

  /** Runs what the owner gave us: what it throws costs this link, and no other. */
  #guarded(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#options.world.log("error", "handling a link's event failed", {
        peer: this.peer?.name,
        error: String(error),
      });
      this.close("handling a frame failed", CLOSE.failed);
    }
  }
}

/** A reason may quote what came: a character a byte, so that it can be cut anywhere. */
function inAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}
