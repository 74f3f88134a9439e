import { parseDocumentName } from "../../documents.ts";
import type { Message } from "../report.ts";
import type { LagCell, LagState } from "./lag.ts";
import { seconds, time } from "./words.ts";

/** From this age on being behind is a warning, and an error, ms: a round of comparing, and ten. */
export const BEHIND_MS = { warning: 2_000, error: 10_000 } as const;

/** One message a member and document: the worst of what it lacks. */
export function lagMessages(cells: readonly LagCell[], now: number): Message[] {
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
      const silent = heardAt === undefined ? "" : "by its last word ";
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
