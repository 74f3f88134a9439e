import { EVERY_POLL } from "./ballot.ts";
import type { StandingSeal } from "./fold.ts";
import type { Watermark } from "./coverage.ts";
import type { Poll } from "./show.ts";

/** The states of a poll in their order: a later one is never undone by an earlier one that arrives late. */
export const POLL_STATES = ["draft", "armed", "open", "closing", "closed", "final", "void"] as const;
export type PollState = (typeof POLL_STATES)[number];

/** A transition as it stands on the board, one key each, written once and never removed. */
export interface Transition {
  /** Milliseconds since 1970 from which it holds. */
  readonly at: number;
  /** Who asked for it: a token's subject. */
  readonly by: string;
  /** On "open": when the poll closes by itself, ms since 1970, so that a cut-off edge closes too. */
  readonly closesAt?: number;
}

/** The transitions that producers make; "closed" follows from time. */
export type TransitionName = "armed" | "open" | "closing" | "final" | "void";
export type Transitions = Partial<Readonly<Record<TransitionName, Transition>>>;

/** When the poll stops to be open, ms since 1970; undefined while nobody has said. */
export function closingTime(transitions: Transitions): number | undefined {
  const times = [transitions.open?.closesAt, transitions.closing?.at].filter((time) => time !== undefined);
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** The poll's state at `now`: the maximum over its transitions that hold by then. */
export function pollState(poll: Poll, transitions: Transitions, now: number): PollState {
  if (transitions.void) return "void";
  if (transitions.final) return "final";
  const closesAt = closingTime(transitions);
  if (closesAt !== undefined && now >= closesAt + poll.graceMs) return "closed";
  if (closesAt !== undefined && now >= closesAt) return "closing";
  if (transitions.open && now >= transitions.open.at) return "open";
  return transitions.armed || transitions.open ? "armed" : "draft";
}

/** Why a ballot is outside a poll's window. */
export type WindowRefusal = "poll_not_open" | "poll_closed" | "poll_void";

/** Whether a ballot may be admitted in this state: while open, and in the grace after closing. */
export function windowRefusal(state: PollState): WindowRefusal | undefined {
  switch (state) {
    case "draft":
    case "armed":
      return "poll_not_open";
    case "open":
    case "closing":
      return undefined;
    case "closed":
    case "final":
      return "poll_closed";
    case "void":
      return "poll_void";
  }
}

/** Which transitions a producer may ask for in each state. */
export function mayBecome(state: PollState, next: Exclude<TransitionName, "final">): boolean {
  switch (next) {
    case "armed":
      return state === "draft";
    case "open":
      return state === "armed";
    case "closing":
      return state === "open";
    case "void":
      return state !== "void";
  }
}

/** A boot on the roster that has to seal, or be named lost. */
export interface RosterBoot {
  readonly edge: string;
  readonly boot: string;
  readonly shards: readonly number[];
  readonly lost: boolean;
}

/** Whether a poll can be final, and on which batches. */
export type Finality =
  | { readonly ready: true; readonly cut: Watermark; readonly lost: readonly string[] }
  | { readonly ready: false; readonly waitingFor: readonly string[] };

/**
 * Final = every boot of the roster has sealed each of its shards, for this poll or for every one, and all sealed batches
 * are folded, or is named lost. Chains that no seal names (lost edges, boots whose disk is gone) enter the cut as far as
 * they are folded here.
 */
export function finality(
  poll: number,
  roster: readonly RosterBoot[],
  seals: readonly StandingSeal[],
  folded: Watermark,
): Finality {
  const ofPoll = seals.filter((seal) => seal.poll === poll || seal.poll === EVERY_POLL);
  const cut: Record<string, number> = { ...folded };
  const sealed: Record<string, number> = {};
  for (const seal of ofPoll)
    for (const chain of seal.chains) {
      const id = `${seal.shard}/${seal.edge}/${chain.boot}`;
      sealed[id] = Math.max(sealed[id] ?? 0, chain.sequence);
    }
  const waitingFor = roster
    .filter((boot) => !boot.lost && !hasSealed(boot, ofPoll))
    .map((boot) => `seal of ${boot.edge}/${boot.boot}`);
  for (const [id, sequence] of Object.entries(sealed)) {
    if ((folded[id] ?? 0) < sequence && !isLost(id, roster)) waitingFor.push(`batches of ${id} up to ${sequence}`);
    if (!isLost(id, roster)) cut[id] = sequence;
  }
  // Without a roster nobody knows who may still hold ballots.
  if (roster.length === 0) waitingFor.push("an edge on the roster");
  if (waitingFor.length > 0) return { ready: false, waitingFor };
  const lost = roster.filter((boot) => boot.lost).map((boot) => `${boot.edge}/${boot.boot}`);
  return { ready: true, cut: withoutZeros(cut), lost };
}

/** Boots of which something may still come: not those that are lost, or were drained and have ended their chains. */
export function activeBoots(roster: readonly RosterBoot[], seals: readonly StandingSeal[]): RosterBoot[] {
  const ends = seals.filter((seal) => seal.poll === EVERY_POLL);
  return roster.filter((boot) => !boot.lost && !hasSealed(boot, ends));
}

function hasSealed(boot: RosterBoot, seals: readonly StandingSeal[]): boolean {
  return boot.shards.every((shard) =>
    seals.some((seal) => seal.edge === boot.edge && seal.boot === boot.boot && seal.shard === shard),
  );
}

function isLost(chain: string, roster: readonly RosterBoot[]): boolean {
  return roster.some((boot) => boot.lost && chain.endsWith(`/${boot.edge}/${boot.boot}`));
}

function withoutZeros(cut: Record<string, number>): Watermark {
  return Object.fromEntries(Object.entries(cut).filter(([, sequence]) => sequence > 0));
}
