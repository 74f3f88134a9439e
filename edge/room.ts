import * as encoding from "lib0/encoding";
import { messageYjsSyncStep2, messageYjsUpdate } from "y-protocols/sync";
import * as Y from "yjs";
import type { Socket, World } from "../crdt/ports.ts";
import { judgeReader } from "../crdt/replicate/guard.ts";
import { CLOSE, type CloseCode } from "./close.ts";
import { FULL, takeOne, waitFor, type Bucket, type Limit } from "./limits.ts";

/** Milliseconds between two updates to readers: edges write their registers every 100 ms, each at its own time. */
export const ROOM_INTERVAL_MS = 100;
/** The stock provider dials again after 30 s without a message, and ours are silent while nothing changes. */
export const KEEPALIVE_MS = 15_000;
/** Bytes that may wait for a reader: a board with its pictures, and then some. */
export const MAX_READER_WAITING_BYTES = 8 * 1024 * 1024;

/** Message types of y-websocket's protocol. */
const MESSAGE_SYNC = 0;
/** Awareness (type 1) of nobody: an update of one byte that names 0 clients. */
const KEEPALIVE = Uint8Array.of(1, 1, 0);

/** Who reads, as far as a room cares. */
export interface ReaderPass {
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** One document of one show, as readers follow it with the y-websocket protocol. Nothing that they send is applied. */
export class Room {
  readonly doc: Y.Doc;
  readonly #world: World;
  readonly #limit: Limit;
  readonly #readers = new Set<Reader>();
  /** State vector up to which every synced reader was told. */
  #told: Uint8Array = new Uint8Array();
  #cancelFlush: (() => void) | undefined;
  #cancelKeepalive: (() => void) | undefined;
  readonly #onupdate = (): void => this.#schedule();

  constructor(doc: Y.Doc, world: World, limit: Limit) {
    this.doc = doc;
    this.#world = world;
    this.#limit = limit;
  }

  get size(): number {
    return this.#readers.size;
  }

  /** Takes a reader whose token was checked. */
  join(socket: Socket, pass: ReaderPass): void {
    if (this.#readers.size === 0) this.#wake();
    const reader = new Reader(socket, pass, this.doc, this.#world, this.#limit);
    reader.onclosed = () => this.#leave(reader);
    this.#readers.add(reader);
  }

  close(code: CloseCode, reason: string): void {
    for (const reader of this.#readers) reader.close(code, reason);
  }

  #leave(reader: Reader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return;
    this.doc.off("update", this.#onupdate);
    this.#cancelFlush?.();
    this.#cancelKeepalive?.();
    this.#cancelFlush = this.#cancelKeepalive = undefined;
  }

  #wake(): void {
    this.#told = Y.encodeStateVector(this.doc);
    this.doc.on("update", this.#onupdate);
    this.#scheduleKeepalive();
  }

  #schedule(): void {
    this.#cancelFlush ??= this.#world.timers.after(ROOM_INTERVAL_MS, () => this.#flush());
  }

  /**
   * One update for all that happened: what came and was overwritten since is not in it, where merging the updates
   * would send every register's every version.
   */
  #flush(): void {
    this.#cancelFlush = undefined;
    const update = Y.encodeStateAsUpdate(this.doc, this.#told);
    this.#told = Y.encodeStateVector(this.doc);
    const message = syncMessage(messageYjsUpdate, update);
    for (const reader of this.#readers) reader.tell(message);
  }

  #scheduleKeepalive(): void {
    this.#cancelKeepalive = this.#world.timers.after(KEEPALIVE_MS, () => {
      for (const reader of this.#readers) reader.keepAlive();
      if (this.#readers.size > 0) this.#scheduleKeepalive();
    });
  }
}

/** One reader's WebSocket. */
class Reader {
  onclosed: () => void = () => {};
  readonly #socket: Socket;
  readonly #pass: ReaderPass;
  readonly #doc: Y.Doc;
  readonly #world: World;
  readonly #limit: Limit;
  #state: "unsynced" | "synced" | "closed" = "unsynced";
  #bucket: Bucket = FULL;

  constructor(socket: Socket, pass: ReaderPass, doc: Y.Doc, world: World, limit: Limit) {
    this.#socket = socket;
    this.#pass = pass;
    this.#doc = doc;
    this.#world = world;
    this.#limit = limit;
    socket.onmessage = (message) => this.#onmessage(message);
    socket.onclose = () => this.#end();
  }

  /** Sends an update, unless the reader has not asked for what comes before it. */
  tell(message: Uint8Array): void {
    if (this.#state === "synced") this.#send(message);
  }

  keepAlive(): void {
    if (this.#pass.expiresAt <= this.#world.clock.now()) return this.close(CLOSE.token, "the token has expired");
    this.#send(KEEPALIVE);
  }

  close(code: CloseCode, reason: string): void {
    if (this.#state === "closed") return;
    this.#end();
    this.#socket.close(code, reason);
  }

  #onmessage(message: Uint8Array | string): void {
    if (this.#state === "closed") return;
    if (typeof message === "string") return this.close(CLOSE.offence, "readers speak y-websocket, which is binary");
    if (!this.#takeTurn()) return this.close(CLOSE.tooFast, "too many messages in a second");
    const verdict = judgeReader(message);
    switch (verdict.kind) {
      case "ignore":
        return;
      case "offence":
        return this.close(CLOSE.offence, verdict.reason);
      case "state":
        return this.#sync(verdict.vector);
    }
  }

  #sync(vector: Uint8Array): void {
    this.#state = "synced";
    this.#send(syncMessage(messageYjsSyncStep2, Y.encodeStateAsUpdate(this.#doc, vector)));
  }

  #send(message: Uint8Array): void {
    if (this.#state === "closed") return;
    if (this.#socket.bufferedAmount > MAX_READER_WAITING_BYTES)
      return this.close(CLOSE.slow, "you do not read what you are sent");
    this.#socket.send(message);
  }

  #takeTurn(): boolean {
    const now = this.#world.clock.now();
    if (waitFor(this.#limit, this.#bucket, now) > 0) return false;
    this.#bucket = takeOne(this.#limit, this.#bucket, now);
    return true;
  }

  #end(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.onclosed();
  }
}

function syncMessage(step: typeof messageYjsSyncStep2 | typeof messageYjsUpdate, update: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, MESSAGE_SYNC);
  encoding.writeVarUint(encoder, step);
  encoding.writeVarUint8Array(encoder, update);
  return encoding.toUint8Array(encoder);
}

/** The rooms of an edge, each made when its first reader comes. */
export class Rooms {
  readonly #world: World;
  readonly #limit: Limit;
  readonly #rooms = new Map<string, Room>();

  constructor(world: World, limit: Limit) {
    this.#world = world;
    this.#limit = limit;
  }

  /** `name`: the document's, as in its address. */
  of(name: string, doc: Y.Doc): Room {
    const known = this.#rooms.get(name);
    if (known?.doc === doc) return known;
    const room = new Room(doc, this.#world, this.#limit);
    this.#rooms.set(name, room);
    return room;
  }

  get readers(): number {
    return [...this.#rooms.values()].reduce((sum, room) => sum + room.size, 0);
  }

  close(code: CloseCode, reason: string): void {
    for (const room of this.#rooms.values()) room.close(code, reason);
  }
}
