// The network that vitest.config.ts configures, as tests inside workerd talk to it.
import { hexToBytes } from "@noble/hashes/utils.js";
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterAll } from "vitest";
import { deriveTokenKeys } from "../../../edge/token.ts";

export const REGIONS = ["fra", "nyc", "syd"];
export const OBJECTS = 2;
export const EDGES = REGIONS.flatMap((region) => Array.from({ length: OBJECTS }, (_, index) => `${region}-${index}`));

const keys = deriveTokenKeys(hexToBytes(env.NETWORK_SECRET!));
const exp = Math.floor(Date.now() / 1000) + 3600;

export const producer = keys.operators.sign({ sub: "producer", exp, role: "producer", shows: "*" });

export function receiverToken(subject: string): string {
  return keys.receivers.sign({ sub: subject, exp, role: "receiver", anon: false });
}

export function edge(name: string) {
  return env.EDGES.get(env.EDGES.idFromName(name));
}

export function recorder() {
  return env.RECORDER.get(env.RECORDER.idFromName("recorder"));
}

export function orders() {
  return env.ORDERS.get(env.ORDERS.idFromName("orders"));
}

/** The boot that an edge has now; undefined while it sleeps. */
export function bootOf(name: string): Promise<string | undefined> {
  return runInDurableObject(edge(name), (object) => object.boot);
}

/** So long everyone has to be found asleep, ms: a dial that was under way wakes the one that it reaches. */
const ASLEEP_MS = 500;

/**
 * Puts the whole network to sleep once it has nothing to do, as it falls asleep by itself after a while. One that has
 * would wake the recorder, and the recorder everyone.
 */
export async function rest(): Promise<void> {
  await idle();
  let since: number | undefined;
  await until(
    "everyone to sleep",
    async () => {
      await Promise.all([recorder().rest(), orders().rest(), ...EDGES.map((name) => edge(name).rest())]);
      const boots = await Promise.all(EDGES.map(bootOf));
      return { boots, recorder: await recorder().condition() };
    },
    ({ boots, recorder: its }) => {
      const isAsleep = boots.every((boot) => boot === undefined) && its.includes('"asleep"');
      since = isAsleep ? (since ?? Date.now()) : undefined;
      return since !== undefined && Date.now() - since >= ASLEEP_MS;
    },
  );
}

/** Resolves once no edge has anything to do. */
async function idle(): Promise<void> {
  for (const name of EDGES)
    await until(
      `${name} to have nothing to do`,
      () => isBusy(name),
      (busy) => !busy,
    );
}

