import type { Answer } from "./answer.ts";

/** An edge as the audience knows it. */
export interface AudienceEdge {
  readonly name: string;
  readonly address: string;
}

/** One sending of one ballot. */
export interface Sending {
  readonly token: string;
  readonly press: number;
  readonly option: string;
  readonly k: number;
  /** How long the answer is waited for, ms; then the connection is given up, as a receiver's is that goes away. */
  readonly patienceMs: number;
  /** What is heard once patience ends: "timeout", or "left" where going was the plan. */
  readonly impatience: "timeout" | "left";
  /** Pause in the middle of the sending, ms. */
  readonly pauseMs: number;
}

/** Hears of one sending, exactly once. */
export interface Hearer {
  (answer: Answer): void;
}

/** One receiver's way to one edge. */
export interface Carrier {
  send(sending: Sending, onanswer: Hearer): void;
  /** The receiver goes: to another edge, or home. */
  close(): void;
}

/** What is common to all ballots of a run. */
export interface Target {
  readonly show: string;
  readonly poll: string;
}

/**
 * Runs `task` after what has arrived was read. A timer that is due runs before that, and in a process that was held up
 * answers would time out that lie here already.
 */
export function afterInput(task: () => void): void {
  setImmediate(task);
}
