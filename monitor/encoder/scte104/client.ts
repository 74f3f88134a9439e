import { connect, type Socket } from "node:net";
import type { World } from "../../../crdt/ports.ts";
import type { Cue, CueEncoder } from "../../cue.ts";
import { parseHostPort } from "../address.ts";
import { FORMAT_IDENTIFIER, payloadOf } from "../payload.ts";
import { CONTENT_IDENTIFICATION, UPID_MPU } from "../signal/scte35.ts";
import { upidOf } from "../stream/carriers.ts";
import { MessageFraming } from "./framing.ts";
import { decodeMessage, encodeMessage, type Message, OP, type Timestamp } from "./message.ts";
import type { Operation } from "./operation.ts";
import { RESULT } from "./reader.ts";

export interface AutomationOptions {
  /** Injectors to try in turn: an encoder and its standby. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** DPI_PID_index that the injector serves. */
  readonly pidIndex: number;
  /** AS_index: which automation system this is. */
  readonly asIndex: number;
  /** Four characters that mark our own UPIDs. */
  readonly formatIdentifier: string;
}

/** Injectors by their address, `scte104://HOST:PORT[,HOST:PORT]`; undefined for another kind of address. */
export function parseInjectors(address: string): AutomationOptions["addresses"] | undefined {
  if (!address.startsWith(SCHEME)) return undefined;
  return address
    .slice(SCHEME.length)
    .split(",")
    .map((each) => parseHostPort(each, "127.0.0.1"));
}

const SCHEME = "scte104://";

/** Longest time to connect and be let in, ms. */
export const CONNECT_TIMEOUT_MS = 1000;
/** Longest time that an injector may take to answer, ms: an fsync on a busy disk takes 20. */
export const ANSWER_TIMEOUT_MS = 2000;
/** How often a silent connection is tried, ms. */
export const ALIVE_INTERVAL_MS = 10_000;
/** How long a cue is tried, over all addresses, before it is the caller's to try again, ms. */
export const INJECT_TIMEOUT_MS = 10_000;
/** Time between one try and the next, ms. */
export const RETRY_MS = 200;

/** The automation system's end of SCTE 104: how a watcher drives an encoder, ours or a station's. */
export class AutomationSystem implements CueEncoder {
  readonly #options: AutomationOptions;
  readonly #world: World;
  #connection: Promise<Connection> | undefined;
  #next = 0;
  #stopped = false;
  #cancelAlive: (() => void) | undefined;

  constructor(options: AutomationOptions, world: World) {
    if (options.addresses.length === 0) throw new Error("driving an encoder: got no address, wanted at least one");
    this.#options = options;
    this.#world = world;
  }

  /** One that drives our own encoders, with their usual settings, and keeps a connection. */
  static started(addresses: AutomationOptions["addresses"], world: World): AutomationSystem {
    const system = new AutomationSystem(
      { addresses, pidIndex: 0, asIndex: 1, formatIdentifier: FORMAT_IDENTIFIER },
      world,
    );
    system.start();
    return system;
  }

