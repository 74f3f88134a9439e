import * as v from "valibot";
import { parseChainId } from "../../batch.ts";
import { parseDocumentName } from "../../documents.ts";
import type { Answer } from "../inspector.ts";
import type { DocumentState, HeardPeer, MemberStates, Timed } from "../read/states.ts";
import type { Message, Shown } from "../report.ts";
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

/** Something that came without what goes before it. */
export interface NamedGap {
  readonly document: string;
  readonly member: string;
  /** Whose: "fra/boot", or the Yjs client where nobody has introduced it. */
  readonly of: string;
  /** Missing: from `next` to before `from`, sequences of a ledger's chain or clocks of a Yjs client. */
  readonly next: number;
  readonly from: number;
  readonly holders: readonly string[];
  readonly since?: number;
}

/** From this age on being behind is a warning, and an error, ms: a round of comparing, and ten. */
export const BEHIND_MS = { warning: 2_000, error: 10_000 } as const;

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
  const times = gaps.map(({ since }) => since).filter((since) => since !== undefined);
  const count = gaps.reduce((sum, gap) => sum + gap.count, 0);
  return times.length > 0 ? { count, since: Math.min(...times) } : { count };
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
      return { count: clock - known, since: writtenAfter(mine.document, Number(client), known, answers) };
    });
}

/** When a client's author wrote what follows `clock`, where the author answers. */
function writtenAfter(document: string, client: number, clock: number, answers: readonly Answer<MemberStates>[]) {
  for (const { reading, offsetMs } of answers) {
    const own = reading && stateOf(reading, document)?.own;
    if (own?.client === client) return timeAfter(own.written, clock, offsetMs);
  }
  return undefined;
}

/** The time of the first position after `position`: the oldest remembered where that is long ago. */
function timeAfter(times: readonly Timed[] | undefined, position: number, offsetMs: number): number | undefined {
  const found = times?.find(([at]) => at > position);
  return found && found[1] - offsetMs;
}

function gapsOf({ member, reading, offsetMs }: Answer<MemberStates>, answers: readonly Answer<MemberStates>[]) {
  const holdersOf = (holds: (states: MemberStates) => boolean) =>
    answers.filter((other) => other.member !== member && other.reading && holds(other.reading)).map(nameOfMember);
  const documents = (reading?.documents ?? []).flatMap(({ document, gaps, owners }) =>
    gaps.map(({ client, next, from, at }): NamedGap => ({
      document,
      member,
      of: owners[client] ?? ownerOf(client, answers) ?? `client ${client}`,
      next,
      from,
      holders: holdersOf((states) => (stateOf(states, document)?.vector[client] ?? 0) > next),
      ...(at === undefined ? {} : { since: at - offsetMs }),
    })),
  );
  const chains = (reading?.holes ?? []).map(({ chain, next, from }): NamedGap => {
    const { shard, edge, boot } = parseChainId(chain);
    const document = documentOfShard(shard, answers);
    return {
      document,
      member,
      of: `${edge}/${boot}`,
      next,
      from,
      holders: holdersOf((states) => (states.coverage[chain] ?? 0) >= next),
    };
  });
  return [...documents, ...chains];
}

function ownerOf(client: number, answers: readonly Answer<MemberStates>[]): string | undefined {
  for (const { reading } of answers)
    for (const { owners } of reading?.documents ?? []) if (owners[client] !== undefined) return owners[client];
  return undefined;
}

function documentOfShard(shard: number, answers: readonly Answer<MemberStates>[]): string {
  const names = answers.flatMap(({ reading }) => reading?.documents.map(nameOf) ?? []);
  return names.find((name) => name.endsWith(`/ledger/${shard}`)) ?? `ledger/${shard}`;
}

function gapMessage({ document, member, of, next, from, holders }: NamedGap): Message {
  const missing = from - next === 1 ? `${next}` : `${next} to ${from - 1}`;
  const whose =
    holders.length > 0 ? `${holders.map((name) => `"${name}"`).join(", ")} has it` : "nobody who answers has it";
  return {
    code: "gap",
    severity: "error",
    text: `GAP: "${member}" misses ${missing} of ${of} in "${document}" and got ${from}; ${whose}`,
    fix:
      holders.length > 0
        ? `It heals when "${member}" has a link with one that has it.`
        : "Start the member that wrote it: its log holds it.",
  };
}

/** One message a member and document: the worst of what it lacks. */
function lagMessages(cells: readonly LagCell[], now: number): Message[] {
  const worst = new Map<string, LagCell>();
  for (const cell of cells) {
    const key = `${cell.document} ${cell.lacking}`;
    const known = worst.get(key);
    if (!known || isWorse(cell, known)) worst.set(key, cell);
  }
  return [...worst.values()].flatMap((cell) => lagMessage(cell, now));
}

/** The worst state first, then the most missing, then the longest. */
export function isWorse(a: LagCell, b: LagCell): boolean {
  const rank = (state: LagState) => ["equal", "unknown", "deletions", "behind", "gap"].indexOf(state);
  return (rank(a.state) - rank(b.state) || a.count - b.count || (b.since ?? 0) - (a.since ?? 0)) > 0;
}

function lagMessage({ document, lacking, holder, state, count, since, heardAt }: LagCell, now: number): Message[] {
  const unit = parseDocumentName(document)?.kind === "ledger" ? "batches" : "changes";
  switch (state) {
    case "equal":
    case "unknown":
    case "gap":
      return [];
    case "deletions":
      return [
        {
          code: "deletions_differ",
          severity: "note",
          text: `"${lacking}" and "${holder}" hold the same of "${document}", and other parts of it are deleted`,
          fix: "It passes with the next round of comparing, within a second or two; where it stays, look at the recorder.",
        },
      ];
    case "behind": {
      const age = since === undefined ? 0 : now - since;
      const silent = heardAt === undefined ? "" : "at least ";
      const when = since === undefined ? "" : `, the oldest since ${time(since)} (${seconds(age)})`;
      return [
        {
          code: "behind",
          severity:
            age >= BEHIND_MS.error ? "error" : age >= BEHIND_MS.warning || heardAt !== undefined ? "warning" : "note",
          text: `"${lacking}" lacks ${silent}${count} ${unit} of "${document}" that "${holder}" holds${when}`,
          fix:
            heardAt === undefined
              ? "It is catching up."
              : `Nothing was heard of "${lacking}" since ${time(heardAt)}: look at it and its links.`,
        },
      ];
    }
  }
}

function time(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

function seconds(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`;
}

function stateOf({ documents }: MemberStates, name: string): DocumentState | undefined {
  return documents.find(({ document }) => document === name);
}

function vectorOf(of: MemberStates | LastWord, document: string): Readonly<Record<string, number>> {
  return "vectors" in of ? (of.vectors[document] ?? {}) : (stateOf(of, document)?.vector ?? {});
}

function nameOf({ document }: DocumentState): string {
  return document;
}

function nameOfMember({ member }: { readonly member: string }): string {
  return member;
}

export const lag = view({
  summary: "who lacks what, since when",
  params: v.strictObject({ show: showParam }),
  run: async ({ inspector }, { show }) => {
    const answers = await inspector.gather({ ask: "states", show });
    return { shown: showLag(answers, inspector.member.world.clock.now()), asked: answers };
  },
});
