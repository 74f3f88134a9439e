import type { Proposal } from "../crdt/proposal.ts";

/** Where shows are established: of several proposals of one name the first one written stands, whoever tries again. */
export interface Shows {
  /** Writes `proposal` unless there is a show of its name, and returns the one that stands. */
  establish(proposal: Proposal): Promise<Proposal>;
  /** Puts another key in the place of an established show's. */
  replaceKey(show: string, wrappedKey: string): Promise<void>;
}
