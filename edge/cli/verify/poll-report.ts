import type { PollState } from "../../../crdt/poll.ts";
import { grouped, style, tableOf } from "../output.ts";
import type { Difference, Row, Verdict } from "./comparison.ts";

/** What verifying one poll has shown. */
export interface PollReport {
  readonly poll: string;
  readonly state: PollState;
  readonly options: readonly string[];
  readonly rows: readonly Row[];
  readonly differences: readonly Difference[];
  /** What is good to know and no difference. */
  readonly notes: readonly string[];
}

export function isFine({ differences }: PollReport): boolean {
  return differences.length === 0;
}

/** Differences that are named one by one, of each poll. */
const MAX_NAMED = 30;

export function pollText({ poll, state, options, rows, differences, notes }: PollReport): string {
  const head = ["source", ...options, "total", ""];
  const body = rows.map(({ source, totals, verdict, note }) => [
    source,
    ...cells(totals, options.length),
    `${mark(verdict)}${verdict === "absent" ? `: ${note}` : ""}`,
  ]);
  return [
    style("bold", `${poll} (${state})`),
    tableOf([head, ...body]),
    ...notes.map((note) => `  ${note}`),
    ...differences.slice(0, MAX_NAMED).map(({ where, what }) => style("red", `  ${where}: ${what}`)),
    ...(differences.length > MAX_NAMED
      ? [style("red", `  and ${grouped(differences.length - MAX_NAMED)} more differences`)]
      : []),
  ].join("\n");
}

function cells(totals: readonly number[] | undefined, options: number): string[] {
  if (!totals) return Array.from({ length: options + 1 }, () => "–");
  return [...totals, totals.reduce((sum, count) => sum + count, 0)].map(grouped);
}

function mark(verdict: Verdict): string {
  switch (verdict) {
    case "ok":
      return style("green", "ok");
    case "differs":
      return style("red", "differs");
    case "unreadable":
      return style("red", "unreadable");
    case "absent":
      return style("dim", "none");
  }
}
