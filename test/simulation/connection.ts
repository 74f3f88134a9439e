import type { Socket } from "../../crdt/ports.ts";
import type { Life } from "./life.ts";
import type { Network } from "./network.ts";

type Sent =
  | { readonly kind: "message"; readonly message: Uint8Array | string }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

interface InFlight {
  readonly sent: Sent;
  readonly due: number;
}

/** What a kernel takes from a process before `bufferedAmount` grows. */
const KERNEL_BYTES = 262_144;
/** A connection that broke: RFC 6455, 7.1.5. */
const BROKEN = 1006;
/**
 * Frames that a hostile stream may lose, double or turn round, by their first byte: introductions, sync, stored, covers,
 * fetch and batches, which the comparison of states makes up for. No WebSocket does this; the others rely on it.
 */
const REPAIRED: ReadonlySet<unknown> = new Set([2, 3, 4, 5, 6, 7]);

/** One end of a WebSocket as a process has it. */
class End implements Socket {
  onmessage: Socket["onmessage"] = () => {};
  onclose: Socket["onclose"] = () => {};
  readonly life: Life;
  readonly out: Pipe;
  #isOpen = true;
  #isClosed = false;

  constructor(life: Life, out: Pipe) {
    this.life = life;
    this.out = out;
  }

  get isOpen(): boolean {
    return this.#isOpen && this.life.alive;
  }

  get bufferedAmount(): number {
    return Math.max(0, this.out.bytes - KERNEL_BYTES);
  }

  send(message: Uint8Array | string): void {
    if (this.#isOpen && this.life.reach("before a frame")) this.out.push({ kind: "message", message });
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen || !this.life.alive) return;
    this.#isOpen = false;
    this.out.push({ kind: "close", code, reason });
    this.life.stage.after(1, () => this.hear({ kind: "close", code, reason }));
  }

  hear(sent: Sent): void {
    this.life.run(() => {
      if (this.#isClosed) return;
      if (sent.kind === "message") {
        if (this.#isOpen) this.onmessage(sent.message);
        return;
      }
      this.#isOpen = false;
      this.#isClosed = true;
      this.onclose(sent.code, sent.reason);
    });
  }
}

/** One direction: ordered and whole, until it breaks; then a tail is missing. */
class Pipe {
  readonly #network: Network;
  readonly #way: readonly [from: string, to: string];
  readonly #deliver: (sent: Sent) => void;
  #items: InFlight[] = [];
  #last = 0;
  /** A delivery is scheduled, or the way is blocked. */
  #state: "idle" | "moving" | "stalled" | "dead" = "idle";
  bytes = 0;

  /** Nothing arrives within `afterMs`. */
  constructor(network: Network, way: readonly [string, string], deliver: (sent: Sent) => void, afterMs = 0) {
    this.#network = network;
    this.#last = network.stage.now + afterMs;
    this.#way = way;
    this.#deliver = deliver;
  }

  push(sent: Sent): void {
    if (this.#state === "dead") return;
    for (const item of this.#disturbed(sent)) {
      // Never before what was sent earlier, even where the latency has shrunk meanwhile.
      this.#last = Math.max(this.#last, this.#network.stage.now + this.#network.delay());
      this.#items.push({ sent: item, due: this.#last });
      this.bytes += sizeOf(item);
    }
    this.#move();
  }

  resume(): void {
    if (this.#state !== "stalled" || this.#network.isBlocked(...this.#way)) return;
    this.#state = "idle";
    this.#move();
  }

  /** Breaks: a chance part of what is under way still arrives. */
  break(): void {
    if (this.#state === "dead") return;
    this.#items.length = this.#network.dice.below(this.#items.length + 1);
  }

  kill(): void {
    this.#state = "dead";
    this.#items = [];
  }

  #move(): void {
    const head = this.#items[0];
    if (this.#state !== "idle" || !head) return;
    this.#state = "moving";
    const { stage } = this.#network;
    stage.after(Math.max(0, head.due - stage.now), () => this.#arrive());
  }

  #arrive(): void {
    if (this.#state !== "moving") return;
    if (this.#network.isBlocked(...this.#way)) {
      this.#state = "stalled";
      return;
    }
    this.#state = "idle";
    const head = this.#items.shift();
    if (!head) return;
    this.bytes -= sizeOf(head.sent);
    const [from, to] = this.#way;
    if (head.sent.kind === "message")
      this.#network.stage.trace.noteBytes(this.#network.stage.now, `${from} > ${to}`, head.sent.message);
    this.#deliver(head.sent);
    this.#move();
  }

  /** What a hostile stream makes of a frame. */
  #disturbed(sent: Sent): Sent[] {
    const { dice, hostility, stage } = this.#network;
    if (sent.kind === "close" || !REPAIRED.has(sent.message[0]) || !dice.chance(hostility)) return [sent];
    const deed = dice.pick(["lost", "doubled", "overtaken"] as const);
    stage.saw(`hostile stream: frame ${deed}`);
    if (deed === "lost") return [];
    const before = this.#items.at(-1);
    if (deed === "doubled" || !before || before.sent.kind === "close") return [sent, sent];
    this.#items.pop();
    this.bytes -= sizeOf(before.sent);
    return [sent, before.sent];
  }
}

/** A WebSocket between two processes. */
export class Connection {
  readonly dialled: End;
  readonly listening: End;
  readonly #network: Network;

  /** The dialler has its end after `backMs`, and hears nothing before. */
  constructor(network: Network, dialler: Life, listener: Life, backMs: number) {
    this.#network = network;
    const there = new Pipe(network, [dialler.host, listener.host], (sent) => this.#hear(this.listening, sent));
    const back = new Pipe(network, [listener.host, dialler.host], (sent) => this.#hear(this.dialled, sent), backMs);
    this.dialled = new End(dialler, there);
    this.listening = new End(listener, back);
    dialler.onend(() => this.#lose(this.dialled));
    listener.onend(() => this.#lose(this.listening));
  }

  get isOpen(): boolean {
    return this.dialled.isOpen || this.listening.isOpen;
  }

  /** A way was opened. */
  resume(): void {
    this.dialled.out.resume();
    this.listening.out.resume();
  }

  /** The connection breaks. Each end may learn of it soon, or only when it finds nobody there. */
  cut(): void {
    const { stage, dice } = this.#network;
    for (const end of [this.dialled, this.listening]) {
      end.out.break();
      end.out.push({ kind: "close", code: BROKEN, reason: "" });
      if (dice.chance(0.3)) {
        stage.saw("connection half open");
        end.out.kill();
      }
    }
  }

  /** Whoever sends to a process that has gone is told by its kernel, once that can be reached. */
  #hear(end: End, sent: Sent): void {
    if (end.life.alive) return end.hear(sent);
    const other = end === this.dialled ? this.listening : this.dialled;
    other.out.kill();
    const { stage } = this.#network;
    stage.after(this.#network.delay(), () => {
      if (!this.#network.isBlocked(end.life.host, other.life.host))
        other.hear({ kind: "close", code: BROKEN, reason: "" });
    });
  }

  /** The process at `end` is gone: its kernel says so at once, or the whole machine went dark. */
  #lose(end: End): void {
    end.out.break();
    if (this.#network.dice.chance(0.7)) end.out.push({ kind: "close", code: BROKEN, reason: "" });
    if (!this.isOpen) this.#network.drop(this);
  }
}

function sizeOf(sent: Sent): number {
  return sent.kind === "message" ? sent.message.length : 0;
}
