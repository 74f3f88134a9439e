import type { DocData, DocEntry, RegisterSection } from "../../../../crdt/inspect/view/doc.ts";
import { grouped, style, tableOf } from "../../output.ts";
import { clockTime } from "./lag.ts";

/** Characters of a value that fit beside the rest. */
const VALUE_CHARS = 60;

export function docText({ document, entries, omitted, registers }: DocData): string {
  const more = omitted > 0 ? [style("dim", `and ${grouped(omitted)} more: --rows, or --search TEXT`)] : [];
  const beside = registers.length > 0 ? ["", style("bold", "registers"), registersText(registers)] : [];
  return [style("bold", document), entriesText(entries), ...more, ...beside].join("\n");
}

export function entriesText(entries: readonly DocEntry[]): string {
  const rows = entries.flatMap(({ root, key, values, absentAt }) =>
    values.map(({ author, clock, at, bytes, members, value }) => [
      `${root} ${key}`,
      author ?? "?",
      String(clock),
      at === undefined ? "" : clockTime(at),
      grouped(bytes),
      values.length > 1 || absentAt.length > 0 ? style("yellow", `only ${members.join(", ")}`) : "all",
      cut(JSON.stringify(value) ?? ""),
    ]),
  );
  return rows.length === 0
    ? "nothing"
    : tableOf([["key", "author", "clock", "since", "bytes", "at", "value"], ...rows]);
}

function registersText(registers: readonly RegisterSection[]): string {
  const rows = registers.map(({ edge, boot, shard, covered, polls, present }) => [
    edge,
    boot,
    shard,
    grouped(covered),
    grouped(present),
    Object.entries(polls)
      .map(
        ([poll, { anonymous, signed }]) => `${poll} ${anonymous.map((count, i) => count + (signed[i] ?? 0)).join("/")}`,
      )
      .join(", "),
  ]);
  return tableOf([["edge", "boot", "shard", "batches covered", "present", "counts"], ...rows]);
}

export function cut(text: string): string {
  return text.length <= VALUE_CHARS ? text : `${text.slice(0, VALUE_CHARS - 1)}…`;
}
