import * as v from "valibot";
import { parseChainId } from "../../batch.ts";
import { parseDocumentName } from "../../documents.ts";
import type { Answer } from "../inspector.ts";
import type { DocumentState, HeardPeer, MemberStates, Timed } from "../read/states.ts";
import type { Shown } from "../report.ts";
import { gapMessage, gapsOf, type NamedGap } from "./lag-gaps.ts";
import { lagMessages } from "./lag-messages.ts";
import { showParam } from "./params.ts";
import { view } from "./view.ts";

/** Who lacks what that whom holds: every document, for every two members. */
export interface LagData {
  readonly documents: readonly string[];
  readonly cells: readonly LagCell[];
  readonly gaps: readonly NamedGap[];
}

export type LagState = "equal" | "behind" | "deletions" | "gap" | "unknown";

export interface LagCell {
  readonly document: string;
  readonly lacking: string;
  readonly holder: string;
  readonly state: LagState;
  /** Batches of a ledger; clocks of any other document. */
  readonly count: number;
  /** Since when the oldest of them is missing, ms since 1970 by the asked member's clock; absent where nobody knows. */
  readonly since?: number;
  /** The lacking member did not answer: this is what it last said to the holder, then. */
  readonly heardAt?: number;
}

export function showLag(answers: readonly Answer<MemberStates>[], now: number): Shown<LagData> {
  const documents = [...new Set(answers.flatMap(({ reading }) => reading?.documents.map(nameOf) ?? []))];
  const gaps = answers.flatMap((answer) => gapsOf(answer, answers));
  const cells = documents.flatMap((document) => cellsOf(document, answers, gaps));
  const messages = [...gaps.map((gap) => gapMessage(gap)), ...lagMessages(cells, now)];
  return { data: { documents, cells, gaps }, messages };
}

function cellsOf(document: string, answers: readonly Answer<MemberStates>[], gaps: readonly NamedGap[]): LagCell[] {
  return answers.flatMap((lacking) =>
    answers
      .filter((holder) => holder !== lacking)
      .map((holder): LagCell => {
        const pair = { document, lacking: lacking.member, holder: holder.member };
        const compared = holder.reading && compare(document, lacking, holder.reading, holder, answers);
        if (!compared) return { ...pair, state: "unknown", count: 0 };
        const hasGap = compared.state === "behind" && gaps.some((gap) => isAbout(gap, pair));
        return { ...pair, ...compared, ...(hasGap ? { state: "gap" as const } : {}) };
      }),
  );
}

function isAbout(gap: NamedGap, { document, lacking, holder }: Pick<LagCell, "document" | "lacking" | "holder">) {
  return gap.document === document && gap.member === lacking && gap.holders.includes(holder);
}

type Compared = Omit<LagCell, "document" | "lacking" | "holder">;

/** What `lacking` lacks of what `holder` holds; undefined where the holder does not keep the document. */
function compare(
  document: string,
  lacking: Answer<MemberStates>,
  held: MemberStates,
  holder: Answer<MemberStates>,
  answers: readonly Answer<MemberStates>[],
): Compared | undefined {
  const mine = stateOf(held, document);
  const heard = held.heard.find(({ peer }) => peer === lacking.member);
  const theirs = lacking.reading ?? lastWord(heard);
  if (!mine || !theirs) return undefined;
  const missing = missingOf(document, mine, theirs, holder, answers);
  const heardAt = !lacking.reading && heard ? { heardAt: heard.at - holder.offsetMs } : {};
  if (missing.count > 0) return { state: "behind", ...missing, ...heardAt };
  if (!lacking.reading) return { state: "unknown", count: 0, ...heardAt };
  const other = stateOf(lacking.reading, document);
  if (!other) return undefined;
  const sameVector = Object.entries(other.vector).every(([client, clock]) => (mine.vector[client] ?? 0) >= clock);
  return { state: sameVector && other.deletions !== mine.deletions ? "deletions" : "equal", count: 0 };
}

/** Coverage and vectors of one who does not answer, as the holder last heard them. */
interface LastWord {
  readonly coverage: MemberStates["coverage"];
  readonly vectors: HeardPeer["vectors"];
}

function lastWord(heard: HeardPeer | undefined): LastWord | undefined {
  return heard && heard.at > 0 ? heard : undefined;
}

function missingOf(
  document: string,
  mine: DocumentState,
  theirs: MemberStates | LastWord,
  holder: Answer<MemberStates>,
  answers: readonly Answer<MemberStates>[],
): { count: number; since?: number } {
  const name = parseDocumentName(document);
  const gaps =
    name?.kind === "ledger"
      ? missingBatches(name.shard, theirs.coverage, holder)
      : missingClocks(mine, vectorOf(theirs, document), answers);
  const since = leastOf(gaps.map((gap) => gap.since));
  const count = gaps.reduce((sum, gap) => sum + gap.count, 0);
  return since === undefined ? { count } : { count, since };
}

interface Missing {
  readonly count: number;
  readonly since: number | undefined;
}

function missingBatches(shard: number, theirs: MemberStates["coverage"], holder: Answer<MemberStates>): Missing[] {
  const { coverage, arrivals } = holder.reading!;
  return Object.entries(coverage)
    .filter(([chain, last]) => parseChainId(chain).shard === shard && (theirs[chain] ?? 0) < last)
    .map(([chain, last]) => {
      const covered = theirs[chain] ?? 0;
      return { count: last - covered, since: timeAfter(arrivals[chain], covered, holder.offsetMs) };
    });
}

function missingClocks(
  mine: DocumentState,
  theirs: Readonly<Record<string, number>>,
  answers: readonly Answer<MemberStates>[],
): Missing[] {
  return Object.entries(mine.vector)
    .filter(([client, clock]) => (theirs[client] ?? 0) < clock)
    .map(([client, clock]) => {
      const known = theirs[client] ?? 0;
      return { count: clock - known, since: seenAfter(mine.document, client, known, answers) };
    });
}

/** When what follows a client's `clock` was first seen: where it was written, if its author answers. */
function seenAfter(document: string, client: string, clock: number, answers: readonly Answer<MemberStates>[]) {
  const seen = answers.map(({ reading, offsetMs }) => {
    const times = reading && stateOf(reading, document)?.times[client];
    return timeAfter(times, clock, offsetMs);
  });
  return leastOf(seen);
}

function leastOf(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

/** The time of the first position after `position`: the oldest remembered where that is long ago. */
function timeAfter(times: readonly Timed[] | undefined, position: number, offsetMs: number): number | undefined {
  const found = times?.find(([at]) => at > position);
  return found && found[1] - offsetMs;
}

export function stateOf({ documents }: MemberStates, name: string): DocumentState | undefined {
  return documents.find(({ document }) => document === name);
}

function vectorOf(of: MemberStates | LastWord, document: string): Readonly<Record<string, number>> {
  return "vectors" in of ? (of.vectors[document] ?? {}) : (stateOf(of, document)?.vector ?? {});
}

function nameOf({ document }: DocumentState): string {
  return document;
}

export const lag = view({
  summary: "who lacks what, since when",
  params: v.strictObject({ show: showParam }),
  run: async ({ inspector }, { show }) => {
    const answers = await inspector.gather({ ask: "states", show });
    return { shown: showLag(answers, inspector.member.world.clock.now()), asked: answers };
  },
});
