import type { Dial, Socket } from "../../crdt/ports.ts";
import { Connection } from "./connection.ts";
import type { Dice } from "./dice.ts";
import type { Life } from "./life.ts";
import type { Stage } from "./stage.ts";

interface Listener {
  readonly life: Life;
  accept(socket: Socket): void;
}

export const LATENCY_MS = 20;
/** How long a dial takes to give up where nothing comes back, ms. */
const DIAL_TIMEOUT_MS = 3000;

/** The backbone's network: who reaches whom, and how quickly. Names are hosts'. */
export class Network {
  readonly stage: Stage;
  readonly dice: Dice;
  /** Typical time of a message on its way, ms. */
  latencyMs = LATENCY_MS;
  /** Chance of each frame to be lost, doubled, or overtaken: what no WebSocket does. */
  hostility = 0;
  readonly #blocked = new Set<string>();
  readonly #connections = new Set<Connection>();
  readonly #listeners = new Map<string, Listener[]>();

  constructor(stage: Stage) {
    this.stage = stage;
    this.dice = stage.dice("network");
  }

  /** Connections that at least one end takes for open, in the order of their making. */
  get connections(): Connection[] {
    return [...this.#connections].filter((connection) => connection.isOpen);
  }

  delay(): number {
    const rare = this.dice.chance(0.02) ? 5 : 1;
    return Math.ceil(this.latencyMs * (0.5 + this.dice.next()) * rare);
  }

  isBlocked(from: string, to: string): boolean {
    return this.#blocked.has(`${from} ${to}`);
  }

  block(from: string, to: string): void {
    this.#blocked.add(`${from} ${to}`);
  }

  /** Opens a way again; what waited goes on. */
  unblock(from: string, to: string): void {
    this.#blocked.delete(`${from} ${to}`);
    for (const connection of this.#connections) connection.resume();
  }

  /** From now on `life` takes connections to `address`; of several that do, chance chooses. */
  listen(address: string, life: Life, accept: (socket: Socket) => void): void {
    const listener: Listener = { life, accept };
    this.#listeners.set(address, [...(this.#listeners.get(address) ?? []), listener]);
    life.onend(() =>
      this.#listeners.set(
        address,
        this.#listeners.get(address)!.filter((other) => other !== listener),
      ),
    );
  }

  dialFor(life: Life): Dial {
    return (address) =>
      new Promise((resolve, reject) =>
        this.stage.after(this.delay(), () => this.#arrive(life, address, resolve, reject)),
      );
  }

  #arrive(life: Life, address: string, resolve: (socket: Socket) => void, reject: (error: Error) => void): void {
    const fail = (ms: number): void =>
      void this.stage.after(ms, () => life.run(() => reject(new Error(`dialing "${address}": not reached`))));
    if (!life.alive) return;
    const listeners = this.#listeners.get(address) ?? [];
    const listener = listeners.length > 0 ? this.dice.pick(listeners) : undefined;
    const host = listener?.life.host ?? address;
    if (this.isBlocked(life.host, host) || this.isBlocked(host, life.host)) return fail(DIAL_TIMEOUT_MS);
    if (!listener) return fail(this.delay());
    if (listener.life.frozen) return fail(DIAL_TIMEOUT_MS);
    const back = this.delay();
    const connection = new Connection(this, life, listener.life, back);
    this.#connections.add(connection);
    this.stage.after(back, () => life.run(() => resolve(connection.dialled)));
    listener.life.run(() => listener.accept(connection.listening));
  }

  /** Forgets what nobody uses any more. */
  drop(connection: Connection): void {
    this.#connections.delete(connection);
  }
}
