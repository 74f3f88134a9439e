import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { WebSocket } from "ws";
import * as Y from "yjs";

/** hocuspocus's message types and those of y-protocols that are needed here. */
const [SYNC, AUTH, SYNC_STATUS] = [0, 2, 8];
const [STEP_1, UPDATE, TOKEN] = [0, 2, 0];

/** A client of a hocuspocus document: as little of its provider as keeps the server at its usual work. */
export class SharedDocClient {
  onacknowledged: () => void = () => {};
  bytesIn = 0;
  bytesOut = 0;
  readonly #name: string;
  readonly #socket: WebSocket;
  readonly #doc = new Y.Doc();
  readonly #ready: Promise<void>;

  constructor(url: string, name: string) {
    this.#name = name;
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#doc.on("update", (update: Uint8Array) => this.#send(SYNC, UPDATE, update));
    this.#ready = new Promise((resolve, reject) => {
      this.#socket.on("error", reject);
      this.#socket.on("open", () => {
        this.#send(AUTH, TOKEN, new Uint8Array());
        this.#send(SYNC, STEP_1, Y.encodeStateVector(this.#doc));
      });
      this.#socket.on("message", (data: Buffer) => {
        if (this.#take(data) === SYNC) resolve();
      });
    });
  }

  /** Resolves once the server has sent its document. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /** One key a voter, in a transaction of its own. */
  vote(voter: string, option: string): void {
    this.#doc.getMap("votes").set(voter, option);
  }

  close(): void {
    this.#socket.terminate();
  }

  #send(type: number, step: number, body: Uint8Array): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarString(encoder, this.#name);
    encoding.writeVarUint(encoder, type);
    encoding.writeVarUint(encoder, step);
    encoding.writeVarUint8Array(encoder, body);
    const message = encoding.toUint8Array(encoder);
    this.bytesOut += message.length;
    this.#socket.send(message);
  }

  #take(data: Buffer): number {
    this.bytesIn += data.length;
    const decoder = decoding.createDecoder(data);
    decoding.readVarString(decoder);
    const type = decoding.readVarUint(decoder);
    if (type === SYNC_STATUS) this.onacknowledged();
    return type;
  }
}
