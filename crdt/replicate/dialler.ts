import type { Dial, Socket, World } from "../ports.ts";
import { CLOSE, mayRetry, type Peer } from "./link.ts";

/** Pauses before dialling again, ms: the first, the longest, and the one after a no that only an operator can change. */
const REDIAL_MS = { first: 100, longest: 3000, refused: 10_000 } as const;

export interface DiallerOptions {
  readonly dial: Dial;
  readonly world: World;
  /** Takes what was dialled; `onend` is to be told when it has ended, and whether a link ever opened on it. */
  readonly open: (socket: Socket, peer: Peer, onend: OnEnd) => void;
}

/** `code`: with which the socket was closed, see `CLOSE`. */
export type OnEnd = (hasOpened: boolean, code: number) => void;

/** Dials a peer for as long as this member lives; a link that never opened makes the next pause longer. */
export class Dialler {
  readonly #peer: Peer;
  readonly #address: string;
  readonly #options: DiallerOptions;
  #stopped = false;

  constructor(peer: Peer, address: string, options: DiallerOptions) {
    this.#peer = peer;
    this.#address = address;
    this.#options = options;
  }

  start(): void {
    this.#dial(REDIAL_MS.first);
  }

  stop(): void {
    this.#stopped = true;
  }

  #dial(pauseMs: number): void {
    if (this.#stopped) return;
    const { dial, open } = this.#options;
    dial(this.#address).then(
      (socket) => {
        if (this.#stopped) return socket.close(CLOSE.goingAway, "stopping");
        open(socket, this.#peer, (hasOpened, code) => this.#dialAfter(pauseAfter(hasOpened, code, pauseMs)));
      },
      () => this.#dialAfter(pauseMs),
    );
  }

  #dialAfter(pauseMs: number): void {
    const { world } = this.#options;
    world.timers.after(jitter(pauseMs, world), () => this.#dial(Math.min(pauseMs * 2, REDIAL_MS.longest)));
  }
}

function pauseAfter(hasOpened: boolean, code: number, pauseMs: number): number {
  if (!mayRetry(code)) return REDIAL_MS.refused;
  return hasOpened ? REDIAL_MS.first : pauseMs;
}

/** Between half and all of `ms`: members that lost one peer at once do not come back at once. */
function jitter(ms: number, world: World): number {
  return ms / 2 + (world.random.bytes(1)[0]! / 255) * (ms / 2);
}
