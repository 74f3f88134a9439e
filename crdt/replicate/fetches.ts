import { batchOf, chainId, headerOf, MAX_BATCH_BYTES, parseChainId, type Chain } from "../batch.ts";
import type { Watermark } from "../coverage.ts";
import type { World } from "../ports.ts";
import type { Replica } from "../replica.ts";
import type { FetchFrame, Frame } from "./frame.ts";

/** A group of batches in an answer, bytes: a quarter of a frame, so that live updates get in between. */
export const MAX_GROUP_BYTES = 256 * 1024;
/** What one answer to a fetch carries, bytes; whoever misses more asks again. */
export const MAX_FETCH_BYTES = 4 * 1024 * 1024;
/**
 * Rounds of comparing, a second each, in which nothing of an answer came: it is asked for anew. A full link dropped the
 * question or the answer's end; behind all that a link may hold an answer is seconds late, and asking twice is harmless.
 */
export const MAX_SILENT_ROUNDS = 5;

/** What fetching needs of the member that does it. */
export interface FetchesHost {
  readonly world: World;
  /** The replica of a show that a peer has named, made empty where it is new here. */
  adopt(show: string): Replica | undefined;
  /** Whether the network's configuration names this member. */
  isMember(name: string): boolean;
}

/** Sends a frame; false where it was not sent. */
interface Send {
  (frame: Extract<Frame, { type: "fetch" | "batches" }>): boolean;
}

interface Asked {
  readonly chain: string;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. */
  readonly upTo: number;
  /** Sum of our coverage when it was asked for. */
  readonly covered: number;
  /** Rounds since something of the answer came. */
  silent: number;
}

/**
 * Batches that no document brings, pruned ones or those whose writer has gone: asked of one peer and answered to it, over
 * one link and one answer a show at a time. Nothing is taken that was not asked for.
 */
export class Fetches {
  readonly #peer: string;
  readonly #host: FetchesHost;
  readonly #send: Send;
  /** Show → the peer's coverage when it last told. */
  readonly #covers = new Map<string, Watermark>();
  /** Show → what the peer was asked for, and has not answered to the end. */
  readonly #asked = new Map<string, Asked>();
  /** Shows of which an answer to the peer is under way. */
  readonly #answering = new Set<string>();
  /**
   * Show and chain of what the peer sent and this program cannot read, a later version's: the same bytes again would
   * bring nothing, and would keep the chains behind it from being fetched. Updated, this program has another link.
   */
  readonly #unreadable = new Set<string>();
  /** Fetched batches are taken one group after another. */
  #taking: Promise<void> = Promise.resolve();

  constructor(peer: string, host: FetchesHost, send: Send) {
    this.#peer = peer;
    this.#host = host;
    this.#send = send;
  }

  /** Whether the peer has said that it holds a chain durably up to `sequence`. */
  covers(show: string, chain: string, sequence: number): boolean {
    return (this.#covers.get(show)?.[chain] ?? 0) >= sequence;
  }

  /** What the peer covered a round ago and we still do not was lost to the documents: it is fetched by batch. */
  oncovers(replica: Replica, watermark: Watermark): void {
    const before = this.#covers.get(replica.show);
    this.#covers.set(replica.show, watermark);
    const asked = this.#asked.get(replica.show);
    if (asked && (asked.silent += 1) <= MAX_SILENT_ROUNDS) return;
    if (before) this.#fetchMissing(replica, before);
  }

  /** Answers with groups of batches; an empty group ends the answer, also of one that broke off. */
  async onfetch(frame: FetchFrame): Promise<void> {
    const { show, chain } = frame;
    if (this.#answering.has(show)) return;
    this.#answering.add(show);
    try {
      await this.#answer(frame);
    } catch (error) {
      // The log is on a server that hiccups, or was closed since this member stops.
      this.#warn("a fetch could not be answered", { show, chain, error: String(error) });
    }
    this.#answering.delete(show);
    this.#send({ type: "batches", show, batches: [] });
  }

  /** A group of an answer to us. */
  onbatches(show: string, batches: readonly Uint8Array[]): void {
    const asked = this.#asked.get(show);
    const replica = asked && this.#host.adopt(show);
    if (!replica) return;
    asked.silent = 0;
    this.#taking = this.#taking
      .then(() => (batches.length > 0 ? this.#take(replica, asked, batches) : this.#onend(replica, asked)))
      .catch((error: unknown) => this.#warn("fetched batches could not be taken", { show, error: String(error) }));
  }

  #fetchMissing(replica: Replica, watermark: Watermark): void {
    this.#asked.delete(replica.show);
    const coverage = replica.coverage();
    const missing = coverage.missing(watermark).find(({ chain }) => this.#mayFetch(replica, chain));
    if (!missing) return;
    const { after, upTo } = missing;
    const chain = chainId(missing.chain);
    if (this.#send({ type: "fetch", show: replica.show, chain, after, upTo }))
      this.#asked.set(replica.show, { chain, after, upTo, covered: coverage.sum, silent: 0 });
  }

  #mayFetch(replica: Replica, chain: Chain): boolean {
    const fold = replica.shards().get(chain.shard)?.fold;
    if (!fold || this.#unreadable.has(`${replica.show} ${chainId(chain)}`)) return false;
    return (this.#host.isMember(chain.edge) || isOnBoard(replica, chain)) && fold.edges.admits(chain.edge);
  }

  /** Stops at the first group that a full or closed link does not take: whoever misses more asks again. */
  async #answer({ show, chain, after, upTo }: FetchFrame): Promise<void> {
    const logged = this.#host.adopt(show)?.batches({ chain: parseChainId(chain), after, upTo }) ?? [];
    let group: Uint8Array[] = [];
    let bytes = 0;
    for await (const batch of logged) {
      group.push(batch);
      bytes += batch.length;
      const isFull = group.length * MAX_BATCH_BYTES >= MAX_GROUP_BYTES;
      if (isFull && !this.#send({ type: "batches", show, batches: group.splice(0) })) return;
      if (bytes >= MAX_FETCH_BYTES) break;
    }
    if (group.length > 0) this.#send({ type: "batches", show, batches: group });
  }

  #take(replica: Replica, asked: Asked, batches: readonly Uint8Array[]): Promise<void> {
    if (!batches.every((bytes) => batchOf(bytes))) this.#unreadable.add(`${replica.show} ${asked.chain}`);
    return replica.take(
      batches.filter((bytes) => mayAnswer(bytes, asked)),
      this.#peer,
    );
  }

  /** Whoever had something may have more; whoever had nothing is asked again at the next round. */
  #onend(replica: Replica, { covered }: Asked): void {
    this.#asked.delete(replica.show);
    if (replica.coverage().sum > covered) this.#fetchMissing(replica, this.#covers.get(replica.show) ?? {});
  }

  #warn(message: string, fields: Record<string, unknown>): void {
    this.#host.world.log("warn", message, { peer: this.#peer, ...fields });
  }
}

/** The chains of a show are not a peer's to invent: these are of an edge that has left the network, or were recorded. */
function isOnBoard({ board }: Replica, chain: Chain): boolean {
  return board.roster().some(({ edge }) => edge === chain.edge) || chainId(chain) in board.watermarks.recorded;
}

/** Of the chain and range that were asked for. What cannot be read is of no chain, and is left out and told of later. */
function mayAnswer(bytes: Uint8Array, { chain, after, upTo }: Asked): boolean {
  const header = headerOf(bytes);
  return !header || (chainId(header) === chain && header.sequence > after && header.sequence <= upTo);
}
