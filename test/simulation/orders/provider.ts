import { PIN_WRONG } from "../../../crdt/order.ts";
import type { Send, WebhookRequest } from "../../../monitor/orders/webhook.ts";
import { SIGNATURE_HEADER, signatureProblem, TIMESTAMP_HEADER } from "../../../monitor/orders/signature.ts";
import { ProviderBooks } from "../../support/provider-books.ts";
import type { Dice } from "../dice.ts";
import type { Life } from "../life.ts";
import type { Network } from "../network.ts";
import type { Stage } from "../stage.ts";

export const PROVIDER = "provider";
export const PROVIDER_URL = "https://provider.example/v1";
export const PROVIDER_SECRET = "the provider's secret";
/** Every account's. */
export const PIN = "1234";
/** Chance of a request to go wrong, one way or another. */
const WRONG = 0.4;
/** Most that a request is late, ms: long after whoever sent it has given up, and its claim has run out. */
const LATEST_MS = 40_000;

/** What becomes of a request. */
type Mood = "well" | "slow" | "failing" | "done and failing" | "done and silent" | "late" | "babbling" | "twice";
const WRONG_MOODS: readonly Mood[] = [
  "slow",
  "failing",
  "done and failing",
  "done and silent",
  "late",
  "babbling",
  "twice",
];

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A payment provider behind a network: it keeps its word (docs/orders.md), and everything else goes wrong. */
export class SimProvider {
  readonly books: ProviderBooks;
  isAway = false;
  /** Everything goes well from now on. */
  isCalm = false;
  readonly #stage: Stage;
  readonly #network: Network;
  readonly #dice: Dice;
  readonly #onmove: () => void;

  /** `onmove` is told after every time that money may have moved. */
  constructor(stage: Stage, network: Network, onmove: () => void) {
    this.#stage = stage;
    this.#network = network;
    this.#dice = stage.dice(PROVIDER);
    this.#onmove = onmove;
    this.books = new ProviderBooks({ refuses });
  }

  /** As one processor's process reaches it. */
  of(life: Life): Send {
    return (request) =>
      new Promise((resolve, reject) => {
        if (!life.reach("before asking the provider")) return;
        const { stage } = this.#network;
        stage.after(request.timeoutMs, () => life.run(() => reject(new Error("the provider does not answer"))));
        stage.after(this.#network.delay(), () =>
          this.#arrive(life, request, (answer, ms) => {
            if (life.reach("after asking the provider")) stage.after(ms, () => life.run(() => resolve(answer)));
          }),
        );
      });
  }

  #arrive(life: Life, request: WebhookRequest, answer: (answer: Answer, ms: number) => void): void {
    if (this.isAway || this.#network.isBlocked(life.host, PROVIDER)) return this.#stage.saw("the provider was away");
    this.#judge(request);
    const mood = !this.isCalm && this.#dice.chance(WRONG) ? this.#dice.pick(WRONG_MOODS) : "well";
    if (mood !== "well") this.#stage.saw(`the provider is ${mood}`);
    const soon = this.#network.delay();
    switch (mood) {
      case "well":
        return answer(this.#act(request), soon);
      case "slow":
        return answer(this.#act(request), this.#dice.between(1000, 2 * request.timeoutMs));
      case "failing":
        return answer({ status: 503, body: "{}" }, soon);
      case "done and failing":
        this.#act(request);
        return answer({ status: 500, body: "{}" }, soon);
      case "done and silent":
        return void this.#act(request);
      case "babbling":
        this.#act(request);
        return answer({ status: 200, body: "<html>it works</html>" }, soon);
      case "late":
        return this.#later(request);
      case "twice":
        this.#later(request);
        return answer(this.#act(request), soon);
    }
  }

  /** It was held up somewhere, or somebody in between sends it again. */
  #later(request: WebhookRequest): void {
    this.#stage.after(this.#dice.between(1000, LATEST_MS), () => void this.#act(request));
  }

  #act({ method, url, body = "" }: WebhookRequest): Answer {
    const path = url.slice(PROVIDER_URL.length);
    this.#stage.note(`${PROVIDER} ${method}`, path);
    if (method === "GET") {
      const found = this.books.read(path);
      return { status: found.status, body: JSON.stringify(found.body) };
    }
    const refunded = /^\/charges\/([^/]+)\/refund$/.exec(path)?.[1];
    const given = JSON.parse(body) as Record<string, unknown>;
    const entry =
      refunded === undefined ? this.books.charge(String(given["reference"]), given) : this.books.refund(refunded);
    this.#onmove();
    return { status: 200, body: JSON.stringify(entry) };
  }

  /** The time is not judged: clocks are set here. */
  #judge({ method, url, headers, body = "" }: WebhookRequest): void {
    const timestamp = headers[TIMESTAMP_HEADER] ?? null;
    const signed = { method, path: url.slice("https://provider.example".length), body };
    const signature = headers[SIGNATURE_HEADER] ?? null;
    const problem = signatureProblem(PROVIDER_SECRET, signed, { timestamp, signature }, Number(timestamp) * 1000);
    if (problem) this.#stage.violate("every request is signed", problem);
  }
}

function refuses({ details, pin = PIN }: Record<string, unknown>): string | undefined {
  if (pin !== PIN) return PIN_WRONG;
  return (details as Readonly<Record<string, string>>)["card"] === "declined" ? "card-declined" : undefined;
}
