import type { Ask, Candidate } from "./candidate.ts";
import { isFull, usedShare, weights } from "./load.ts";
import { distanceKm, type Place } from "./place.ts";

/**
 * Puts candidates in the order in which a receiver should try them, best first, each with the reason for its place. Pure
 * but for `ask.draw`. Measured (most loaded to mean load, reports 5 s old, TTL 30 s): weighted by free capacity and two
 * choices 1.09, random 1.14, round robin 1.15, and always the least loaded 1.32, since everyone runs to the same one.
 */
export interface Policy {
  (candidates: readonly Candidate[], ask: Ask): readonly Ranked[];
}

export interface Ranked {
  readonly candidate: Candidate;
  readonly reason: string;
}

export const POLICY_NAMES = ["nearest", "free", "two-choices", "random", "round-robin", "failover"] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** Decides where distance does not. */
export const DEFAULT_LOAD_POLICY: PolicyName = "free";

/** The policy of this name. `order`: names of edges, first choice first; for "failover". */
export function policyNamed(name: PolicyName, order: readonly string[] = []): Policy {
  switch (name) {
    case "nearest":
      return nearest;
    case "free":
      return byFreeCapacity;
    case "two-choices":
      return twoChoices;
    case "random":
      return random;
    case "round-robin":
      return roundRobin;
    case "failover":
      return failover(order);
  }
}

/**
 * By great circle, those that are full last. Without the receiver's place, or among edges without one, by free capacity.
 */
export function nearest(candidates: readonly Candidate[], ask: Ask): readonly Ranked[] {
  const { place } = ask;
  if (!place) return byFreeCapacity(candidates, ask).map(unplaced);
  const km = candidates.map((each) => kmTo(each, place));
  const areApart = new Set(km).size === km.length;
  const drawn = areApart ? candidates : byFreeCapacity(candidates, ask).map(({ candidate }) => candidate);
  return drawn
    .map((candidate) => new AtDistance(candidate, kmTo(candidate, place)))
    .toSorted((a, b) => Number(a.full) - Number(b.full) || compare(a.km, b.km));
}

function kmTo({ place }: Candidate, receiver: Place): number {
  return place ? distanceKm(place, receiver) : Infinity;
}

function unplaced({ candidate, reason }: Ranked): Ranked {
  return { candidate, reason: `the receiver's place is unknown; ${reason}` };
}

/** Its reason is put into words where somebody reads it: a name server seldom does. */
class AtDistance implements Ranked {
  readonly candidate: Candidate;
  readonly km: number;
  readonly full: boolean;

  constructor(candidate: Candidate, km: number) {
    this.candidate = candidate;
    this.km = km;
    this.full = isFull(candidate.load);
  }

  get reason(): string {
    return distanceReason(this.candidate, this.km);
  }
}

/** At random, weighted by free capacity; the order is that of drawing without putting back. */
export function byFreeCapacity(candidates: readonly Candidate[], { draw }: Ask): readonly Ranked[] {
  const weight = weights(candidates.map(({ load }) => load));
  // Efraimidis and Spirakis, 2006: the largest draw^(1/weight) first, taken as a logarithm.
  return candidates
    .map((candidate, i) => ({ candidate, key: Math.log(1 - draw()) / weight[i]!, reason: loadReason(candidate) }))
    .toSorted((a, b) => b.key - a.key)
    .map(({ candidate, reason }) => ({ candidate, reason }));
}

/** Power of two choices (Mitzenmacher, 2001): the less used of two at random, then the other, then the rest. */
export function twoChoices(candidates: readonly Candidate[], ask: Ask): readonly Ranked[] {
  const [first, second, ...rest] = shuffled(candidates, ask);
  if (!first || !second) return (first ? [first] : []).map((candidate) => ({ candidate, reason: "the only one" }));
  const swap = usedOf(second) < usedOf(first);
  const [better, worse] = swap ? [second, first] : [first, second];
  return [
    { candidate: better, reason: `of two at random the less used, ${percent(usedOf(better))}` },
    { candidate: worse, reason: `of two at random the more used, ${percent(usedOf(worse))}` },
    ...rest.map((candidate) => ({ candidate, reason: "not drawn" })),
  ];
}

export function random(candidates: readonly Candidate[], ask: Ask): readonly Ranked[] {
  return shuffled(candidates, ask).map((candidate) => ({ candidate, reason: "at random" }));
}

/** Each in turn, by name; the next one is the alternative. */
export function roundRobin(candidates: readonly Candidate[], { turn }: Ask): readonly Ranked[] {
  const byName = candidates.toSorted((a, b) => compare(a.edge, b.edge));
  return byName.map((_, i) => ({ candidate: byName[(turn + i) % byName.length]!, reason: "in turn" }));
}

/** In the operator's order; those it does not name follow by name. */
export function failover(order: readonly string[]): Policy {
  const rank = new Map(order.map((edge, i) => [edge, i]));
  const rankOf = ({ edge }: Candidate) => rank.get(edge) ?? order.length;
  return (candidates) =>
    candidates
      .toSorted((a, b) => rankOf(a) - rankOf(b) || compare(a.edge, b.edge))
      .map((candidate) => ({ candidate, reason: failoverReason(rank.get(candidate.edge)) }));
}

/** Fisher and Yates. */
function shuffled(candidates: readonly Candidate[], { draw }: Ask): Candidate[] {
  const all = [...candidates];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

/** Unknown is half: neither the better nor the worse of two. */
function usedOf({ load }: Candidate): number {
  return load ? usedShare(load) : 0.5;
}

function distanceReason({ load }: Candidate, km: number): string {
  const distance = km === Infinity ? "its place is unknown" : `${Math.round(km)} km away`;
  return isFull(load) ? `full, ${distance}` : distance;
}

function loadReason({ load }: Candidate): string {
  return load ? `${percent(usedShare(load))} of its capacity used` : "its load is unknown";
}

function failoverReason(rank: number | undefined): string {
  return rank === undefined ? "not in the order" : `number ${rank + 1} in the order`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
