import type { ReceiverId } from "./receiver.ts";
import type { Ballot } from "./ballot.ts";
import type { Counts, Mode, Poll } from "./show.ts";
import { ReceiverTable, type Slot } from "./table.ts";

/** What a tally needs to know of its poll. */
export interface TallyRules {
  readonly mode: Mode;
  /** Votes a receiver has: k runs from 1 to this. */
  readonly votes: number;
  readonly options: number;
}

/** Of a poll as it is defined, or as an edge answers it. */
export function tallyRulesOf({
  mode,
  votes,
  options,
}: Pick<Poll, "mode" | "votes"> & { readonly options: readonly unknown[] }): TallyRules {
  return { mode, votes, options: options.length };
}

/** Presence counts receivers: the first retrieval stands, and there is one "option". */
export const PRESENCE_RULES: TallyRules = { mode: "first", votes: 1, options: 1 };

/** What a receiver's earlier ballot in a poll was. */
export interface KnownBallot {
  readonly press: number;
  readonly option: number;
  readonly k: number;
}

/**
 * One poll folded: who chose what, and the counts. The outcome is a function of the set of ballots taken, whatever
 * their order and however often each comes.
 */
export class Tally {
  readonly #rules: TallyRules;
  readonly #beats: (next: Slot, current: Slot) => boolean;
  readonly #epoch: number;
  readonly #edges: EdgeList;
  readonly #table = new ReceiverTable();
  readonly #next = { hi: 0, lo: 0, k: 0, press: 0, option: 0, signed: false, edge: 0, time: 0 };
  #voters = 0;
  #contests = 0;
  readonly #anonymous: Float64Array;
  readonly #signed: Float64Array;

  /** `epoch`: milliseconds since 1970 from which the table counts time, the same at every replica. */
  constructor(rules: TallyRules, epoch: number, edges: EdgeList) {
    this.#rules = rules;
    this.#epoch = epoch;
    this.#edges = edges;
    this.#anonymous = new Float64Array(rules.options);
    this.#signed = new Float64Array(rules.options);
    const wins = rules.mode === "first" ? this.#isEarlier.bind(this) : this.#isLaterPress.bind(this);
    this.#beats = (next, current) => {
      if (next.press === current.press && next.option !== current.option) this.#contests += 1;
      return wins(next, current);
    };
  }

  /** Takes one ballot from `edge`. Bytes that the poll's definition does not allow change nothing, at any replica. */
  take(ballot: Ballot, edge: number): void {
    if (!isAllowed(ballot, this.#rules)) return;
    const next = this.#next;
    next.hi = ballot.hi;
    next.lo = ballot.lo;
    next.k = ballot.k;
    next.press = ballot.press;
    next.option = ballot.option;
    next.signed = ballot.signed;
    next.edge = edge;
    next.time = this.#localTime(ballot.time);
    this.join(next);
  }

  /** Joins another replica's choices: the same rule, so taking what is known already changes nothing. */
  join(slot: Slot): void {
    const replaced = this.#table.put(slot, this.#beats);
    if (replaced === undefined) return;
    if (replaced !== "new") this.#count(replaced, -1);
    else if (this.#isFirstVote(slot)) this.#voters += 1;
    this.#count(slot, 1);
  }

  /** The receiver's choices in force, by k. */
  known(receiver: ReceiverId): KnownBallot[] {
    const known: KnownBallot[] = [];
    for (let k = 1; k <= this.#rules.votes; k++) {
      const slot = this.#table.get(receiver.hi, receiver.lo, k);
      if (slot) known.push({ press: slot.press, option: slot.option, k });
    }
    return known;
  }

  get counts(): Counts {
    return { anonymous: [...this.#anonymous], signed: [...this.#signed] };
  }

  /** Choices in force. */
  get size(): number {
    return this.#table.size;
  }

  /** Receivers with at least one choice in force, however many votes each has. */
  get voters(): number {
    return this.#voters;
  }

  /** Bytes of memory held by the table. */
  get bytes(): number {
    return this.#table.bytes;
  }

  /** How often two ballots of one receiver met here that said different things under one press. */
  get contests(): number {
    return this.#contests;
  }

  slots(): Iterable<Slot> {
    return this.#table;
  }

  /** Of a slot that is in the table. A receiver's votes lie side by side, so this reads one cache line or two. */
  #isFirstVote({ hi, lo, k }: Slot): boolean {
    for (let other = 1; other <= this.#rules.votes; other++)
      if (other !== k && this.#table.get(hi, lo, other)) return false;
    return true;
  }

  #count(slot: Slot, by: 1 | -1): void {
    const counts = slot.signed ? this.#signed : this.#anonymous;
    counts[slot.option] = counts[slot.option]! + by;
  }

  /** Clamped, so that the fold is total: a time outside the table's 49 days still compares the same everywhere. */
  #localTime(time: number): number {
    return Math.min(Math.max(time - this.#epoch, 0), 0xffffffff);
  }

  /** Last counts, and votes: the greatest (press, time, edge, bytes). */
  #isLaterPress(a: Slot, b: Slot): boolean {
    return (a.press - b.press || a.time - b.time || this.#edges.compare(a.edge, b.edge) || compareBytes(a, b)) > 0;
  }

  /** First counts: the least (time, edge, bytes). */
  #isEarlier(a: Slot, b: Slot): boolean {
    return (a.time - b.time || this.#edges.compare(a.edge, b.edge) || a.press - b.press || compareBytes(a, b)) < 0;
  }
}

/** Whether a poll's definition allows a ballot; what it does not allow counts nowhere. */
export function isAllowed({ option, k }: Pick<Ballot, "option" | "k">, { options, votes }: TallyRules): boolean {
  return option < options && k >= 1 && k <= votes;
}

function compareBytes(a: Slot, b: Slot): number {
  return a.option - b.option || Number(a.signed) - Number(b.signed);
}

/** Names of edges by the small number that tables keep; numbers are local, the order of names is everybody's. */
export class EdgeList {
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** Whether the edge has its number, or gets it now: false past `MAX_EDGES`. */
  admits(name: string): boolean {
    if (!this.#numbers.has(name) && this.#names.length >= MAX_EDGES) return false;
    this.number(name);
    return true;
  }

  /** The edge's number. Throws past `MAX_EDGES`: the table keeps it in a byte. */
  number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#names.length >= MAX_EDGES)
      throw new RangeError(`numbering edge "${name}": a show has at most ${MAX_EDGES}`);
    this.#numbers.set(name, this.#names.push(name) - 1);
    return this.#names.length - 1;
  }

  compare(a: number, b: number): number {
    if (a === b) return 0;
    return this.#names[a]! < this.#names[b]! ? -1 : 1;
  }

  get names(): readonly string[] {
    return this.#names;
  }
}

/** Most edge names in one show: a byte in each slot. */
export const MAX_EDGES = 256;
