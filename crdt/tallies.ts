import * as Y from "yjs";
import { Coverage, type Watermark } from "./coverage.ts";
import type { Counts } from "./show.ts";

/**
 * An edge's register: for each shard it subscribes to, the counts of everything it has folded and the coverage that
 * they stand for. Plain JSON, so that any Yjs client can read it.
 */
export interface Register {
  readonly boot: string;
  /** By shard number. */
  readonly shards: Readonly<Record<string, Section>>;
}

export interface Section {
  readonly coverage: Watermark;
  /** By poll id; polls that are final stand on the board. */
  readonly polls: Readonly<Record<string, Counts>>;
  /** Receivers that retrieved the show's content. */
  readonly present: number;
}

/** How often an edge writes its register at most. */
export const TALLIES_INTERVAL_MS = 100;

/** The tallies of a show. Nothing else may be written by this document's client: a second key brings tombstones back. */
export class Tallies {
  readonly doc: Y.Doc;
  readonly #registers: Y.Map<Register>;

  constructor(doc: Y.Doc) {
    this.doc = doc;
    this.#registers = doc.getMap("registers");
  }

  set(edge: string, register: Register): void {
    this.#registers.set(edge, register);
  }

  of(edge: string): Register | undefined {
    return this.#registers.get(edge);
  }

  registers(): Map<string, Register> {
    return new Map(this.#registers.entries());
  }
}

/** For each shard, of the sections that suit, the one that has seen the most, ties by edge. They are never added. */
export function bestSections(
  registers: ReadonlyMap<string, Register>,
  suits: (section: Section) => boolean = () => true,
): Map<string, Section> {
  const best = new Map<string, { section: Section; sum: number }>();
  for (const [, register] of [...registers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [shard, section] of Object.entries(register.shards)) {
      const sum = Coverage.from(section.coverage).sum;
      if (suits(section) && sum > (best.get(shard)?.sum ?? -1)) best.set(shard, { section, sum });
    }
  }
  return new Map([...best].map(([shard, { section }]) => [shard, section]));
}

/**
 * A poll's counts over all shards. A section without the poll is that of an edge which has heard of the poll's final
 * before us: it is no word on the counts, however much it covers.
 */
export function sumCounts(registers: ReadonlyMap<string, Register>, poll: string): Counts {
  const best = bestSections(registers, (section) => section.polls[poll] !== undefined);
  return addCounts([...best.values()].map((section) => section.polls[poll]!));
}

export function addCounts(parts: readonly Counts[]): Counts {
  return {
    anonymous: addLists(parts.map((part) => part.anonymous)),
    signed: addLists(parts.map((part) => part.signed)),
  };
}

function addLists(lists: readonly (readonly number[])[]): number[] {
  const length = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length }, (_, i) => lists.reduce((sum, list) => sum + (list[i] ?? 0), 0));
}
