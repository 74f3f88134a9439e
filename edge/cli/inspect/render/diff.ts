import type { DiffData } from "../../../../crdt/inspect/view/diff.ts";
import { style, tableOf } from "../../output.ts";
import { entriesText } from "./doc.ts";

export function diffText({ document, between: [a, b], structs, deletionsDiffer, values }: DiffData): string {
  const head = style("bold", `${document}: ${a} | ${b}`);
  if (structs.length === 0 && values.length === 0 && !deletionsDiffer) return `${head}\n${style("green", "equal")}`;
  const clocks = structs.map(({ client, owner, clocks: [first, second] }) => [
    owner ?? `client ${client}`,
    String(first),
    String(second),
  ]);
  return [
    head,
    ...(structs.length > 0 ? [tableOf([["clocks of", a, b], ...clocks])] : []),
    ...(deletionsDiffer ? ["other parts are deleted"] : []),
    ...(values.length > 0 ? [entriesText(values)] : ["all values are equal"]),
  ].join("\n");
}
