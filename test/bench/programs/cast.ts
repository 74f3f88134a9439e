// Ballots over WebSockets, each socket a receiver's, or frames to an echo. Takes jobs on standard input: a line of
// `CastJob` opens the sockets and is answered with {"open"}; the line {"go": true} sends, and is answered with `Cast`.
import { WebSocket } from "ws";
import { OPTION_IDS, POLL_ID } from "../support/ballots.ts";
import { asked, tellParent } from "../support/program.ts";
import { percentile } from "../support/sample.ts";
import { receiverKey, receiverToken } from "../support/tokens.ts";

export interface CastJob {
  readonly url: string;
  /** The network's secret, hexadecimal; an echo needs no hello. */
  readonly secret?: string;
  readonly firstReceiver: number;
  readonly sockets: number;
  /** Ballots of each, a new press each time. */
  readonly ballots: number;
  /** Ballots that wait for their receipt at any moment, each on a socket of its own. */
  readonly underWay: number;
}

export interface Cast {
  readonly receipts: number;
  readonly refused: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
}

/** Sockets that are opened at a time. */
const OPENING = 100;

let sockets: WebSocket[] = [];
let job: CastJob | undefined;
for await (const asks of asked<CastJob | { go: true }>()) {
  if ("go" in asks) {
    tellParent(await cast(job!));
  } else {
    // Not sooner: what a server spends on thousands of sockets that end is no part of a ballot, as opening them is none.
    for (const socket of sockets) socket.terminate();
    job = asks;
    sockets = await openAll(asks);
    tellParent({ open: sockets.length });
  }
}
process.exit(0);

async function openAll({ url, secret, firstReceiver, sockets: count }: CastJob): Promise<WebSocket[]> {
  const key = secret === undefined ? undefined : receiverKey(secret);
  const open: WebSocket[] = [];
  for (let from = 0; from < count; from += OPENING) {
    const hellos = Array.from({ length: Math.min(OPENING, count - from) }, (_, i) =>
      key ? JSON.stringify({ type: "hello", token: receiverToken(key, firstReceiver + from + i) }) : undefined,
    );
    open.push(...(await Promise.all(hellos.map((hello) => openOne(url, hello)))));
  }
  return open;
}

function openOne(url: string, hello: string | undefined): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", (code: number, reason: Buffer) =>
      reject(new Error(`a socket was closed: ${code} ${reason.toString()}`)),
    );
    socket.on("open", () => (hello === undefined ? resolve(socket) : socket.send(hello)));
    socket.once("message", () => resolve(socket));
  });
}

function cast({ ballots, underWay }: CastJob): Promise<Cast> {
  const presses = sockets.map(() => 0);
  const since = sockets.map(() => 0);
  const latencies: number[] = [];
  let [next, refused] = [0, 0];
  const total = sockets.length * ballots;
  const began = performance.now();
  const sendNext = (): void => {
    if (next === total) return;
    // Round after round, so that a socket's ballots are as far apart as they can be.
    const at = next % sockets.length;
    next += 1;
    since[at] = performance.now();
    sockets[at]!.send(frame((presses[at]! += 1), at));
  };
  return new Promise((resolve) => {
    sockets.forEach((socket, at) => {
      socket.on("message", (data: Buffer) => {
        const text = data.toString("latin1", 0, 24);
        if (text.startsWith('{"type":"content"')) return;
        if (text.startsWith('{"type":"refused"')) refused += 1;
        latencies.push(performance.now() - since[at]!);
        if (latencies.length < total) return sendNext();
        latencies.sort((a, b) => a - b);
        const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
        resolve({ receipts: total - refused, refused, seconds: (performance.now() - began) / 1000, p50, p99 });
      });
    });
    for (let i = 0; i < underWay; i++) sendNext();
  });
}

function frame(press: number, at: number): string {
  return JSON.stringify({
    type: "ballot",
    id: String(press),
    poll: POLL_ID,
    option: OPTION_IDS[(press + at) % 4],
    press,
  });
}