  /** Keeps a connection, so that a cue finds one. */
  start(): void {
    this.#stayAlive();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelAlive?.();
    void this.#connection?.then(
      (connection) => connection.close(),
      () => {},
    );
  }

  /** Resolves with whether an injector answers. */
  async isAlive(): Promise<boolean> {
    try {
      const connection = await this.#connected();
      const { result } = await connection.ask(OP.aliveRequest);
      return result === RESULT.successful;
    } catch {
      return false;
    }
  }

  inject(cue: Cue): Promise<void> {
    return this.#injectAt(cue, { type: "immediate" }, 0);
  }

  /** The same, to be shown at `at`, milliseconds since 1970. */
  injectAt(cue: Cue, at: number): Promise<void> {
    // The message's time has whole seconds only.
    return this.#injectAt(cue, { type: "utc", at }, ((at % 1000) + 1000) % 1000);
  }

  async #injectAt(cue: Cue, time: Timestamp, preRoll: number): Promise<void> {
    const operations: readonly Operation[] = [{ op: "time_signal", preRoll }, this.#segmentation(cue)];
    const deadline = this.#world.clock.now() + INJECT_TIMEOUT_MS;
    for (;;) {
      try {
        const connection = await this.#connected();
        const { result } = await connection.inject(time, operations);
        if (result === RESULT.successful) return;
        throw new Error(`the injector answered ${result}`);
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        this.#world.log("warn", "a cue was not taken, trying again", { cue: cue.id, problem });
        if (this.#stopped || this.#world.clock.now() + RETRY_MS > deadline)
          throw new Error(`injecting cue "${cue.id}": ${problem}`, { cause: error });
        await new Promise<void>((resolve) => this.#world.timers.after(RETRY_MS, resolve));
      }
    }
  }

  #segmentation(cue: Cue): Operation {
    const payload = payloadOf(cue);
    return {
      op: "segmentation",
      eventId: cue.eventId,
      isCancelled: false,
      duration: Math.ceil(payload.durationMs / 1000),
      upidType: UPID_MPU,
      upid: upidOf(payload, this.#options.formatIdentifier),
      type: CONTENT_IDENTIFICATION,
      segment: 1,
      segmentsExpected: 1,
    };
  }

  /** The connection there is, or a new one to the next address. */
  #connected(): Promise<Connection> {
    if (this.#connection) return this.#connection;
    const { addresses } = this.#options;
    const { host, port } = addresses[this.#next++ % addresses.length]!;
    const connecting = Connection.open(host, port, this.#options, this.#world, () => {
      if (this.#connection === connecting) this.#connection = undefined;
    });
    this.#connection = connecting;
    connecting.catch(() => {
      if (this.#connection === connecting) this.#connection = undefined;
    });
    return connecting;
  }

  #stayAlive(): void {
    const again = () => {
      this.#cancelAlive = this.#world.timers.after(ALIVE_INTERVAL_MS, () => this.#stayAlive());
    };
    void this.isAlive().then(() => {
      if (!this.#stopped) again();
    });
  }
}

interface Waiting {
  readonly resolve: (answer: Reply) => void;
  readonly reject: (error: Error) => void;
}

interface Reply {
  readonly result: number;
}

/** One TCP connection, let in by the injector. */
class Connection {
  readonly #socket: Socket;
  readonly #options: AutomationOptions;
  readonly #world: World;
  readonly #framing = new MessageFraming();
  readonly #waiting = new Map<number, Waiting>();
  #number = 0;

  private constructor(socket: Socket, options: AutomationOptions, world: World, onclose: () => void) {
    this.#socket = socket;
    this.#options = options;
    this.#world = world;
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", () => {}); // "close" follows, and tells whoever waits.
    socket.on("close", () => {
      onclose();
      for (const { reject } of this.#waiting.values()) reject(new Error("the connection was closed before the answer"));
      this.#waiting.clear();
    });
  }

  /** Connects and says who asks (9.1.1). */
  static async open(
    host: string,
    port: number,
    options: AutomationOptions,
    world: World,
    onclose: () => void,
  ): Promise<Connection> {
    const socket = await dial(host, port, world);
    const connection = new Connection(socket, options, world, onclose);
    const { result } = await connection.ask(OP.initRequest);
    if (result === RESULT.successful) return connection;
    connection.close();
    throw new Error(`"${host}:${port}" let nobody in: result ${result}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Sends a request without data. */
  ask(op: number): Promise<Reply> {
    const number = this.#nextNumber();
    const { asIndex, pidIndex } = this.#options;
    const data = new Uint8Array(0);
    return this.#send(number, { kind: "single", op, result: RESULT.none, asIndex, number, pidIndex, data });
  }

  inject(time: Timestamp, operations: readonly Operation[]): Promise<Reply> {
    const number = this.#nextNumber();
    const { asIndex, pidIndex } = this.#options;
    return this.#send(number, { kind: "multiple", asIndex, number, pidIndex, time, operations });
  }

  /** 8 bits: a number that still waits is passed over. */
  #nextNumber(): number {
    do this.#number = (this.#number + 1) & 0xff;
    while (this.#waiting.has(this.#number));
    return this.#number;
  }

  #send(number: number, message: Message): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const cancel = this.#world.timers.after(ANSWER_TIMEOUT_MS, () => {
        reject(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`));
        // What comes later could be taken for the answer to something else.
        this.close();
      });
      this.#waiting.set(number, {
        resolve: (answer) => (cancel(), resolve(answer)),
        reject: (error) => (cancel(), reject(error)),
      });
      if (this.#waiting.size > MAX_WAITING) return this.close();
      this.#socket.write(encodeMessage(message));
    });
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const bytes of this.#framing.push(chunk)) this.#read(decodeMessage(bytes));
    } catch (error) {
      this.#world.log("warn", "an injector answered with what is no SCTE 104", { error: String(error) });
      this.close();
    }
  }

  #read(message: Message): void {
    if (message.kind !== "single" || message.op === OP.injectComplete) return;
    // The number of what it answers stands in an inject_response's data (9.6.2).
    const number = message.op === OP.injectResponse ? (message.data[0] ?? message.number) : message.number;
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    waiting?.resolve({ result: message.result });
  }
}

/** Messages that wait for an answer on one connection: fewer than there are numbers. */
const MAX_WAITING = 200;

function dial(host: string, port: number, world: World): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const fail = (problem: string) => {
      cancel();
      socket.destroy();
      reject(new Error(`connecting to the encoder at "${host}:${port}": ${problem}`));
    };
    const cancel = world.timers.after(CONNECT_TIMEOUT_MS, () => fail(`no answer within ${CONNECT_TIMEOUT_MS} ms`));
    const onerror = (error: Error) => fail(error.message);
    socket.once("error", onerror);
    socket.once("connect", () => {
      cancel();
      socket.off("error", onerror);
      resolve(socket);
    });
  });
}
