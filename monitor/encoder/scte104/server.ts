import { createServer, type Server, type Socket } from "node:net";
import type { World } from "../../../crdt/ports.ts";
import { MessageFraming } from "./framing.ts";
import {
  decodeMessage,
  encodeMessage,
  type Message,
  type MultipleMessage,
  OP,
  type SingleMessage,
  timeNow,
} from "./message.ts";
import { MessageError, RESULT } from "./reader.ts";

/** What becomes of a multiple operation message: its result, and how many SCTE 35 sections went out for it. */
export interface Answer {
  readonly result: number;
  readonly sections: number;
}

export interface InjectorOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** DPI_PID_index that is served; any other is answered with result 126. */
  readonly pidIndex: number;
}

/** Takes a message for good: what it asks for is durable when it resolves. `bytes`: the message itself. */
export type Take = (message: MultipleMessage, bytes: Uint8Array) => Promise<Answer>;

/** Automation systems that are connected at once: two watchers, a station's own and its spare, and room. */
export const MAX_CONNECTIONS = 8;
/** A connection that says nothing for so long is closed: alive_requests come at least every minute (9.1.3). */
export const IDLE_MS = 90_000;

/** The injector's end of SCTE 104: what automation systems connect to. */
export class Injector {
  readonly #server: Server;
  readonly #options: InjectorOptions;
  readonly #take: Take;
  readonly #world: World;
  readonly #sockets = new Set<Socket>();

  constructor(options: InjectorOptions, take: Take, world: World) {
    this.#options = options;
    this.#take = take;
    this.#world = world;
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  /** Resolves with the port once automation systems can connect. */
  listen(): Promise<number> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) =>
        reject(new Error(`listening for SCTE 104 on "${host}:${port}": ${error.message}`)),
      );
      this.#server.listen({ host, port }, () => {
        const address = this.#server.address();
        resolve(typeof address === "object" && address ? address.port : port);
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(socket: Socket): void {
    const from = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.on("error", (error) =>
      this.#world.log("info", "SCTE 104 connection failed", { from, error: error.message }),
    );
    if (this.#sockets.size >= MAX_CONNECTIONS) {
      this.#world.log("warn", "SCTE 104 connection refused", { from, connections: MAX_CONNECTIONS });
      return void socket.destroy();
    }
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    const framing = new MessageFraming();
    socket.on("data", (chunk) => {
      try {
        for (const bytes of framing.push(chunk)) void this.#answer(socket, bytes, from);
      } catch (error) {
        this.#world.log("warn", "SCTE 104 connection closed", { from, error: String(error) });
        socket.destroy();
      }
    });
  }

  async #answer(socket: Socket, bytes: Uint8Array, from: string): Promise<void> {
    let message: Message;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      this.#world.log("warn", "SCTE 104 message refused", { from, error: error.message });
      return reply(socket, { ...numbersOf(bytes), op: OP.general, result: error.result });
    }
    if (message.kind === "multiple") return this.#inject(socket, message, bytes, from);
    this.#converse(socket, message);
  }

  #converse(socket: Socket, message: SingleMessage): void {
    switch (message.op) {
      case OP.initRequest:
        return reply(socket, { ...message, op: OP.initResponse, result: RESULT.successful });
      case OP.aliveRequest:
        return reply(socket, {
          ...message,
          op: OP.aliveResponse,
          result: RESULT.successful,
          data: timeNow(this.#world.clock.now()),
        });
      case OP.general:
      case OP.aliveResponse:
        return;
      default:
        return reply(socket, { ...message, op: OP.general, result: RESULT.unknownOperation });
    }
  }

  async #inject(socket: Socket, message: MultipleMessage, bytes: Uint8Array, from: string): Promise<void> {
    const { result, sections } = await this.#resultOf(message, bytes, from);
    const numbers = { asIndex: message.asIndex, number: message.number, pidIndex: message.pidIndex };
    reply(socket, { ...numbers, op: OP.injectResponse, result, data: Uint8Array.of(message.number) });
    if (result === RESULT.successful)
      reply(socket, { ...numbers, op: OP.injectComplete, result, data: Uint8Array.of(message.number, sections) });
  }

  async #resultOf(message: MultipleMessage, bytes: Uint8Array, from: string): Promise<Answer> {
    if (message.pidIndex !== this.#options.pidIndex) return { result: RESULT.unknownPid, sections: 0 };
    try {
      return await this.#take(message, bytes);
    } catch (error) {
      this.#world.log("error", "a SCTE 104 message was not taken", { from, error: String(error) });
      return { result: RESULT.failed, sections: 0 };
    }
  }
}

function reply(
  socket: Socket,
  {
    op,
    result,
    asIndex,
    number,
    pidIndex,
    data = new Uint8Array(0),
  }: Omit<SingleMessage, "kind" | "data"> & { data?: Uint8Array },
): void {
  if (socket.writable) socket.write(encodeMessage({ kind: "single", op, result, asIndex, number, pidIndex, data }));
}

/** What a response needs of a message that could not be read. */
function numbersOf(bytes: Uint8Array): Pick<SingleMessage, "asIndex" | "number" | "pidIndex"> {
  const isMultiple = bytes[0] === 0xff && bytes[1] === 0xff;
  const at = isMultiple ? 5 : 9;
  return {
    asIndex: bytes[at] ?? 0,
    number: bytes[at + 1] ?? 0,
    pidIndex: ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0),
  };
}
