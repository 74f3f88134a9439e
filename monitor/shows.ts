import type { Proposal } from "../crdt/proposal.ts";

/** Where shows are established: of several proposals of one name the first one written stands, whoever tries again. */
export interface Shows {
  /** Writes `proposal` unless there is a show of its name, and returns the one that stands. */
  establish(proposal: Proposal): Promise<Proposal>;
  /** Puts another key in the place of an established show's. */
  replaceKey(show: string, wrappedKey: string): Promise<void>;
}

/** In memory, for tests and the simulation: `established` is the disk. */
export class MemoryShows implements Shows {
  readonly established: Map<string, Proposal>;

  constructor(established = new Map<string, Proposal>()) {
    this.established = established;
  }

  establish(proposal: Proposal): Promise<Proposal> {
    const standing = this.established.get(proposal.show.id) ?? proposal;
    this.established.set(proposal.show.id, standing);
    return Promise.resolve(standing);
  }

  replaceKey(show: string, wrappedKey: string): Promise<void> {
    const standing = this.established.get(show);
    if (standing) this.established.set(show, { ...standing, show: { ...standing.show, wrappedKey } });
    return Promise.resolve();
  }
}
