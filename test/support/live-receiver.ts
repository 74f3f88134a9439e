// A receiver on its WebSocket, as a web player would be.
import { soon } from "./soon.ts";

export type Message = Readonly<Record<string, unknown>> & { readonly type: string };

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

export interface Ballot {
  readonly poll: string;
  readonly option: string;
  readonly press: number;
  readonly k?: number;
}

export class LiveReceiver {
  /** Everything that it was sent, oldest first. */
  readonly messages: Message[] = [];
  readonly closed: Promise<Closing>;
  readonly #socket: WebSocket;
  #ballots = 0;

  /** Connects without saying hello. */
  static async connect(address: string, show: string): Promise<LiveReceiver> {
    const socket = new WebSocket(`${address.replace("http", "ws")}/v1/shows/${show}/live`);
    const receiver = new LiveReceiver(socket);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error(`joining "${show}" at ${address} failed`)), {
        once: true,
      });
    });
    return receiver;
  }

  /** Connects and is welcome. */
  static async join(address: string, show: string, token: string): Promise<LiveReceiver> {
    const receiver = await LiveReceiver.connect(address, show);
    receiver.send({ type: "hello", token });
    await receiver.hears(({ type }) => type === "welcome");
    return receiver;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.messages.push(JSON.parse(String(data)) as Message));
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
    });
  }

  /** Sends text or bytes as they are, anything else as JSON. */
  send(message: object | string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(typeof message === "string" || message instanceof Uint8Array ? message : JSON.stringify(message));
  }

  /** Casts a ballot; resolves with its receipt, or with why there is none. */
  cast(ballot: Ballot): Promise<Message> {
    const id = `ballot-${(this.#ballots += 1)}`;
    this.send({ type: "ballot", id, ...ballot });
    return this.hears((message) => message["id"] === id);
  }

  /** Waits for a message, which may have come already. */
  hears(isIt: (message: Message) => boolean): Promise<Message> {
    return soon(() => {
      const found = this.messages.findLast(isIt);
      if (!found) throw new Error(`the receiver heard only ${JSON.stringify(this.messages)}`);
      return found;
    });
  }

  close(): void {
    this.#socket.close();
  }
}
