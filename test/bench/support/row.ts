/** What a figure has to be. */
export type Target = { readonly most: number } | { readonly least: number };

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly measured: number;
  readonly unit: string;
  /** What `measured` is divided by; then the ratio is what the target is about. */
  readonly against?: { readonly what: string; readonly value: number };
  readonly target?: Target;
  readonly note?: string;
}

export type Verdict = "ok" | "MISS" | "";

export function ratioOf({ measured, against }: Row): number | undefined {
  return against && measured / against.value;
}

export function verdictOf(row: Row): Verdict {
  if (!row.target) return "";
  const judged = ratioOf(row) ?? row.measured;
  return ("most" in row.target ? judged <= row.target.most : judged >= row.target.least) ? "ok" : "MISS";
}
