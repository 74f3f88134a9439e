import type { Final } from "../crdt/show.ts";

/** Where results are latched: the first one written stands, whoever tries again. */
export interface Finals {
  /** Writes `final` unless the poll has one, and returns the one that stands. */
  latch(show: string, final: Final): Promise<Final>;
}
