import type { Poll } from "../../crdt/show.ts";
import type { Rule } from "../../crdt/threshold.ts";

/** What is counted in a show, at one coverage. */
export interface Readings {
  /** Receivers that retrieved the content. */
  present(): number;
  /** Receivers that voted in a poll, or in any. */
  voted(poll?: Poll): number;
  /** Votes by option. */
  votes(poll: Poll): readonly number[];
}

/** A rule measured for one of its epochs. */
export interface Measured {
  readonly value: number;
  /** What a share is of. */
  readonly of?: number;
  /** The value at which it is crossed. */
  readonly target: number;
  readonly isCrossed: boolean;
}

/** Measures a rule. A poll or option that is not there counts as nothing. */
export function measure(rule: Rule, epoch: number, polls: readonly Poll[], readings: Readings): Measured {
  if (rule.kind === "share") return measureShare(rule, polls, readings);
  const value = countOf(rule, polls, readings);
  const target = targetOf(rule, epoch);
  return { value, target, isCrossed: value >= target };
}

/** The count at which a rule is crossed for the `epoch`-th time; a share's percentage. */
export function targetOf(rule: Rule, epoch: number): number {
  return rule.kind === "share" ? rule.percent : rule.atLeast + (epoch - 1) * (rule.every ?? 0);
}

function countOf(rule: Exclude<Rule, { kind: "share" }>, polls: readonly Poll[], readings: Readings): number {
  if (rule.kind === "present") return readings.present();
  const poll = polls.find(({ id }) => id === rule.poll);
  switch (rule.kind) {
    case "voted":
      if (rule.poll === undefined) return readings.voted();
      return poll ? readings.voted(poll) : 0;
    case "votes":
      return poll ? votesFor(poll, rule.option, readings) : 0;
  }
}

/** Compared as integers: 1 of 3 is not 33.333… % more or less. */
function measureShare(rule: Extract<Rule, { kind: "share" }>, polls: readonly Poll[], readings: Readings): Measured {
  const poll = polls.find(({ id }) => id === rule.poll);
  const [votes, of] = poll ? [votesFor(poll, rule.option, readings), sum(readings.votes(poll))] : [0, 0];
  const isCrossed = of >= rule.sample && votes * 100 >= rule.percent * of;
  return { value: of === 0 ? 0 : (votes * 100) / of, of, target: rule.percent, isCrossed };
}

function votesFor(poll: Poll, option: string, readings: Readings): number {
  const index = poll.options.findIndex(({ id }) => id === option);
  return readings.votes(poll)[index] ?? 0;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
