import * as v from "valibot";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { boardName, talliesName } from "../../../crdt/documents.ts";
import type { Counts } from "../../../crdt/show.ts";
import { ResultsBody } from "../../answers.ts";
import { readDocuments, type EdgeDocuments } from "./board-view.ts";

/** Longest wait for an edge to answer, or to send a document, ms. */
const TIMEOUT_MS = 10_000;

/** Reads one edge as any reader can: results over HTTP, documents with the stock y-websocket provider. */
export class EdgeReader {
  readonly #address: string;
  readonly #show: string;
  readonly #token: string;

  /** `token`: a reader's. */
  constructor(address: string, show: string, token: string) {
    this.#address = address.replace(/\/$/, "");
    this.#show = show;
    this.#token = token;
  }

  async results(poll: string): Promise<Counts> {
    const path = `/v1/shows/${this.#show}/polls/${poll}/results`;
    const response = await fetch(this.#address + path, {
      headers: { Authorization: `Bearer ${this.#token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await response.json();
    if (!response.ok) throw new Error(`reading ${path}: HTTP ${response.status} ${JSON.stringify(body)}`);
    const { counts } = v.parse(ResultsBody, body);
    return { anonymous: counts.map(({ anonymous }) => anonymous), signed: counts.map(({ signed }) => signed) };
  }

  /** Board and tallies as this edge has them now. */
  async documents(): Promise<EdgeDocuments> {
    const [board, tallies] = await Promise.all([
      this.#read(boardName(this.#show)),
      this.#read(talliesName(this.#show)),
    ]);
    const read = readDocuments(board, tallies, Date.now());
    if (!read) throw new Error(`reading the board of "${this.#show}": it is empty`);
    return read;
  }

  async #read(room: string): Promise<Y.Doc> {
    const doc = new Y.Doc();
    const server = `${this.#address.replace(/^http/, "ws")}/v1/rooms`;
    const provider = new WebsocketProvider(server, room, doc, { params: { token: this.#token }, disableBc: true });
    try {
      await synced(provider, room);
    } finally {
      provider.destroy();
      // Has a timer of its own, which would keep this process alive.
      provider.awareness.destroy();
    }
    return doc;
  }
}

function synced(provider: WebsocketProvider, room: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`reading "${room}": nothing came in ${TIMEOUT_MS} ms`)),
      TIMEOUT_MS,
    );
    const settle = (error?: Error) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    };
    provider.on("sync", (isSynced) => isSynced && settle());
    provider.on("connection-error", () => settle(new Error(`reading "${room}": the edge does not answer, or refuses`)));
  });
}
