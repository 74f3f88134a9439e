import { chainId, decodeHeader } from "../../../crdt/batch.ts";
import type { Watermark } from "../../../crdt/coverage.ts";
import { Fold } from "../../../crdt/fold.ts";
import type { Poll, Show } from "../../../crdt/show.ts";
import { joinSnapshots } from "../../../crdt/snapshot.ts";
import type { Store } from "../../../crdt/store/store.ts";
import { tallyRulesOf } from "../../../crdt/tally.ts";
import { epochOf } from "./board-view.ts";

/** One poll folded anew from a log. */
export interface Refolded {
  readonly poll: Poll;
  readonly fold: Fold;
  /** What keeps the log from standing for the poll: its snapshot came after the final, or goes beyond its cut. */
  readonly gap: string | undefined;
}

/** What to fold: the poll, and the cut of its final where it has one. */
export interface FoldWish {
  readonly poll: Poll;
  readonly cut: Watermark | undefined;
}

/** Folds polls of a show from everything that `store` holds, in one pass: a fold each, since each has a cut of its own. */
export async function refoldLog(store: Store, show: Show, wishes: readonly FoldWish[]): Promise<Refolded[]> {
  const stored = (await store.load()).shows.find(({ id }) => id === show.id);
  const folding = wishes.map((wish) => new Folding(show, wish, stored?.snapshot));
  for await (const bytes of store.batches(show.id)) {
    const header = decodeHeader(bytes);
    const chain = chainId(header);
    for (const each of folding) each.take(chain, header.sequence, bytes);
  }
  return folding.map((each) => each.result());
}

class Folding {
  readonly #wish: FoldWish;
  readonly #fold: Fold;
  readonly #gap: string | undefined;

  constructor(show: Show, wish: FoldWish, snapshot: Uint8Array | undefined) {
    const { poll, cut } = wish;
    const rules = tallyRulesOf(poll);
    this.#wish = wish;
    this.#fold = new Fold((index) => (index === poll.index ? rules : undefined), epochOf(show));
    if (snapshot) {
      joinSnapshots(new Map(Array.from({ length: show.shards }, (_, shard) => [shard, this.#fold])), snapshot);
      this.#gap = cut && gapOf(this.#fold, poll, cut);
    }
  }

  take(chain: string, sequence: number, bytes: Uint8Array): void {
    const { cut } = this.#wish;
    if (!cut || sequence <= (cut[chain] ?? 0)) this.#fold.take(bytes);
  }

  result(): Refolded {
    return { poll: this.#wish.poll, fold: this.#fold, gap: this.#gap };
  }
}

/** A member lets a poll's table go once it is final, and its snapshot may hold what came after the cut. */
function gapOf(fold: Fold, poll: Poll, cut: Watermark): string | undefined {
  for (const [chain, sequence] of fold.coverage.entries())
    if (sequence > (cut[chain] ?? 0)) return "its snapshot goes beyond the final's cut";
  return fold.tallies().has(poll.index) ? undefined : "its snapshot came after the final, without the poll's table";
}

/** What of a fold's input is damaged or missing. */
export function defectsOf({ fold }: Refolded, cut: Watermark | undefined): string[] {
  const forks = fold.forks.map(({ chain, sequence }) => `batch ${chain}/${sequence} does not continue its chain`);
  const waiting = fold.waiting > 0 ? [`${fold.waiting} batches wait for an earlier one that is missing`] : [];
  const short = Object.entries(cut ?? {}).filter(([chain, sequence]) => fold.coverage.of(chain) < sequence);
  return [
    ...forks,
    ...waiting,
    ...short.map(
      ([chain, sequence]) => `of ${chain} it has ${fold.coverage.of(chain)} of ${sequence} batches of the cut`,
    ),
  ];
}
