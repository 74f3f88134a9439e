import { isWorse } from "../../../../crdt/inspect/view/lag-messages.ts";
import type { LagCell, LagData } from "../../../../crdt/inspect/view/lag.ts";
import { duration, grouped, style, tableOf } from "../../output.ts";

/** A table a document: rows lack what columns hold. */
export function lagText({ documents, cells }: LagData, now: number): string {
  return documents.map((document) => matrix(document, cells, now)).join("\n\n");
}

function matrix(document: string, all: readonly LagCell[], now: number): string {
  const cells = all.filter((cell) => cell.document === document);
  const names = [...new Set(cells.flatMap(({ lacking, holder }) => [lacking, holder]))];
  const rows = names.map((lacking) => [
    lacking,
    ...names.map((holder) => {
      const cell = cells.find((each) => each.lacking === lacking && each.holder === holder);
      return cell ? cellText(cell, now) : "·";
    }),
  ]);
  const worst = cells.reduce<LagCell | undefined>((a, b) => (a && !isWorse(b, a) ? a : b), undefined);
  const verdict = worst?.state === "equal" ? style("green", "all equal") : "";
  return `${style("bold", document)} ${verdict}\n${tableOf([["lacks, of →", ...names], ...rows])}`;
}

function cellText({ state, count, since, heardAt }: LagCell, now: number): string {
  switch (state) {
    case "equal":
      return style("green", "=");
    case "unknown":
      return style("dim", heardAt === undefined ? "?" : `? since ${clockTime(heardAt)}`);
    case "deletions":
      return style("yellow", "deletions differ");
    case "behind":
    case "gap": {
      const text = `${state === "gap" ? "GAP " : ""}${grouped(count)} behind${heardAt === undefined ? "" : " by its last word"}`;
      return style("red", since === undefined ? text : `${text}, ${duration(now - since)}, since ${clockTime(since)}`);
    }
  }
}

export function clockTime(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}