/** A request to the Worker. */
export function ask(method: string, path: string, token?: string, body?: object): Promise<Response> {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  return exports.default.fetch(`http://redbutton.test${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** A WebSocket through the Worker, and what it has heard. */
export async function connect(
  path: string,
): Promise<{ ws: WebSocket; heard: Record<string, unknown>[]; closed: number[] }> {
  const response = await exports.default.fetch(`http://redbutton.test${path}`, { headers: { Upgrade: "websocket" } });
  const ws = response.webSocket;
  if (!ws) throw new Error(`connecting to "${path}": got HTTP ${response.status}, ${await response.text()}`);
  const heard: Record<string, unknown>[] = [];
  const closed: number[] = [];
  ws.addEventListener("message", ({ data }) => void heard.push(JSON.parse(String(data))));
  ws.addEventListener("close", ({ code }) => void closed.push(code));
  ws.accept();
  return { ws, heard, closed };
}

export async function json<T>(response: Response | Promise<Response>): Promise<T> {
  return (await response).json<T>();
}

const WAIT_MS = 20_000;

/** Asks until the answer is one that is wanted. */
export async function until<T>(
  what: string,
  asked: () => Promise<T> | T,
  isWanted: (answer: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const answer = await asked();
    if (isWanted(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`waiting for ${what}: the last was ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Casts a ballot until it is acknowledged, as a receiver does; the receipt. */
export function vote(show: string, subject: string, option: string, press: number, member?: string) {
  const query = member === undefined ? "" : `?member=${member}`;
  const token = receiverToken(subject);
  return until(
    `a receipt for "${subject}"`,
    () => json<Receipt>(ask("POST", `/v1/shows/${show}/polls/winner/ballots${query}`, token, { option, press })),
    ({ boot }) => boot !== undefined,
  );
}

/** A receiver of the shard, which has voted. */
export async function subjectIn(show: string, shard: number): Promise<string> {
  for (let i = 0; ; i++) if ((await vote(show, `tv-${i}`, "yes", 1)).shard === shard) return `tv-${i}`;
}

export interface Receipt {
  readonly edge: string;
  readonly boot: string;
  readonly shard: number;
  readonly sequence: number;
  readonly code: string;
}

const opened = new Set<string>();

/** Each file has objects of its own, but all have one database: a show left open in it keeps the next network awake. */
afterAll(async () => {
  for (const show of opened)
    await until(
      `show "${show}" to be over`,
      () => ask("POST", `/v1/shows/${show}/polls/winner/void`, producer).then(({ status }) => status),
      (status) => status === 200,
    );
  await idle();
});

/** Whether an edge has something to do yet. */
export function isBusy(name: string): Promise<boolean> {
  return runInDurableObject(edge(name), (object) => object.isBusy);
}

/** Creates a show with one poll; every edge with a shard of it has heard of it. */
export async function createShow(id: string, shards: number): Promise<void> {
  const options = ["yes", "no"].map((option) => ({ id: option, text: option }));
  const polls = [{ id: "winner", question: "Who?", options, grace_ms: 200 }];
  // A network that has just woken refuses until its recorder has established the show.
  await until(
    `show "${id}"`,
    () => ask("POST", "/v1/shows", producer, { id, title: id, shards, polls }).then(({ status }) => status),
    (status) => status === 201 || status === 409,
  );
  for (const name of EDGES.filter((each) => Number(each.at(-1)) < shards))
    await until(
      `show "${id}" at ${name}`,
      () => ask("GET", `/v1/shows/${id}/content?member=${name}`).then(({ status }) => status),
      (status) => status === 200,
    );
}

/** The same, with its poll open for as long as the file's tests run. */
export async function openShow(id: string, shards: number): Promise<void> {
  await createShow(id, shards);
  await openPoll(id);
}

export async function openPoll(show: string): Promise<void> {
  opened.add(show);
  for (const command of ["arm", "open"])
    await until(
      `"${command}"`,
      () => ask("POST", `/v1/shows/${show}/polls/winner/${command}`, producer).then((response) => response.status),
      (status) => status === 200,
    );
}

interface PollAnswer {
  readonly counts: readonly { readonly option: string; readonly anonymous: number; readonly signed: number }[];
  readonly final?: { readonly cut: Readonly<Record<string, number>> };
}

/** A poll's results by a member's word; undefined where it has none yet. */
export async function results(show: string, member: string): Promise<PollAnswer | undefined> {
  const response = await ask("GET", `/v1/shows/${show}/polls/winner/results?member=${member}`, producer);
  return response.ok ? response.json<PollAnswer>() : undefined;
}

/** Closes the poll, and waits until every edge has the final; the counts that all of them give. */
export async function closeShow(show: string): Promise<number[]> {
  const closed = await ask("POST", `/v1/shows/${show}/polls/winner/close`, producer);
  if (!closed.ok) throw new Error(`closing "${show}": ${await closed.text()}`);
  const finals = await Promise.all(
    EDGES.map((name) =>
      until(
        `a final at ${name}`,
        () => results(show, name),
        (answer) => answer?.final !== undefined,
      ),
    ),
  );
  const counts = finals.map((answer) => answer!.counts.map(({ anonymous, signed }) => anonymous + signed));
  if (new Set(counts.map(String)).size !== 1) throw new Error(`edges differ: ${JSON.stringify(counts)}`);
  return counts[0]!;
}
