import { connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import type { World } from "../../../crdt/ports.ts";
import type { Durable } from "../encoder.ts";
import type { JournalRecord } from "../journal.ts";
import { type Duty, HEARTBEAT_MS, type Heard, onHeard, onSlept, onTime, SLEPT_MS } from "./duty.ts";

export interface PartnerOptions {
  /** Where the partner finds this one. */
  readonly own: { readonly host: string; readonly port: number };
  /** Where this one finds the partner. */
  readonly partner: { readonly host: string; readonly port: number };
}

export interface PartnerEvents {
  /** Told whenever this encoder becomes active or stops being it. */
  onduty(duty: Duty["is"]): void;
  /** A record that the active partner has taken: durable here when it resolves. */
  onrecord(record: JournalRecord): Promise<void>;
  /** Everything that this one has taken and that still counts: what a partner that comes anew gets. */
  records(): readonly JournalRecord[];
}

/** How long a partner may take to say that a record is on its disk, ms: then it is taken for failed, and the cue goes out. */
export const ACKNOWLEDGE_TIMEOUT_MS = 300;
/** How often a partner that is away is dialled, ms. */
const DIAL_INTERVAL_MS = 200;
/** Bytes of a line: a record with the longest SCTE 104 message in hexadecimal. */
const MAX_LINE_BYTES = 256 * 1024;

const record = v.object({
  number: v.number(),
  at: v.number(),
  until: v.number(),
  key: v.nullable(v.string()),
  message: v.pipe(v.string(), v.regex(/^([0-9a-f]{2})*$/)),
});
const line = v.union([
  v.object({ duty: v.picklist(["looking", "standby", "active"]), since: v.number() }),
  v.object({ record }),
  v.object({ acknowledged: v.number() }),
]);
type Line = v.InferOutput<typeof line>;

/** Two encoders on one input, of which one sends: lines of JSON over TCP, one connection each way. */
export class Partner implements Durable {
  readonly #options: PartnerOptions;
  readonly #events: PartnerEvents;
  readonly #world: World;
  readonly #isFirst: boolean;
  readonly #server: Server;
  readonly #listeners = new Set<Socket>();
  readonly #acknowledging = new Map<number, () => void>();
  #duty: Duty;
  #lookedAt: number;
  #dialled: Socket | undefined;
  #stopped = false;

  constructor(options: PartnerOptions, events: PartnerEvents, world: World) {
    this.#options = options;
    this.#events = events;
    this.#world = world;
    this.#isFirst = nameOf(options.own) < nameOf(options.partner);
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
    this.#lookedAt = world.clock.now();
    this.#duty = { is: "looking", since: this.#lookedAt };
  }

  /** Whether this one sends now: asked before every packet that goes out. */
  get isActive(): boolean {
    this.#wake();
    return this.#duty.is === "active";
  }

  start(): Promise<void> {
    const { host, port } = this.#options.own;
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) =>
        reject(new Error(`listening for the partner on "${host}:${port}": ${error.message}`)),
      );
      this.#server.listen({ host, port }, () => {
        this.#dial();
        this.#beat();
        resolve();
      });
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#dialled?.destroy();
    for (const socket of this.#listeners) socket.destroy();
    this.#server.close();
  }

  /** Resolves once a partner that listens has the record on its disk; at once where there is none. */
  async append(taken: JournalRecord): Promise<void> {
    if (this.#listeners.size === 0) return;
    const acknowledged = new Promise<boolean>((resolve) => {
      this.#acknowledging.set(taken.number, () => resolve(true));
      this.#world.timers.after(ACKNOWLEDGE_TIMEOUT_MS, () => resolve(false));
    });
    this.#tell({ record: plain(taken) });
    const isKept = await acknowledged;
    this.#acknowledging.delete(taken.number);
    if (isKept) return;
    this.#world.log("error", "the partner does not answer: cues go on without it", { record: taken.number });
    for (const socket of this.#listeners) socket.destroy();
  }

  #become(duty: Duty): void {
    const before = this.#duty.is;
    this.#duty = duty;
    if (duty.is === before) return;
    this.#world.log("info", `this encoder is ${duty.is}`, { before });
    this.#events.onduty(duty.is);
    this.#tellDuty();
  }

  /** Notices that this process has slept. */
  #wake(): void {
    const now = this.#world.clock.now();
    const slept = now - this.#lookedAt;
    this.#lookedAt = now;
    if (slept >= SLEPT_MS) this.#become(onSlept(this.#duty, this.#listeners.size > 0, now));
  }

  #beat(): void {
    if (this.#stopped) return;
    this.#wake();
    this.#become(onTime(this.#duty, this.#isFirst, this.#world.clock.now()));
    this.#tellDuty();
    this.#world.timers.after(HEARTBEAT_MS, () => this.#beat());
  }

  #tellDuty(): void {
    this.#tell({ duty: this.#duty.is, since: this.#duty.is === "active" ? this.#duty.since : 0 });
  }

  #tell(said: Line): void {
    for (const socket of this.#listeners) write(socket, said);
  }

  /** The partner listens to this one. */
  #serve(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#listeners.delete(socket));
    this.#listeners.add(socket);
    // First what there is, so that whoever hears "active" can stand in.
    for (const each of this.#events.records()) write(socket, { record: plain(each) });
    this.#tellDuty();
    readLines(socket, (said) => {
      if ("acknowledged" in said) this.#acknowledging.get(said.acknowledged)?.();
    });
  }

  /** This one listens to the partner. */
  #dial(): void {
    if (this.#stopped) return;
    const socket = connect({ ...this.#options.partner, noDelay: true });
    this.#dialled = socket;
    socket.on("error", () => {}); // "close" follows.
    socket.on("close", () => this.#world.timers.after(DIAL_INTERVAL_MS, () => this.#dial()));
    readLines(socket, (said) => {
      if ("duty" in said) this.#hear(said);
      else if ("record" in said) void this.#keep(socket, { ...said.record, message: hexToBytes(said.record.message) });
    });
  }

  #hear(heard: Heard): void {
    this.#wake();
    this.#become(onHeard(this.#duty, heard, this.#isFirst, this.#world.clock.now()));
  }

  async #keep(socket: Socket, kept: JournalRecord): Promise<void> {
    try {
      await this.#events.onrecord(kept);
      write(socket, { acknowledged: kept.number });
    } catch (error) {
      this.#world.log("error", "a record of the partner was not kept", { record: kept.number, error: String(error) });
    }
  }
}

function readLines(socket: Socket, onsaid: (said: Line) => void): void {
  createInterface({ input: socket })
    .on("error", () => {})
    .on("line", (text) => {
      const read = text.length <= MAX_LINE_BYTES ? v.safeParse(line, parsed(text)) : undefined;
      if (read?.success) onsaid(read.output);
      else socket.destroy();
    });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function write(socket: Socket, said: Line): void {
  if (socket.writable) socket.write(`${JSON.stringify(said)}\n`);
}

function plain({ message, ...rest }: JournalRecord): v.InferOutput<typeof record> {
  return { ...rest, message: bytesToHex(message) };
}

function nameOf({ host, port }: PartnerOptions["own"]): string {
  return `${host}:${String(port).padStart(5, "0")}`;
}
