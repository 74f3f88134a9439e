import * as v from "valibot";
import { Coverage, type Watermark } from "../../coverage.ts";
import { parseDocumentName, talliesName } from "../../documents.ts";
import type { Register } from "../../tallies.ts";
import type { Counts } from "../../show.ts";
import type { Answer } from "../inspector.ts";
import type { Entries, Entry } from "../read/entries.ts";
import type { Message, Shown } from "../report.ts";
import { documentParam, rowsParam, searchParam, showParam } from "./params.ts";
import { view } from "./view.ts";

/** What stands in a document, at all members. */
export interface DocData {
  readonly document: string;
  readonly entries: readonly DocEntry[];
  /** Entries that are not listed, at the member with most. */
  readonly omitted: number;
  /** Of tallies: each shard's sections beside each other. */
  readonly registers: readonly RegisterSection[];
}

export interface DocEntry {
  readonly root: string;
  readonly key: string;
  /** Different values that stand there, and where: one, where all is well. */
  readonly values: readonly DocValue[];
  /** Members that hold the document and not this entry. */
  readonly absentAt: readonly string[];
}

export interface DocValue extends Omit<Entry, "root" | "key" | "at"> {
  readonly members: readonly string[];
  /** When it came to be anywhere first, ms since 1970 by the asked member's clock. */
  readonly at?: number;
}

/** What one edge's register says of one shard. */
export interface RegisterSection {
  readonly edge: string;
  readonly boot: string;
  readonly shard: string;
  /** Batches covered: of two sections of a shard, readers take the one with more. */
  readonly covered: number;
  readonly coverage: Watermark;
  readonly polls: Readonly<Record<string, Counts>>;
  readonly present: number;
}

export function showDoc(document: string, answers: readonly Answer<Entries>[]): Shown<DocData> {
  const holding = answers.filter(({ reading }) => reading !== undefined);
  const entries = mergeEntries(holding);
  const omitted = Math.max(0, ...holding.map(({ reading }) => reading!.omitted));
  const registers = parseDocumentName(document)?.kind === "tallies" ? sectionsOf(entries) : [];
  const messages = holding.length > 0 ? contradictions(registers) : [notFound(document)];
  return { data: { document, entries, omitted, registers }, messages };
}

/** Puts the same key's values of all members together. */
export function mergeEntries(holding: readonly Answer<Entries>[]): DocEntry[] {
  const merged = new Map<string, Map<string, DocValue>>();
  for (const { member, reading, offsetMs } of holding)
    for (const { root, key, at, ...entry } of reading!.entries) {
      const id = JSON.stringify([root, key]);
      const values = merged.get(id) ?? new Map<string, DocValue>();
      merged.set(id, values.set(entry.hash, joined(values.get(entry.hash), entry, member, at, offsetMs)));
    }
  const names = holding.map(({ member }) => member);
  return [...merged].map(([id, values]) => {
    const [root, key] = JSON.parse(id) as [string, string];
    const present = [...values.values()].flatMap(({ members }) => members);
    return { root, key, values: [...values.values()], absentAt: names.filter((name) => !present.includes(name)) };
  });
}

function joined(
  known: DocValue | undefined,
  entry: Omit<Entry, "root" | "key" | "at">,
  member: string,
  at: number | undefined,
  offsetMs: number,
): DocValue {
  const times = [known?.at, at === undefined ? undefined : at - offsetMs].filter((time) => time !== undefined);
  const first = times.length > 0 ? { at: Math.min(...times) } : {};
  return { ...entry, ...known, members: [...(known?.members ?? []), member], ...first };
}

function sectionsOf(entries: readonly DocEntry[]): RegisterSection[] {
  return entries.flatMap(({ key: edge, values }) =>
    values.flatMap(({ value }) => (isRegister(value) ? ofRegister(edge, value) : [])),
  );
}

function ofRegister(edge: string, { boot, shards }: Register): RegisterSection[] {
  return Object.entries(shards).map(([shard, { coverage, polls, present }]) => ({
    edge,
    boot,
    shard,
    covered: Coverage.from(coverage).sum,
    coverage,
    polls,
    present,
  }));
}

function isRegister(value: unknown): value is Register {
  return typeof value === "object" && value !== null && "boot" in value && "shards" in value;
}

/** Registers that stand for exactly the same batches have to say the same: the fold does not depend on anything else. */
function contradictions(registers: readonly RegisterSection[]): Message[] {
  const groups = new Map<string, RegisterSection[]>();
  for (const section of registers) {
    const key = JSON.stringify([
      section.shard,
      Object.entries(section.coverage).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ]);
    groups.set(key, [...(groups.get(key) ?? []), section]);
  }
  return [...groups.values()].flatMap((sections) => {
    const odd = oddOnes(sections);
    return odd.map(({ edge, shard }): Message => ({
      code: "differs",
      severity: "error",
      text: `the register of "${edge}" says other counts of shard ${shard} than others that cover the same batches`,
      fix: "It was tampered with, or its program counts wrongly: `redbutton verify` refolds every log and says who is right.",
    }));
  });
}

/** Those that say what fewest say; all, where nobody has a majority. */
function oddOnes(sections: readonly RegisterSection[]): readonly RegisterSection[] {
  // An edge that has heard of a final before the others leaves the poll out.
  const common = Object.keys(sections[0]!.polls).filter((poll) => sections.every(({ polls }) => polls[poll]));
  const said = ({ polls, present }: RegisterSection) => JSON.stringify([common.map((poll) => polls[poll]), present]);
  const most = Math.max(...sections.map((one) => sections.filter((other) => said(other) === said(one)).length));
  if (most === sections.length) return [];
  const agreeing = sections.find((one) => sections.filter((other) => said(other) === said(one)).length === most)!;
  return most * 2 > sections.length ? sections.filter((one) => said(one) !== said(agreeing)) : sections;
}

export function notFound(document: string): Message {
  return {
    code: "not_found",
    severity: "warning",
    text: `nobody who answers holds a document "${document}"`,
    fix: "Documents are SHOW/board, SHOW/tallies and SHOW/ledger/SHARD.",
  };
}

export const doc = view({
  summary: "what stands in a document, of whom, since when",
  params: v.strictObject({ show: showParam, document: documentParam, search: searchParam, rows: rowsParam }),
  run: async ({ inspector }, { show, document: named, search, rows }) => {
    const document = named ?? talliesName(show);
    const asked = await inspector.gather({
      ask: "entries",
      show,
      document,
      rows,
      ...(search === undefined ? {} : { search }),
    });
    return { shown: showDoc(document, asked), asked };
  },
});
