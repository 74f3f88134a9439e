// Receivers over HTTP that remember what they were told: the outcome that the network has to come to.
import type { ReceiptBody } from "../../edge/answers.ts";
import type * as v from "valibot";
import type { Cluster } from "./cluster.ts";
import { codeOf, type Answer } from "./edge-client.ts";

export type Receipt = v.InferOutput<typeof ReceiptBody>;

interface Choice {
  readonly press: number;
  readonly option: string;
}

export interface VoteOptions {
  /** Edges to try in turn, beginning with the first, until one acknowledges. */
  readonly at: readonly string[];
  readonly level?: "local" | "peer";
  readonly patienceMs?: number;
}

/** Pause between two tries of a receiver, ms: what a television would wait is no use here. */
const RETRY_MS = 30;
const PATIENCE_MS = 40_000;

/** The receivers of one poll. */
export class Crowd {
  readonly receipts: Receipt[] = [];
  /** Tries that were refused, by the refusal's code; "unreachable" where there was no answer. */
  readonly refusals: Record<string, number> = {};
  readonly #cluster: Cluster;
  readonly #show: string;
  readonly #poll: string;
  readonly #presses = new Map<string, number>();
  readonly #tokens = new Map<string, string>();
  /** What each receiver was acknowledged last. */
  readonly #choices = new Map<string, Choice>();

  constructor(cluster: Cluster, show: string, poll: string) {
    this.#cluster = cluster;
    this.#show = show;
    this.#poll = poll;
  }

  /** Receivers with a receipt. */
  get size(): number {
    return this.#choices.size;
  }

  /** What the poll must come to: each acknowledged receiver once, with its last choice. Options of nobody are absent. */
  expected(without: ReadonlySet<string> = new Set()): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const [receiver, { option }] of this.#choices)
      if (!without.has(receiver)) counts[option] = (counts[option] ?? 0) + 1;
    return counts;
  }

  /**
   * The receiver's next press, tried with the same number until an edge acknowledges it. Undefined where the receiver
   * has pressed again meanwhile, and gives this press up.
   */
  async vote(receiver: string, option: string, options: VoteOptions): Promise<Receipt | undefined> {
    const { at, level, patienceMs = PATIENCE_MS } = options;
    const press = (this.#presses.get(receiver) ?? 0) + 1;
    this.#presses.set(receiver, press);
    const deadline = performance.now() + patienceMs;
    for (let tries = 0; ; tries++) {
      const edge = at[tries % at.length]!;
      const answer = await this.press(receiver, { press, option }, edge, level).catch(() => undefined);
      if (answer?.status === 202) return answer.body as Receipt;
      if (this.#presses.get(receiver) !== press) return undefined;
      const refusal = answer ? (codeOf(answer) ?? String(answer.status)) : "unreachable";
      this.refusals[refusal] = (this.refusals[refusal] ?? 0) + 1;
      if (performance.now() > deadline || !MAY_PASS.has(refusal))
        throw new Error(`"${receiver}" has no receipt for press ${press}: ${edge} said ${refusal}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** One try of a press. */
  async press(receiver: string, choice: Choice, edge: string, level = "local"): Promise<Answer> {
    const client = this.#cluster.client(edge, this.#tokenOf(receiver));
    const answer = await client.post(`/v1/shows/${this.#show}/polls/${this.#poll}/ballots?level=${level}`, choice);
    if (answer.status !== 202) return answer;
    this.receipts.push(answer.body as Receipt);
    const known = this.#choices.get(receiver);
    if (!known || known.press < choice.press) this.#choices.set(receiver, choice);
    return answer;
  }

  #tokenOf(receiver: string): string {
    const token = this.#tokens.get(receiver) ?? this.#cluster.receiverToken(receiver);
    this.#tokens.set(receiver, token);
    return token;
  }
}

/** Refusals that another try can change. */
const MAY_PASS: ReadonlySet<string> = new Set([
  "unreachable",
  "not_ready",
  "unknown_show",
  "poll_not_open",
  "draining",
  "log_full",
  "clock_untrusted",
  "overloaded",
  "rate_limited",
  "peer_unavailable",
]);

/** Does `task` for each of `items`, a few at a time. */
export async function each<T>(
  items: readonly T[],
  task: (item: T, index: number) => Promise<unknown>,
  atOnce = 24,
): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let i = next++; i < items.length; i = next++) await task(items[i]!, i);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
}

/** `count` receivers' names. */
export function receivers(count: number, name: string): string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${i}`);
}
