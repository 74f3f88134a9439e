import { percentile } from "./sample.ts";

/** What came for a press: an HTTP status, with the code of a problem (RFC 9457) where it is one; or why nothing came. */
export type Answer = { readonly status: number; readonly code?: string } | Error;

/** The balance of some presses. */
export interface Pressed {
  /** By HTTP status, and by status and code of a refusal: `503 not_ready`. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Presses without an answer: the connection failed, or nothing came in time. */
  readonly lost: number;
  readonly errors: readonly string[];
  readonly seconds: number;
  /** From the moment of the press, ms. */
  readonly p50: number;
  readonly p99: number;
  /** When the last press was sent, ms after the first. */
  readonly lastSentMs: number;
}

/** What was sent and what came back. */
export class Books {
  readonly done: Promise<void>;
  readonly #statuses: Record<string, number> = {};
  readonly #errors = new Set<string>();
  readonly #latencies: Float64Array;
  readonly #began = performance.now();
  #left: number;
  #lost = 0;
  #lastSent = 0;
  #finish: () => void = () => {};

  constructor(presses: number) {
    this.#left = presses;
    this.#latencies = new Float64Array(presses);
    this.done = new Promise((resolve) => (this.#finish = resolve));
  }

  /** Notes a press; the returned function takes its answer. */
  sent(due = performance.now()): (answer: Answer) => void {
    this.#lastSent = performance.now();
    return (answer) => {
      this.#left -= 1;
      this.#latencies[this.#left] = performance.now() - due;
      if (answer instanceof Error) {
        this.#lost += 1;
        this.#errors.add(answer.message);
      } else this.#note(answer.code === undefined ? String(answer.status) : `${answer.status} ${answer.code}`);
      if (this.#left === 0) this.#finish();
    };
  }

  #note(status: string): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
  }

  balance(): Pressed {
    const latencies = this.#latencies.slice(this.#left).sort();
    return {
      statuses: this.#statuses,
      lost: this.#lost + this.#left,
      errors: [...this.#errors].slice(0, 5),
      seconds: (performance.now() - this.#began) / 1000,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      lastSentMs: this.#lastSent - this.#began,
    };
  }
}
