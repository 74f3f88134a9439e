import type { Outcome } from "./chapter.ts";
import { ratioOf, verdictOf, type Row } from "./row.ts";

/** Prints a chapter: a line a row, with what it has to be and what it was compared with. */
export function printOutcome({ title, rows, failure }: Outcome): void {
  console.log(`\n${title}`);
  if (failure !== undefined) console.log(`  FAILED  ${failure}`);
  for (const row of rows) console.log(lineOf(row));
}

export function lineOf(row: Row): string {
  const ratio = ratioOf(row);
  const measured = `${format(row.measured)} ${row.unit}`;
  const against = row.against ? ` = ${format(ratio!)} × ${row.against.what} (${format(row.against.value)})` : "";
  const target = row.target
    ? ` [${"most" in row.target ? "≤" : "≥"} ${format("most" in row.target ? row.target.most : row.target.least)}]`
    : "";
  const note = row.note === undefined ? "" : `\n${" ".repeat(8)}${row.note}`;
  return `  ${verdictOf(row).padEnd(5)} ${row.what}: ${measured}${against}${target}${note}`;
}

/** Three figures that matter, thousands apart. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en", { maximumFractionDigits: Math.min(digits, 4) });
}
