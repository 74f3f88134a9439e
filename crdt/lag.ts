import { parseChainId } from "./batch.ts";
import type { Watermark } from "./coverage.ts";
import type { Clock } from "./ports.ts";
import type { Replica } from "./replica.ts";

/** Since when each peer misses something that a member wrote. */
export class Lag {
  readonly #member: string;
  readonly #clock: Clock;
  /** Show and peer → since when, ms since 1970. */
  readonly #behind = new Map<string, number>();

  constructor(member: string, clock: Clock) {
    this.#member = member;
    this.#clock = clock;
  }

  /** What a peer says that it covers, at each round of anti-entropy. */
  note(replica: Replica, peer: string, covers: Watermark): void {
    const key = `${replica.show} ${peer}`;
    const keeps = shardsKeptBy(peer, replica);
    const behind = [...replica.coverage().entries()].some(
      ([id, sequence]) =>
        id.includes(`/${this.#member}/`) && (covers[id] ?? 0) < sequence && keeps(parseChainId(id).shard),
    );
    if (!behind) this.#behind.delete(key);
    else if (!this.#behind.has(key)) this.#behind.set(key, this.#clock.now());
  }

  /** How long a peer has been behind, ms; 0 where it is not. */
  of({ show }: Replica, peer: string): number {
    const since = this.#behind.get(`${show} ${peer}`);
    return since === undefined ? 0 : Math.max(0, this.#clock.now() - since);
  }
}

/** What the roster says of an edge; whoever is not on it, a process above all, is believed to keep every shard. */
function shardsKeptBy(peer: string, { board }: Replica): (shard: number) => boolean {
  const entries = board.roster().filter(({ edge }) => edge === peer);
  return (shard) => entries.length === 0 || entries.some(({ shards }) => shards.includes(shard));
}
