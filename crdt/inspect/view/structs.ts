import * as v from "valibot";
import type { Answer } from "../inspector.ts";
import type { DocumentStructs, Structs } from "../read/structs.ts";
import type { Message, Shown } from "../report.ts";
import { documentParam, showParam } from "./params.ts";
import { view } from "./view.ts";

/** What documents are made of, at each member. */
export interface StructsData {
  readonly members: readonly { readonly name: string; readonly documents: readonly DocumentStructs[] }[];
}

/** Tombstones in one document, beside what lives, from which a pattern of writing is suspected. */
export const NOTABLE_TOMBSTONES = 1_000;

export function showStructs(answers: readonly Answer<Structs>[]): Shown<StructsData> {
  const members = answers.flatMap(({ member, reading }) =>
    reading ? [{ name: member, documents: reading.documents }] : [],
  );
  const messages = members.flatMap(({ name, documents }) => documents.flatMap((each) => tombstones(name, each)));
  return { data: { members }, messages };
}

/** Tallies have a tombstone a writer; a key that is overwritten among others leaves one each time. */
function tombstones(name: string, { document, totals, hotKeys }: DocumentStructs): Message[] {
  const { live, deleted, collected } = totals;
  if (document.includes("/ledger/") || deleted + collected < NOTABLE_TOMBSTONES + live) return [];
  const keys = hotKeys.map(({ key }) => `"${key}"`).slice(0, 3);
  return [
    {
      code: "tombstones",
      severity: "warning",
      text: `"${document}" at "${name}" has ${deleted + collected} tombstones beside ${live} that live${keys.length > 0 ? `: ${keys.join(", ")} most` : ""}`,
      fix: "Something writes several keys in turn under one Yjs client: give what changes often a document of its own.",
    },
  ];
}

export const structs = view({
  summary: "what documents are made of, by client and kind",
  params: v.strictObject({ show: showParam, document: documentParam }),
  run: async ({ inspector }, { show, document }) => {
    const asked = await inspector.gather({ ask: "structs", show, ...(document === undefined ? {} : { document }) });
    return { shown: showStructs(asked), asked };
  },
});
