import type { Buffer } from "node:buffer";
import * as v from "valibot";
import { WebSocket } from "ws";
import { OrderAnswer, OrdersAnswer } from "../../answers.ts";
import { bodyOf, edgeClient, EdgeRefusal, type EdgeClient } from "../../client/client.ts";
import { readProblem, type FailedAnswer, type RefusedAnswer } from "../audience/answer.ts";

/** What a buyer sends, again and again the same. */
export interface Purchase {
  readonly key: string;
  readonly product: string;
  readonly quantity: number;
  readonly details: Readonly<Record<string, string>>;
  readonly pin?: string;
}

/** What it hears of that. */
export type TillAnswer = { readonly is: "order"; readonly order: OrderAnswer } | RefusedAnswer | FailedAnswer;

/** How long an edge may take to answer, ms. */
const ANSWER_TIMEOUT_MS = 3000;
/** How long a socket is listened to that says nothing, ms: its edge may be gone without a word. */
const SILENCE_MS = 15_000;

/** One edge as one buyer talks to it. */
export class Till {
  readonly #address: string;
  readonly #show: string;
  readonly #token: string;
  readonly #client: EdgeClient;

  constructor(address: string, show: string, token: string) {
    this.#address = address.replace(/\/$/, "");
    this.#show = show;
    this.#token = token;
    this.#client = edgeClient(this.#address, token, (input, init) =>
      fetch(input, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }),
    );
  }

  /** Sends the order; the answer says whether an edge has logged it. */
  place(purchase: Purchase): Promise<TillAnswer> {
    return heard(async () => {
      const placed = this.#client.v1.shows[":show"].orders.$post({ param: { show: this.#show }, json: purchase });
      return { is: "order", order: v.parse(OrderAnswer, await bodyOf(placed)) };
    });
  }

  /** The order as this edge has it; undefined where it does not know it yet, or does not answer. */
  async ask(order: string): Promise<OrderAnswer | undefined> {
    try {
      const mine = await bodyOf(this.#client.v1.shows[":show"].orders.mine.$get({ param: { show: this.#show } }));
      return v.parse(OrdersAnswer, mine).orders.find(({ id }) => id === order);
    } catch {
      return undefined; // It was killed, perhaps.
    }
  }

  /** Listens on a WebSocket until the order is over; undefined where the socket ends before. */
  listen(order: string): Promise<OrderAnswer | undefined> {
    return new Promise((resolve) => {
      const ws = new WebSocket(`${this.#address.replace(/^http/, "ws")}/v1/shows/${this.#show}/live`);
      const end = (told: OrderAnswer | undefined) => {
        clearTimeout(timer);
        resolve(told);
        ws.terminate();
      };
      const take = (told: OrderAnswer | undefined) => void (told && isOver(told) && end(told));
      const timer = setTimeout(() => end(undefined), SILENCE_MS);
      ws.on("open", () => ws.send(JSON.stringify({ type: "hello", token: this.#token })));
      ws.on("message", (data: Buffer) => {
        const message = readMessage(data);
        if (message?.type === "order" && message.id === order) take(message);
        // Only what changes is pushed: it may be over already.
        if (message?.type === "welcome") void this.ask(order).then(take);
      });
      for (const lost of ["error", "close", "unexpected-response"]) ws.on(lost, () => end(undefined));
    });
  }
}

/** Whether nothing more will come, unless an operator gives the money back. */
export function isOver({ state }: OrderAnswer): boolean {
  return state === "confirmed" || state === "rejected" || state === "cancelled";
}

const Message = v.variant("type", [
  v.object({ type: v.literal("welcome") }),
  v.object({ type: v.literal("order"), ...OrderAnswer.entries }),
]);

/** Undefined for whatever a buyer does not look at. */
function readMessage(data: Buffer): v.InferOutput<typeof Message> | undefined {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), Message), data.toString("utf8"));
  return read.success ? read.output : undefined;
}

async function heard(ask: () => Promise<TillAnswer>): Promise<TillAnswer> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof EdgeRefusal)) return { is: "failed", reason: "unreadable" };
    const said = error.problem && readProblem(error.problem);
    return said?.is === "refused" ? said : { is: "failed", reason: error.status === 0 ? "reset" : "unreadable" };
  }
}
