import type { OrderAnswer } from "../../answers.ts";
import type { RefusalCode } from "../../refusal.ts";
import { mayBeWritten, verdictOf } from "../audience/answer.ts";
import type { Dice } from "../audience/dice.ts";
import type { BuyerPlan } from "./plan.ts";
import { isOver, type Purchase, type Till, type TillAnswer } from "./till.ts";

/** How an order ended for its buyer. */
export type BuyerEnd =
  /** The last that it was told; over, or as it stood at the deadline. */
  | { readonly is: "told"; readonly order: OrderAnswer }
  /** Nobody took it, and nobody can have. */
  | { readonly is: "refused"; readonly code: RefusalCode }
  /** Nobody said until the deadline whether it was taken. */
  | { readonly is: "unknown" };

/** What is counted of a buyer. */
export interface BuyerEvents {
  onanswer(answer: TillAnswer): void;
  onacknowledged(afterMs: number): void;
  onover(afterMs: number): void;
  onmoved(why: "by plan" | "by need"): void;
  onrepeated(): void;
}

/** What a buyer has besides its plan. */
export interface BuyerMeans {
  /** An edge each. */
  readonly tills: readonly Pick<Till, "place" | "ask" | "listen">[];
  readonly purchase: Purchase;
  readonly dice: Dice;
  readonly events: BuyerEvents;
  /** How long it tries to place its order, and then waits for the outcome, ms. */
  readonly deadlineMs: number;
  /** Milliseconds since whenever. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Pause between two questions, ms. */
const ASK_INTERVAL_MS = 250;
/** Full jitter: a wait between 0 and this, doubled with each try up to the longest. */
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 4000;

/**
 * One receiver that buys once:
 *
 *     ordering ── 202 ──► (again, where it is a nervous one) ──► waiting ── confirmed, rejected, cancelled ──► over
 *        │  └── no luck: the same order elsewhere ──┐               └── no luck: waiting elsewhere
 *        └── no use ──► refused                     ▲
 */
export class Buyer {
  readonly #plan: BuyerPlan;
  readonly #means: BuyerMeans;
  readonly #began: number;
  #edge: number;

  constructor(plan: BuyerPlan, means: BuyerMeans) {
    this.#plan = plan;
    this.#means = means;
    this.#began = means.now();
    this.#edge = plan.edge;
  }

  async run(): Promise<BuyerEnd> {
    const { events } = this.#means;
    const placed = await this.#order();
    if (placed.is !== "told") return placed;
    events.onacknowledged(this.#sinceBegin());
    if (this.#plan.repeats) await this.#repeat();
    if (this.#plan.moves) this.#move("by plan");
    const order = await this.#outcome(placed.order);
    if (isOver(order)) events.onover(this.#sinceBegin());
    return { is: "told", order };
  }

  /** The same order at one edge after another, until one has it. */
  async #order(): Promise<BuyerEnd> {
    const { deadlineMs, events } = this.#means;
    const deadline = this.#began + deadlineMs;
    let isUnsure = false;
    for (let tries = 0; ; tries++) {
      const answer = await this.#place();
      events.onanswer(answer);
      if (answer.is === "order") return { is: "told", order: answer.order };
      isUnsure ||= mayBeWritten(answer);
      const verdict = verdictOf(answer);
      // Where an edge may have it, another's no is not the last word.
      if (verdict === "end" && !isUnsure && answer.is === "refused") return { is: "refused", code: answer.code };
      if (this.#means.now() > deadline) return { is: "unknown" };
      if (verdict !== "later") this.#move("by need");
      await this.#pause(tries, answer.is === "refused" && verdict === "later" ? answer.retryAfterMs : 0);
    }
  }

  async #repeat(): Promise<void> {
    const { events } = this.#means;
    events.onrepeated();
    events.onanswer(await this.#place());
  }

  /** What becomes of it, or the last that was heard until the deadline. */
  async #outcome(placed: OrderAnswer): Promise<OrderAnswer> {
    const deadline = this.#means.now() + this.#means.deadlineMs;
    let last = placed;
    for (let tries = 0; !isOver(last) && this.#means.now() < deadline;) {
      const told = await this.#hear(placed.id);
      if (told) last = told;
      if (isOver(last)) break;
      // One that has just moved there may come before its order does.
      if (told) await this.#means.sleep(ASK_INTERVAL_MS);
      else {
        this.#move("by need");
        await this.#pause(tries++);
      }
    }
    return last;
  }

  /** By WebSocket where it has one; one that was lost is no reason not to ask. */
  async #hear(order: string): Promise<OrderAnswer | undefined> {
    const told = this.#plan.transport === "ws" ? await this.#till.listen(order) : undefined;
    return told ?? this.#till.ask(order);
  }

  #place(): Promise<TillAnswer> {
    return this.#till.place(this.#means.purchase);
  }

  get #till(): BuyerMeans["tills"][number] {
    return this.#means.tills[this.#edge]!;
  }

  #sinceBegin(): number {
    return this.#means.now() - this.#began;
  }

  #move(why: "by plan" | "by need"): void {
    const { tills, dice, events } = this.#means;
    if (tills.length < 2) return;
    this.#edge = (this.#edge + 1 + dice.below(tills.length - 1)) % tills.length;
    events.onmoved(why);
  }

  #pause(tries: number, leastMs = 0): Promise<void> {
    const { dice, sleep } = this.#means;
    return sleep(leastMs + dice.next() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** tries));
  }
}
