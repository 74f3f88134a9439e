// Two ends of a WebSocket in memory, over a network that a test delays, holds up, and cuts.
import type { Socket } from "../../crdt/ports.ts";
import type { VirtualTime } from "./virtual-world.ts";

/**
 * How one direction carries messages: "flowing"; "congested" holds them and counts them as buffered; "frozen" holds them
 * where the sender does not see it, in the kernel: a half-open socket.
 */
export type Carriage = "flowing" | "congested" | "frozen";

type Event =
  | { readonly kind: "message"; readonly message: Uint8Array | string }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** One direction: what one end sends and the other hears, in order. */
class Direction {
  latencyMs: number;
  #carriage: Carriage = "flowing";
  readonly #time: VirtualTime;
  readonly #deliver: (event: Event) => void;
  readonly #held: Event[] = [];
  #last = 0;

  constructor(time: VirtualTime, latencyMs: number, deliver: (event: Event) => void) {
    this.#time = time;
    this.latencyMs = latencyMs;
    this.#deliver = deliver;
  }

  get bufferedAmount(): number {
    if (this.#carriage !== "congested") return 0;
    return this.#held.reduce((sum, event) => sum + (event.kind === "message" ? event.message.length : 0), 0);
  }

  carry(carriage: Carriage): void {
    this.#carriage = carriage;
    if (carriage === "flowing") for (const event of this.#held.splice(0)) this.send(event);
  }

  send(event: Event): void {
    if (this.#carriage !== "flowing") {
      this.#held.push(event);
      return;
    }
    // Never before what was sent earlier, even where the latency has shrunk meanwhile.
    this.#last = Math.max(this.#last, this.#time.now + this.latencyMs);
    this.#time.after(this.#last - this.#time.now, () => this.#deliver(event));
  }
}

/** One end. What it sends is kept in `sent`. */
export class PairSocket implements Socket {
  readonly sent: (Uint8Array | string)[] = [];
  onmessage: (message: Uint8Array | string) => void = () => {};
  onclose: (code: number, reason: string) => void = () => {};
  readonly #direction: () => Direction;
  readonly #time: VirtualTime;
  #isOpen = true;
  #isClosed = false;

  constructor(time: VirtualTime, direction: () => Direction) {
    this.#time = time;
    this.#direction = direction;
  }

  get bufferedAmount(): number {
    return this.#direction().bufferedAmount;
  }

  send(message: Uint8Array | string): void {
    if (!this.#isOpen) return;
    const copy = typeof message === "string" ? message : message.slice();
    this.sent.push(copy);
    this.#direction().send({ kind: "message", message: copy });
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    if (new TextEncoder().encode(reason).length > 123)
      throw new RangeError(`closing with a reason of over 123 bytes: "${reason}"`);
    this.#isOpen = false;
    this.#direction().send({ kind: "close", code, reason });
    this.#time.after(0, () => this.hear({ kind: "close", code, reason }));
  }

  /** What the network brings to this end. */
  hear(event: Event): void {
    if (this.#isClosed) return;
    if (event.kind === "message") {
      if (this.#isOpen) this.onmessage(event.message);
      return;
    }
    this.#isOpen = false;
    this.#isClosed = true;
    this.onclose(event.code, event.reason);
  }
}

/** Both ends and what is between them. */
export interface SocketPair {
  readonly a: PairSocket;
  readonly b: PairSocket;
  /** How messages are carried from that end to the other; from both where none is named. */
  carry(carriage: Carriage, from?: "a" | "b"): void;
  /** One way, ms, for what is sent from now on. */
  setLatency(ms: number, from?: "a" | "b"): void;
  /** The connection breaks, and both ends notice (code 1006). */
  abort(): void;
}

export function socketPair(time: VirtualTime, latencyMs = 1): SocketPair {
  const a: PairSocket = new PairSocket(time, () => fromA);
  const b: PairSocket = new PairSocket(time, () => fromB);
  const fromA = new Direction(time, latencyMs, (event) => b.hear(event));
  const fromB = new Direction(time, latencyMs, (event) => a.hear(event));
  const each = (from: "a" | "b" | undefined, apply: (direction: Direction) => void): void => {
    if (from !== "b") apply(fromA);
    if (from !== "a") apply(fromB);
  };
  return {
    a,
    b,
    carry: (carriage, from) => each(from, (direction) => direction.carry(carriage)),
    setLatency: (ms, from) => each(from, (direction) => (direction.latencyMs = ms)),
    abort: () => {
      for (const end of [a, b]) time.after(0, () => end.hear({ kind: "close", code: 1006, reason: "" }));
    },
  };
}
