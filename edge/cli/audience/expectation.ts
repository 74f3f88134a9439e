import type { Mode } from "../../../crdt/show.ts";
import type { ReceiptAnswer } from "./answer.ts";
import type { Trace } from "./receiver.ts";

/** What must be in force for one receiver and k when all is folded. */
export interface Expectation {
  readonly k: number;
  /** One option's number; several where a ballot's outcome was not heard; undefined: perhaps none. */
  readonly options: readonly (number | undefined)[];
}

type Acknowledged = Trace & { readonly receipt: ReceiptAnswer };

/** By the rules of the poll, from what the receiver itself heard. */
export function expectations(mode: Mode, trail: readonly Trace[]): Expectation[] {
  const ks = [...new Set(trail.map(({ k }) => k))].sort((a, b) => a - b);
  return ks.map((k) => ({
    k,
    options: possible(
      mode,
      trail.filter((trace) => trace.k === k),
    ),
  }));
}

function possible(mode: Mode, trail: readonly Trace[]): (number | undefined)[] {
  const best = trail
    .filter(isAcknowledged)
    .reduce<Acknowledged | undefined>((a, b) => (a && !beats(mode, b, a) ? a : b), undefined);
  const unheard = trail.filter((trace) => !trace.receipt && mayBeat(mode, trace, best));
  return [...new Set([best?.option, ...unheard.map(({ option }) => option)])];
}

function isAcknowledged(trace: Trace): trace is Acknowledged {
  return trace.receipt !== undefined;
}

/** As `Tally` has it. */
function beats(mode: Mode, a: Acknowledged, b: Acknowledged): boolean {
  switch (mode) {
    case "last":
    case "votes":
      return (a.press - b.press || byTime(a, b) || a.option - b.option) > 0;
    case "first":
      return (byTime(a, b) || a.press - b.press || a.option - b.option) < 0;
  }
}

function byTime({ receipt: a }: Acknowledged, { receipt: b }: Acknowledged): number {
  return a.time - b.time || (a.edge === b.edge ? 0 : a.edge < b.edge ? -1 : 1);
}

/** A ballot of which no edge told the time. */
function mayBeat(mode: Mode, unheard: Trace, best: Acknowledged | undefined): boolean {
  if (!best) return true;
  if (unheard.option === best.option) return false;
  return mode === "first" || unheard.press >= best.press;
}
