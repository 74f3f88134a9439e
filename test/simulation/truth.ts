import { ballotsOf, chainId, decodeBatch, decodeHeader } from "../../crdt/batch.ts";
import type { Ballot } from "../../crdt/ballot.ts";
import { equalBytes } from "../../crdt/bytes.ts";
import type { Watermark } from "../../crdt/coverage.ts";
import { receiverHex } from "../../crdt/receiver.ts";
import type { Counts, Poll } from "../../crdt/show.ts";
import { canonical } from "./canonical.ts";
import type { Stage } from "./stage.ts";

/** A ballot in a batch that is durable somewhere. */
export interface Vote extends Ballot {
  readonly receiver: string;
  readonly edge: string;
}

interface TrueBatch {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly votes: readonly Vote[];
  /** The poll that this batch seals. */
  readonly seals: number | undefined;
}

/** What a poll comes to: written for its plainness, and knowing nothing of how crdt/ folds. */
export interface PlainFold {
  /** "poll/receiver/k" → the ballot that counts. */
  readonly choices: ReadonlyMap<string, Vote>;
  counts(poll: Poll): Counts;
}

/** Every batch that was ever durable on any disk of a run, lost disks included: what all replicas are measured by. */
export class Truth {
  readonly #stage: Stage;
  readonly #polls: readonly Poll[];
  /** Chain → sequence → batch. */
  readonly #chains = new Map<string, Map<number, TrueBatch>>();
  /** "chain/sequence" → hosts on whose disks it was written. */
  readonly #hosts = new Map<string, Set<string>>();

  constructor(stage: Stage, polls: readonly Poll[]) {
    this.#stage = stage;
    this.#polls = polls;
  }

  add(host: string, bytes: Uint8Array): void {
    const batch = decodeBatch(bytes);
    const id = chainId(batch);
    const identity = `${id}/${batch.sequence}`;
    this.#hosts.set(identity, (this.#hosts.get(identity) ?? new Set()).add(host));
    const chain = this.#chains.get(id) ?? new Map<number, TrueBatch>();
    this.#chains.set(id, chain);
    const known = chain.get(batch.sequence);
    if (known) {
      if (!equalBytes(known.bytes, bytes)) this.#stage.violate("a batch's identity stands for one content", identity);
      return;
    }
    const votes =
      batch.kind === "ballots"
        ? [...ballotsOf(batch)].map((ballot): Vote => ({ ...ballot, receiver: receiverHex(ballot), edge: batch.edge }))
        : [];
    const seals = batch.kind === "seal" ? batch.poll : undefined;
    chain.set(batch.sequence, { sequence: batch.sequence, bytes: bytes.slice(), votes, seals });
  }

  chains(): string[] {
    return [...this.#chains.keys()];
  }

  batch(chain: string, sequence: number): TrueBatch | undefined {
    return this.#chains.get(chain)?.get(sequence);
  }

  /** The highest sequence up to which every batch of each chain is known. */
  get coverage(): Watermark {
    return Object.fromEntries([...this.#chains].map(([id, chain]) => [id, lastOf(chain)]));
  }

  /** Hosts on whose disk the batch was written at some time. */
  hostsOf(chain: string, sequence: number): ReadonlySet<string> {
    return this.#hosts.get(`${chain}/${sequence}`) ?? new Set();
  }

  /** Folds exactly the batches of `upTo`; undefined where some of them never were durable anywhere. */
  fold(upTo: Watermark): PlainFold | undefined {
    const choices = new Map<string, Vote>();
    for (const [id, last] of Object.entries(upTo)) {
      const chain = this.#chains.get(id);
      for (let sequence = 1; sequence <= last; sequence++) {
        const batch = chain?.get(sequence);
        if (!batch) return undefined;
        for (const vote of batch.votes) this.#take(choices, vote);
      }
    }
    return { choices, counts: (poll) => countsOf(choices, poll) };
  }

  #take(choices: Map<string, Vote>, vote: Vote): void {
    const poll = this.#polls[vote.poll];
    if (!poll || vote.option >= poll.options.length || vote.k < 1 || vote.k > poll.votes) return;
    const key = `${vote.poll}/${vote.receiver}/${vote.k}`;
    const current = choices.get(key);
    if (!current || beats(poll, vote, current)) choices.set(key, vote);
  }
}

/** Whether `a` counts rather than `b`, by the definition of the poll's mode. */
export function beats(poll: Poll, a: Ranked, b: Ranked): boolean {
  const order = (list: readonly ((vote: Ranked) => number | string)[]): number => {
    for (const by of list) if (by(a) !== by(b)) return by(a) < by(b) ? -1 : 1;
    return 0;
  };
  const time = (vote: Ranked): number => vote.time;
  const edge = (vote: Ranked): string => vote.edge;
  const press = (vote: Ranked): number => vote.press;
  const option = (vote: Ranked): number => vote.option;
  const signed = (vote: Ranked): number => Number(vote.signed);
  return poll.mode === "first"
    ? order([time, edge, press, option, signed]) < 0
    : order([press, time, edge, option, signed]) > 0;
}

export type Ranked = Pick<Vote, "time" | "edge" | "press" | "option" | "signed">;

function countsOf(choices: ReadonlyMap<string, Vote>, poll: Poll): Counts {
  const anonymous = poll.options.map(() => 0);
  const signed = poll.options.map(() => 0);
  for (const vote of choices.values()) {
    if (vote.poll !== poll.index) continue;
    const list = vote.signed ? signed : anonymous;
    list[vote.option]! += 1;
  }
  return { anonymous, signed };
}

function lastOf(chain: ReadonlyMap<number, TrueBatch>): number {
  let last = 0;
  while (chain.has(last + 1)) last += 1;
  return last;
}

/** Whether counts are what they should be. A poll of which nothing was folded has none yet. */
export function isTrue(counted: Counts, truly: Counts): boolean {
  const isNothing =
    counted.anonymous.length === 0 && [...truly.anonymous, ...truly.signed].every((count) => count === 0);
  return isNothing || canonical(counted) === canonical(truly);
}

/** Whether a batch lies beyond `pruned`. */
export function isAbove(bytes: Uint8Array, pruned: Watermark): boolean {
  const header = decodeHeader(bytes);
  return header.sequence > (pruned[chainId(header)] ?? 0);
}

/** A batch's chain and sequence. */
export function identityOf(bytes: Uint8Array): string {
  const header = decodeHeader(bytes);
  return `${chainId(header)}/${header.sequence}`;
}
