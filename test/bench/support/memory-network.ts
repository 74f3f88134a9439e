import type { Dial, Socket } from "../../../crdt/ports.ts";
import { turn } from "./virtual-time.ts";

/** WebSocket's own bytes before a message, from a client, which masks (RFC 6455, 5.2). */
function webSocketHeader(length: number): number {
  return length < 126 ? 6 : length < 65_536 ? 8 : 14;
}

/** One end of a socket in memory. What the other end sends waits in `inbox` until it is delivered. */
export class End implements Socket {
  onmessage: Socket["onmessage"] = () => {};
  onclose: Socket["onclose"] = () => {};
  readonly bufferedAmount = 0;
  other: End | undefined;
  inbox: (Uint8Array | string)[] = [];
  /** Bytes that were sent from here, WebSocket's own included. */
  sent = 0;
  #next = 0;

  send(message: Uint8Array | string): void {
    this.sent += message.length + webSocketHeader(message.length);
    this.other?.inbox.push(message);
  }

  close(code: number, reason: string): void {
    const { other } = this;
    this.other = undefined;
    if (!other) return;
    other.other = undefined;
    queueMicrotask(() => other.onclose(code, reason));
    queueMicrotask(() => this.onclose(code, reason));
  }

  /** Hands over messages as long as they begin within the first `bytes`; false where none waits. */
  deliver(bytes = Infinity): boolean {
    const waited = this.inbox.length > 0;
    for (let at = 0; at < bytes && this.#next < this.inbox.length;) {
      const message = this.inbox[this.#next]!;
      this.#next += 1;
      at += message.length;
      this.onmessage(message);
    }
    if (this.#next === this.inbox.length) {
      this.inbox = [];
      this.#next = 0;
    }
    return waited;
  }
}

/** Sockets among members of one process, delivered when told to. */
export class MemoryNetwork {
  readonly ends: End[] = [];
  readonly #listeners = new Map<string, (socket: Socket) => void>();

  readonly dial: Dial = (address) => {
    const accept = this.#listeners.get(address);
    if (!accept) return Promise.reject(new Error(`dialing "${address}": nobody listens`));
    const [here, there] = [new End(), new End()];
    [here.other, there.other] = [there, here];
    this.ends.push(here, there);
    accept(there);
    return Promise.resolve(here);
  };

  listen(address: string, accept: (socket: Socket) => void): void {
    this.#listeners.set(address, accept);
  }

  /** Delivers until nobody has anything to say. */
  readonly settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < 2;) {
      await turn();
      quiet += 1;
      for (const end of this.ends) if (end.deliver()) quiet = 0;
    }
  };
}
