import type { Dial, Socket } from "../../../crdt/ports.ts";

/** What a runtime gives to the program of a member: nothing else in it is the platform's. */
export interface Door {
  readonly runtime: "deno" | "node";
  /** Serves receivers, producers and readers. */
  servePublic(options: PublicOptions, handler: PublicHandler): Promise<Listener>;
  /** Takes links from other members, on an address of its own. */
  listenBackbone(options: BackboneOptions, accept: (socket: Socket) => void): Promise<Listener>;
  readonly dial: Dial;
}

export interface Address {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

export interface PublicOptions extends Address {
  /** A longer WebSocket message closes its socket with 1009. */
  readonly maxMessageBytes: number;
  /** Told of a handler's throw, which is our own mistake: the client gets 500. */
  readonly onerror: (error: unknown) => void;
}

export interface BackboneOptions extends Address {
  readonly maxMessageBytes: number;
}

/** Who sent a request, and the way to turn it into a WebSocket. */
export interface Client {
  /** IP address of the connection's other end. */
  readonly address: string;
  /** Answers the request with a WebSocket; the returned response has to be the handler's. */
  upgrade(accept: (socket: Socket) => void): Response;
}

export type PublicHandler = (request: Request, client: Client) => Response | Promise<Response>;

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Takes nothing new, closes sockets with 1001, and waits up to `graceMs` for requests under way. */
  close(graceMs: number): Promise<void>;
}

/** Path of links on the backbone. */
export const LINK_PATH = "/link";
/** Largest message on a link: pieces of a sync reply and a flush of batches stay below it. */
export const MAX_LINK_MESSAGE_BYTES = 1024 * 1024;
/** Largest message on a public WebSocket: a stock reader's sync with the board in it; receivers have 4 KiB, by route. */
export const MAX_PUBLIC_MESSAGE_BYTES = 64 * 1024;
/** Connections that wait to be accepted: an audience presses in the same second. Linux caps it at net.core.somaxconn. */
export const LISTEN_BACKLOG = 4096;
/** Sockets that do not answer a ping within this time are closed: a television was switched off. */
export const PING_INTERVAL_MS = 30_000;
