// Presses over HTTP, each a new receiver's with its own token. Takes jobs on standard input, a line of `PressJob` each,
// and answers each with a line of `Pressed`.
import { POLL_ID, SHOW_ID } from "../support/ballots.ts";
import { Books, type Pressed } from "../support/books.ts";
import { HttpClient } from "../support/http-client.ts";
import { asked, tellParent } from "../support/program.ts";
import { receiverKey, receiverToken } from "../support/tokens.ts";

export interface PressJob {
  readonly host: string;
  readonly port: number;
  /** The network's secret, hexadecimal. */
  readonly secret: string;
  readonly firstReceiver: number;
  readonly presses: number;
  readonly pace: Pace;
}

export type Pace =
  /** So many connections; each presses again as soon as it is answered. */
  | { readonly kind: "closed"; readonly connections: number }
  /** At random moments within so long, whatever the answers; on a kept connection that is idle, or a new one. */
  | { readonly kind: "open"; readonly withinMs: number; readonly reuse: boolean };

/** A viewer is gone by then. */
const ANSWER_WITHIN_MS = 30_000;

for await (const job of asked<PressJob>()) tellParent(await press(job));
process.exit(0);

async function press(job: PressJob): Promise<Pressed> {
  const requests = requestsOf(job);
  const books = new Books(requests.length);
  const clients: HttpClient[] = [];
  const open = (): HttpClient => {
    const client = new HttpClient(job.host, job.port);
    clients.push(client);
    return client;
  };
  switch (job.pace.kind) {
    case "closed":
      await pressClosed(requests, job.pace.connections, open, books);
      break;
    case "open":
      await pressOpen(requests, job.pace, open, books);
      break;
  }
  for (const client of clients) client.close();
  return books.balance();
}

function requestsOf({ host, port, secret, firstReceiver, presses }: PressJob): Buffer[] {
  const key = receiverKey(secret);
  return Array.from({ length: presses }, (_, i) => {
    const body = JSON.stringify({ option: "abcd".charAt(i % 4), press: 1 });
    const head = [
      `POST /v1/shows/${SHOW_ID}/polls/${POLL_ID}/ballots HTTP/1.1`,
      `Host: ${host}:${port}`,
      `Authorization: Bearer ${receiverToken(key, firstReceiver + i)}`,
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
    ];
    return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`, "latin1");
  });
}

function pressClosed(
  requests: readonly Buffer[],
  connections: number,
  open: () => HttpClient,
  books: Books,
): Promise<void> {
  let next = 0;
  const pressNext = (client: HttpClient): void => {
    const request = requests[next];
    if (!request) return;
    next += 1;
    const settle = books.sent();
    client.send(request, (answer) => {
      settle(answer);
      pressNext(client);
    });
  };
  for (let i = 0; i < connections; i++) pressNext(open());
  return books.done;
}

async function pressOpen(
  requests: readonly Buffer[],
  { withinMs, reuse }: Extract<Pace, { kind: "open" }>,
  open: () => HttpClient,
  books: Books,
): Promise<void> {
  const began = performance.now();
  const moments = Float64Array.from(requests, () => began + Math.random() * withinMs).sort();
  const idle: HttpClient[] = [];
  let next = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    for (; next < requests.length && moments[next]! <= now; next++) {
      const client = idle.pop() ?? open();
      const settle = books.sent(moments[next]!);
      client.send(requests[next]!, (answer) => {
        if (reuse && !(answer instanceof Error)) idle.push(client);
        settle(answer);
      });
    }
    if (next === requests.length) clearInterval(timer);
  }, 1);
  const patience = new Promise((resolve) => setTimeout(resolve, withinMs + ANSWER_WITHIN_MS));
  await Promise.race([books.done, patience]);
}
