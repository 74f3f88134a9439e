import * as Y from "yjs";
import { chainId, headerOf, MAX_SEALED_CHAINS, type Chain, type SealedChain } from "./batch.ts";
import type { Watermark } from "./coverage.ts";
import { Fold, type FoldTables } from "./fold.ts";
import type { Journal } from "./journal.ts";
import { isPruned, Ledger } from "./ledger.ts";
import { HERE } from "./origin.ts";
import type { Timers } from "./ports.ts";
import type { BatchRange } from "./store/store.ts";
import type { TallyRules } from "./tally.ts";
import { Writer } from "./writer.ts";

/** Batches appended again in one transaction: at most 256 kB, so that no update outgrows a link's frame. */
const REAPPEND_BATCHES = 16;
/** Tables count time from a day before the show was created: an edge's clock may be behind its creator's. */
export const EPOCH_SLACK_MS = 86_400_000;

export interface ShardOptions {
  readonly show: string;
  /** This member's chain in the shard. */
  readonly chain: Chain;
  /** Boots of this member before this one, oldest first. */
  readonly earlierBoots: readonly string[];
  readonly doc: Y.Doc;
  /** When the show was created, ms since 1970. */
  readonly created: number;
  readonly rulesOf: (poll: number) => TallyRules | undefined;
  /** Keeps who has voted in any poll. */
  readonly keepsVoters?: boolean;
  readonly tables?: FoldTables;
  readonly journal: Journal;
  readonly timers: Timers;
  /** Batches of our own became durable and folded, and have not left yet. */
  readonly onvisible: (batches: readonly Uint8Array[]) => void;
  /** The same once they are in the ledger, and on their way. */
  readonly onwritten: (batches: readonly Uint8Array[]) => void;
}

/** A part of a show's receivers at one member: the ledger, its fold, and this boot's own chain. */
export class Shard {
  readonly ledger: Ledger;
  readonly fold: Fold;
  readonly writer: Writer;
  readonly #options: ShardOptions;
  /** Polls whose seal is on its way into the log. */
  readonly #sealing = new Set<number>();

  constructor(options: ShardOptions) {
    this.#options = options;
    this.ledger = new Ledger(options.doc);
    const { rulesOf, created, keepsVoters, tables } = options;
    this.fold = new Fold(rulesOf, created - EPOCH_SLACK_MS, keepsVoters, tables);
    // Before any peer's, so that there is room for it: what this boot writes is folded.
    this.fold.edges.number(options.chain.edge);
    this.writer = new Writer(options.show, options.chain, options.journal, options.timers, (batches) => {
      for (const bytes of batches) this.fold.take(bytes);
      options.onvisible(batches);
      this.#append(batches);
      options.onwritten(batches);
    });
  }

  /** Seals a poll: this boot admits nothing for it any more. Names the earlier boots of the same disk, too. */
  async seal(poll: number, time: number): Promise<void> {
    this.#sealing.add(poll);
    await this.writer.seal(poll, time, this.#earlierSealed());
    this.#sealing.delete(poll);
  }

  /** Seals every poll, and ends this boot's chain by that: see `Writer.end`. */
  end(time: number): Promise<void> {
    return this.writer.end(time, this.#earlierSealed());
  }

  /** Whether this boot has sealed the poll. */
  hasSealed(poll: number): boolean {
    return this.fold.hasSealed(poll, this.#options.chain.edge, this.#options.chain.boot);
  }

  /** Whether nothing may be admitted for the poll any more: it is being sealed here, or a boot of this edge has. */
  isOver(poll: number): boolean {
    return this.#sealing.has(poll) || this.fold.hasSealed(poll, this.#options.chain.edge);
  }

  /**
   * Appends again, unchanged and to this boot's own array, what earlier boots of this member wrote and the ledger does
   * not hold. What lies at or below `pruned` is recorded, and must not come back. Returns how many were appended.
   */
  async reappend(pruned: () => Watermark, logged: (range: BatchRange) => AsyncIterable<Uint8Array>): Promise<number> {
    const written: Uint8Array[] = [];
    for (const chain of this.#earlierChains()) {
      const range = { chain, after: pruned()[chainId(chain)] ?? 0, upTo: this.fold.coverage.of(chain) };
      if (range.upTo <= range.after) continue;
      for await (const bytes of logged(range)) written.push(bytes);
    }
    // Only now: while the log was read, peers may have brought some of them, and the recorder pruned others.
    const present = new Set([...this.ledger.batches()].map(identityOf));
    const reached = pruned();
    const missing = written.filter((bytes) => !present.has(identityOf(bytes)) && !isPruned(bytes, reached));
    for (let at = 0; at < missing.length; at += REAPPEND_BATCHES)
      this.#append(missing.slice(at, at + REAPPEND_BATCHES));
    return missing.length;
  }

  /** Of too many boots the oldest are left out: they enter the cut as far as they are recorded. */
  #earlierSealed(): SealedChain[] {
    const sealed = this.#earlierChains().flatMap((chain): SealedChain[] => {
      const hash = this.fold.head(chainId(chain));
      return hash ? [{ boot: chain.boot, sequence: this.fold.coverage.of(chain), hash }] : [];
    });
    return sealed.slice(1 - MAX_SEALED_CHAINS);
  }

  #earlierChains(): Chain[] {
    return this.#options.earlierBoots.map((boot) => ({ ...this.#options.chain, boot }));
  }

  #append(batches: readonly Uint8Array[]): void {
    const { edge, boot } = this.#options.chain;
    Y.transact(this.ledger.doc, () => this.ledger.append(edge, boot, batches), HERE);
  }
}

function identityOf(bytes: Uint8Array): string | undefined {
  const header = headerOf(bytes);
  return header && `${chainId(header)}/${header.sequence}`;
}
