// Latches in memory: their maps are the disk. test/contract has them and the real ones obey the same rules.
import type { Proposal } from "../../crdt/proposal.ts";
import type { Final } from "../../crdt/show.ts";
import type { FiredCue } from "../../crdt/threshold.ts";
import type { Finals } from "../../monitor/finals.ts";
import type { Shows } from "../../monitor/shows.ts";
import type { CueLatch } from "../../monitor/threshold/latch.ts";

export class MemoryFinals implements Finals {
  readonly latched: Map<string, Final>;

  constructor(latched = new Map<string, Final>()) {
    this.latched = latched;
  }

  latch(show: string, final: Final): Promise<Final> {
    const key = `${show}/${final.poll}`;
    const standing = this.latched.get(key) ?? final;
    this.latched.set(key, standing);
    return Promise.resolve(standing);
  }
}

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

export class MemoryLatch implements CueLatch {
  readonly events = new Map<string, number>();
  readonly cues = new Map<string, FiredCue>();
  readonly confirmed = new Map<string, number>();

  reserve(show: string, threshold: string, epoch: number): Promise<number> {
    const key = `${show}/${threshold}/${epoch}`;
    const event = this.events.get(key) ?? this.events.size + 1;
    this.events.set(key, event);
    return Promise.resolve(event);
  }

  latch(fired: FiredCue): Promise<FiredCue> {
    const standing = this.cues.get(fired.cue.id) ?? fired;
    this.cues.set(fired.cue.id, standing);
    return Promise.resolve(standing);
  }

  pending(show: string): Promise<FiredCue[]> {
    const waiting = [...this.cues.values()].filter(({ cue }) => cue.show === show && !this.confirmed.has(cue.id));
    return Promise.resolve(waiting);
  }

  confirm(id: string, at: number): Promise<void> {
    if (!this.confirmed.has(id)) this.confirmed.set(id, at);
    return Promise.resolve();
  }
}
