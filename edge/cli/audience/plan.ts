import type { Mode } from "../../../crdt/show.ts";
import { Dice } from "./dice.ts";

/** Parts of the audience, 0 to 1 each, by what they do. */
export interface Shares {
  /** Talks over a WebSocket; the others over HTTP. */
  readonly ws: number;
  /** Sends an answered press again, as a receiver does whose answer got lost. */
  readonly retry: number;
  /** Changes its mind. */
  readonly change: number;
  /** Goes to another edge: before a press, or in the middle of one. */
  readonly move: number;
  /** Sends in two pieces with a long pause. */
  readonly slow: number;
  /** Has a token that names somebody. */
  readonly signed: number;
}

export const DEFAULT_SHARES: Shares = { ws: 0.2, retry: 0.1, change: 0.2, move: 0.1, slow: 0.01, signed: 0.25 };

/** What is voted on. */
export interface PlannedPoll {
  readonly mode: Mode;
  readonly votes: number;
  readonly options: number;
}

export type Transport = "http" | "ws";

/** All that one receiver means to do, drawn from the seed before anything is sent. */
export interface Plan {
  readonly transport: Transport;
  readonly signed: boolean;
  readonly slow: boolean;
  /** Its first edge. */
  readonly edge: number;
  readonly steps: readonly Step[];
}

export type Step = ChooseStep | RepeatStep;

/** A choice, pressed until it is acknowledged. */
export interface ChooseStep {
  readonly is: "choose";
  /** Milliseconds after the end of the step before. */
  readonly waitMs: number;
  readonly option: number;
  readonly k: number;
  /** A receiver that was switched off has lost its count of presses, and starts again at 1. */
  readonly memory: "kept" | "lost";
  readonly move: Move;
}

/** The first choice's press once more, exactly as it was. */
export interface RepeatStep {
  readonly is: "repeat";
  readonly waitMs: number;
  readonly move: Move;
}

/** During: the first edge's answer is not waited for longer than so many ms. */
export type Move =
  | { readonly is: "none" }
  | { readonly is: "before" }
  | { readonly is: "during"; readonly patienceMs: number };

const NONE: Move = { is: "none" };
const LONGEST_PATIENCE_MS = 10;
/** Pause between a receiver's presses: a viewer who thinks, in short. */
const PAUSE_MS = { least: 50, most: 2000 };
/** Of those who change their minds. */
const FORGETFUL = 0.1;

/** What receiver number `receiver` of the audience with this seed does. */
export function planReceiver(seed: number, receiver: number, poll: PlannedPoll, edges: number, shares: Shares): Plan {
  const dice = Dice.for(seed, receiver);
  const transport = dice.chance(shares.ws) ? "ws" : "http";
  const signed = dice.chance(shares.signed);
  const slow = dice.chance(shares.slow);
  const edge = dice.below(edges);
  const moves = edges > 1 && dice.chance(shares.move);
  const steps: Step[] = firstChoices(dice, poll);
  if (dice.chance(shares.change)) steps.push(changeOf(dice, poll));
  if (dice.chance(shares.retry))
    steps.splice(1 + dice.below(steps.length), 0, { is: "repeat", waitMs: pause(dice), move: NONE });
  if (moves) moveIn(dice, steps);
  return { transport, signed, slow, edge, steps };
}

function firstChoices(dice: Dice, poll: PlannedPoll): ChooseStep[] {
  const votes = poll.mode === "votes" ? 1 + dice.below(poll.votes) : 1;
  return Array.from({ length: votes }, (_, i) => choice(dice, poll, i + 1, i === 0 ? 0 : pause(dice)));
}

function changeOf(dice: Dice, poll: PlannedPoll): ChooseStep {
  const memory = dice.chance(FORGETFUL) ? "lost" : "kept";
  return { ...choice(dice, poll, 1, pause(dice)), memory };
}

/** The lower an option's number the likelier: a result in which all are equal would hide what is swapped. */
function choice(dice: Dice, poll: PlannedPoll, k: number, waitMs: number): ChooseStep {
  const option = Math.floor(dice.next() ** 1.3 * poll.options);
  return { is: "choose", waitMs, option, k, memory: "kept", move: NONE };
}

/**
 * One step moves. Who has lost its count must not move then: an edge that has not heard of it yet would take the press
 * for a first one.
 */
function moveIn(dice: Dice, steps: Step[]): void {
  const at = dice.below(steps.length);
  const step = steps[at]!;
  const move: Move = dice.chance(0.5)
    ? { is: "before" }
    : { is: "during", patienceMs: dice.next() * LONGEST_PATIENCE_MS };
  if (step.is === "repeat" || step.memory === "kept") steps[at] = { ...step, move };
}

function pause(dice: Dice): number {
  return Math.round(dice.between(PAUSE_MS.least, PAUSE_MS.most) / 10) * 10;
}
