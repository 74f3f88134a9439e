import * as v from "valibot";
import { talliesName } from "../../documents.ts";
import type { Answer } from "../inspector.ts";
import { MAX_ROWS } from "../question.ts";
import type { Entries } from "../read/entries.ts";
import type { DocumentState, MemberStates } from "../read/states.ts";
import type { Message, Shown } from "../report.ts";
import { mergeEntries, notFound, type DocEntry } from "./doc.ts";
import { documentParam, showParam, textParam } from "./params.ts";
import { view } from "./view.ts";

/** One document at two members. */
export interface DiffData {
  readonly document: string;
  readonly between: readonly [string, string];
  /** Yjs clients whose clocks differ. */
  readonly structs: readonly StructDifference[];
  readonly deletionsDiffer: boolean;
  /** Entries whose values differ, or that one of them lacks. */
  readonly values: readonly DocEntry[];
}

export interface StructDifference {
  readonly client: string;
  /** "fra/boot". */
  readonly owner?: string;
  /** Clocks at the first, and at the second. */
  readonly clocks: readonly [number, number];
}

export function showDiff(
  document: string,
  between: readonly [string, string],
  states: readonly Answer<MemberStates>[],
  entries: readonly Answer<Entries>[],
): Shown<DiffData> {
  const pair = between.map((name) => stateAt(states, name, document));
  const values = mergeEntries(entries.filter(({ member, reading }) => reading && between.includes(member)));
  const [first, second] = pair;
  if (!first || !second) {
    const data = { document, between, structs: [], deletionsDiffer: false, values: [] };
    return { data, messages: [notFound(document)] };
  }
  const structs = structDifferences(first, second);
  const differing = values.filter(({ values: at, absentAt }) => at.length > 1 || absentAt.length > 0);
  const deletionsDiffer = first.deletions !== second.deletions;
  const data = { document, between, structs, deletionsDiffer, values: differing };
  return { data, messages: messagesOf(data) };
}

function stateAt(states: readonly Answer<MemberStates>[], name: string, document: string): DocumentState | undefined {
  const reading = states.find(({ member }) => member === name)?.reading;
  return reading?.documents.find((state) => state.document === document);
}

function structDifferences(first: DocumentState, second: DocumentState): StructDifference[] {
  const clients = new Set([...Object.keys(first.vector), ...Object.keys(second.vector)]);
  return [...clients].flatMap((client) => {
    const clocks = [first.vector[client] ?? 0, second.vector[client] ?? 0] as const;
    const owner = first.owners[client] ?? second.owners[client];
    return clocks[0] === clocks[1] ? [] : [{ client, clocks, ...(owner === undefined ? {} : { owner }) }];
  });
}

/** Equal clocks and other contents are the worst there is: nothing will ever exchange them. */
function messagesOf({ document, between: [a, b], structs, values, deletionsDiffer }: DiffData): Message[] {
  if (structs.length > 0 || deletionsDiffer || values.length === 0) return [];
  return [
    {
      code: "differs",
      severity: "error",
      text: `"${a}" and "${b}" hold the same clocks of "${document}", and ${values.length} other values`,
      fix: "A Yjs client was used twice, or a document was tampered with: run `redbutton verify`, and start one of the two from an empty disk.",
    },
  ];
}

export const diff = view({
  summary: "one document at two members, by struct and by value",
  params: v.strictObject({ show: showParam, document: documentParam, a: textParam, b: textParam }),
  run: async ({ inspector }, { show, document: named, a, b }) => {
    const document = named ?? talliesName(show);
    const [states, entries] = await Promise.all([
      inspector.gather({ ask: "states", show }),
      inspector.gather({ ask: "entries", show, document, rows: MAX_ROWS }),
    ]);
    return { shown: showDiff(document, [a, b], states, entries), asked: states };
  },
});
