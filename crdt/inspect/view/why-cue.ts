import type { FiredCue, Rule } from "../../threshold.ts";
import { historyOf, type CueHistory } from "./thresholds.ts";
import type { WhyInput } from "./why-input.ts";

/**
 * The first cue to whose crossing the ballot belongs: its batch is among those for which the rule became true, the rule
 * is about its poll, and its option, and the ballot was not beaten by then.
 */
export function firedBy({ thresholds, batch, poll, presses }: WhyInput): CueHistory | undefined {
  const definitions = new Map(
    thresholds.flatMap(({ reading }) => reading?.thresholds ?? []).map(({ threshold }) => [threshold.id, threshold]),
  );
  return historyOf(thresholds).find(({ fired }) => {
    const rule = definitions.get(fired.cue.threshold)?.rule;
    const isWithin = (fired.coverage[batch.chain] ?? 0) >= batch.sequence;
    if (!rule || !isWithin || !isAbout(rule, poll.definition, batch.option)) return false;
    return !presses.some((other) => other.k === batch.k && other.press > batch.press && isCovered(other, fired));
  });
}

function isAbout(rule: Rule, { id, options }: WhyInput["poll"]["definition"], option: number): boolean {
  switch (rule.kind) {
    case "present":
      return false;
    case "voted":
      return rule.poll === undefined || rule.poll === id;
    case "votes":
    case "share":
      return rule.poll === id && rule.option === options[option]?.id;
  }
}

function isCovered({ chain, sequence }: WhyInput["batch"], { coverage }: FiredCue): boolean {
  return (coverage[chain] ?? 0) >= sequence;
}
