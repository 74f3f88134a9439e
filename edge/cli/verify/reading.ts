import type { Counts } from "../../../crdt/show.ts";

/** What one source says a poll has come to. */
export interface Reading {
  /** E.g. "fra results". */
  readonly source: string;
  readonly outcome: Outcome;
}

export type Outcome =
  | { readonly is: "counts"; readonly counts: Counts }
  /** There is nothing to compare here, and that is as it should be. */
  | { readonly is: "absent"; readonly why: string }
  /** There should be something, and it could not be read. */
  | { readonly is: "unreadable"; readonly why: string };

export function counted(source: string, counts: Counts): Reading {
  return { source, outcome: { is: "counts", counts } };
}

export function absent(source: string, why: string): Reading {
  return { source, outcome: { is: "absent", why } };
}

export function unreadable(source: string, error: unknown): Reading {
  return { source, outcome: { is: "unreadable", why: error instanceof Error ? error.message : String(error) } };
}
