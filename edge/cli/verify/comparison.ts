import { totals, type Counts } from "../../../crdt/show.ts";
import type { Reading } from "./reading.ts";

/** A line of the table. */
export interface Row {
  readonly source: string;
  /** Choices by option, as far as there are any to show. */
  readonly totals: readonly number[] | undefined;
  readonly verdict: Verdict;
  readonly note: string;
}

export type Verdict = "ok" | "differs" | "absent" | "unreadable";

/** Something that is not as it must be, and where. */
export interface Difference {
  readonly where: string;
  readonly what: string;
}

/** Each reading beside what it has to be. */
export function compareReadings(reference: Counts, options: readonly string[], readings: readonly Reading[]): Row[] {
  return readings.map(({ source, outcome }): Row => {
    switch (outcome.is) {
      case "absent":
      case "unreadable":
        return { source, totals: undefined, verdict: outcome.is, note: outcome.why };
      case "counts": {
        const note = countsDifference(outcome.counts, reference, options);
        return {
          source,
          totals: padded(totals(outcome.counts), options.length),
          verdict: note === "" ? "ok" : "differs",
          note,
        };
      }
    }
  });
}

/** What a row says, where it is bad, as a difference. */
export function differencesOf(rows: readonly Row[]): Difference[] {
  return rows.flatMap(({ source, verdict, note }) => {
    switch (verdict) {
      case "differs":
      case "unreadable":
        return [{ where: source, what: note }];
      case "ok":
      case "absent":
        return [];
    }
  });
}

/** "anna: 12 signed, wanted 13"; empty where there is none. */
export function countsDifference(got: Counts, wanted: Counts, options: readonly string[]): string {
  const kinds = ["anonymous", "signed"] as const;
  const parts = options.flatMap((option, i) =>
    kinds.flatMap((kind) => {
      const [has, must] = [got[kind][i] ?? 0, wanted[kind][i] ?? 0];
      return has === must ? [] : [`${option}: ${has} ${kind}, wanted ${must}`];
    }),
  );
  return parts.join("; ");
}

function padded(counts: readonly number[], length: number): number[] {
  return Array.from({ length }, (_, i) => counts[i] ?? 0);
}
