/**
 * What a replica needs from the world. Code that decides never reaches for a global clock, timer or random source: the
 * runtime doors and the simulation hand these in.
 */

/** Wall clock. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC, an integer. May jump in either direction. */
  now(): number;
}

/** Timers. */
export interface Timers {
  /** Runs `task` once after `ms` milliseconds; the returned function cancels it. */
  after(ms: number, task: () => void): () => void;
}

/** Randomness fit for keys and identifiers. */
export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array;
}

/** One line for the operator. `fields` are structured; `message` is constant text. */
export interface Log {
  (level: "debug" | "info" | "warn" | "error", message: string, fields?: Record<string, unknown>): void;
}

/** Everything above in one value. */
export interface World {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/**
 * One end of a WebSocket, of whatever platform. Binary messages arrive as `Uint8Array`, text as `string`.
 * Handlers are set before the first event can fire (synchronously after the socket was handed over).
 */
export interface Socket {
  /** Queues one message. Never throws; on a closed socket it does nothing. */
  send(message: Uint8Array | string): void;
  /** Bytes queued and not yet handed to the network. */
  readonly bufferedAmount: number;
  /** Starts closing with a WebSocket close code (RFC 6455, 7.4). Idempotent. */
  close(code: number, reason: string): void;
  /**
   * There where the platform may put a program to sleep while its sockets stay open: what is kept with the socket, as
   * plain data, and found again by the program that wakes.
   */
  readonly keep?: (state: unknown) => void;
  onmessage: (message: Uint8Array | string) => void;
  /** Fires exactly once, also after `close`. */
  onclose: (code: number, reason: string) => void;
}

/** Opens a WebSocket to another replica's backbone address; rejects when it cannot be reached. */
export interface Dial {
  (address: string): Promise<Socket>;
}
