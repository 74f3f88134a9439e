import type { Watermark } from "../../../crdt/coverage.ts";
import { refold, type Fold } from "../../../crdt/fold.ts";
import type { Store } from "../../../crdt/store/store.ts";
import type { FiredCue } from "../../../crdt/threshold.ts";
import { tallyRulesOf } from "../../../crdt/tally.ts";
import { measure } from "../../../monitor/threshold/measure.ts";
import { readingsOf } from "../../../monitor/threshold/readings.ts";
import { grouped, style } from "../output.ts";
import { epochOf, type EdgeDocuments } from "./board-view.ts";
import { openLog, whyUnreachable } from "./log-reader.ts";
import type { Sources } from "./round.ts";

/** A cue that fired, and what its cause comes to when it is folded again. */
export interface CueReport {
  readonly cue: FiredCue;
  /** Absent where it could not be folded. */
  readonly refolded?: number;
  readonly ok: boolean;
  readonly problem?: string;
}

/** What of a board a cue is judged by. */
export type CueDocuments = Pick<EdgeDocuments, "show" | "thresholds"> & {
  readonly polls: readonly Pick<EdgeDocuments["polls"][number], "poll">[];
};

/** Folds for each cue exactly the batches that it stands for, from the permanent database: it has to be true again. */
export async function verifyCues({ edges, recorder }: Sources): Promise<CueReport[]> {
  const documents = await Promise.any(edges.map(({ reader }) => reader.documents()));
  const { cues } = documents;
  if (cues.length === 0 || recorder === undefined || whyUnreachable(recorder) !== undefined) return [];
  const log = await openLog(recorder);
  try {
    const reports: CueReport[] = [];
    for (const cue of cues) reports.push(await verifyCue(log.store, documents, cue));
    return reports;
  } finally {
    await log.close();
  }
}

/** `store` holds every batch. */
export async function verifyCue(store: Store, documents: CueDocuments, cue: FiredCue): Promise<CueReport> {
  const threshold = documents.thresholds.find(({ id }) => id === cue.cue.threshold);
  if (!threshold) return { cue, ok: false, problem: "its threshold is not on the board" };
  const fold = await foldUpTo(store, documents, cue.coverage);
  const missing = Object.entries(cue.coverage).find(([chain, sequence]) => fold.coverage.of(chain) < sequence);
  if (missing) return { cue, ok: false, problem: `the database has not all of ${missing[0]} up to ${missing[1]}` };
  const polls = documents.polls.map(({ poll }) => poll);
  const { value, isCrossed } = measure(threshold.rule, cue.cue.epoch, polls, readingsOf([fold]));
  if (!isCrossed) return { cue, refolded: value, ok: false, problem: "it was not crossed" };
  return value === cue.value
    ? { cue, refolded: value, ok: true }
    : { cue, refolded: value, ok: false, problem: "it differs" };
}

function foldUpTo(store: Store, { show, polls }: CueDocuments, coverage: Watermark): Promise<Fold> {
  const rules = new Map(polls.map(({ poll }) => [poll.index, tallyRulesOf(poll)]));
  return refold(store.batches(show.id), (index) => rules.get(index), epochOf(show), coverage, true);
}

export function cueText({ cue: { cue, value }, refolded, ok, problem }: CueReport): string {
  const again = refolded === undefined ? "not folded again" : `folded again ${grouped(refolded)}`;
  const verdict = ok ? style("green", "ok") : style(["bold", "red"], `WRONG: ${problem}`);
  return `cue ${cue.threshold}/${cue.epoch} fired at ${grouped(value)}, ${again} ${verdict}`;
}
