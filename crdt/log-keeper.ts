import * as Y from "yjs";
import type { BoardLog } from "./board-log.ts";
import type { Board } from "./board.ts";
import type { Watermark } from "./coverage.ts";
import type { Fold } from "./fold.ts";
import type { Log } from "./ports.ts";
import { pieces } from "./replicate/pieces.ts";
import { encodeSnapshots } from "./snapshot.ts";
import { MAX_RECORD_BYTES } from "./store/record.ts";
import type { Compaction, Store } from "./store/store.ts";

/** Updates of a board in the log from which they are rewritten as one at the next start. */
export const MAX_BOARD_UPDATES = 200;
/** Bytes of a board's updates from which they are rewritten while a member runs: four times the largest board. */
export const MAX_BOARD_LOG_BYTES = 16 * 2 ** 20;
/** Recorded and pruned batches in the log from which they give way to a snapshot at the next start: some 4 s of folding. */
export const MAX_PRUNED_BATCHES = 50_000;
/** The same while a member runs, whose every other work a snapshot holds up for some 0.1 s a million receivers. */
export const MAX_PRUNED_WHILE_RUNNING = 200_000;

export interface LogKeeperOptions {
  readonly show: string;
  readonly store: Store;
  readonly board: Board;
  readonly boardLog: BoardLog;
  /** The log keeps every batch for ever. */
  readonly permanent: boolean;
  readonly folds: () => ReadonlyMap<number, Fold>;
  /** What is pruned of the shards kept. */
  readonly pruned: () => Watermark;
  /** Whether all of that is folded here. */
  readonly coversPruned: () => boolean;
  readonly log: Log;
}

/** Keeps one show's log small: pruned batches give way to a snapshot, and a board's updates to what they come to. */
export class LogKeeper {
  readonly #options: LogKeeperOptions;
  /** Bytes of the board's updates since they were last rewritten. */
  #boardBytes = 0;
  /** Pruned batches that the log holds no more. */
  #gone = 0;
  /** What the log held of a key that was destroyed is gone, too. */
  #keyIsGone = false;
  #isCompacting = false;

  constructor(options: LogKeeperOptions) {
    this.#options = options;
  }

  /** To be called once the log was read: it held these updates of the board, and so many batches that are pruned. */
  async onload(updates: readonly Uint8Array[], prunedBatches: number): Promise<void> {
    this.#boardBytes = updates.reduce((sum, { length }) => sum + length, 0);
    this.#gone = sumOf(this.#options.pruned()) - prunedBatches;
    // A key that was destroyed may stand in the updates that came before.
    this.#keyIsGone = this.#options.board.forgotten !== undefined && updates.length <= 1;
    const isLong = updates.length > MAX_BOARD_UPDATES || prunedBatches > MAX_PRUNED_BATCHES;
    if (isLong || this.#keepsKey) await this.#try(() => this.compact());
  }

  /** To be called at each change of the board, which came as an update of so many bytes. */
  onboard(bytes: number): void {
    this.#boardBytes += bytes;
    if (this.#isCompacting) return;
    if (this.#hasPruned) void this.#try(() => this.compact());
    else if (this.#keepsKey || this.#boardBytes >= MAX_BOARD_LOG_BYTES) void this.#try(() => this.#write({ upTo: {} }));
  }

  /**
   * Replaces the log's pruned batches by a snapshot (unless it keeps them for ever), and the board's updates by what they
   * come to. A fold that lacks what was pruned has no snapshot: one that it might replace holds more.
   */
  async compact(): Promise<void> {
    const { permanent, folds, pruned, coversPruned } = this.#options;
    if (!coversPruned()) return this.#write({ upTo: {} });
    this.#gone = sumOf(pruned());
    await this.#write({ snapshot: encodeSnapshots(folds()), upTo: permanent ? {} : pruned() });
  }

  get #hasPruned(): boolean {
    const { permanent, pruned, coversPruned } = this.#options;
    return !permanent && sumOf(pruned()) - this.#gone >= MAX_PRUNED_WHILE_RUNNING && coversPruned();
  }

  get #keepsKey(): boolean {
    return this.#options.board.forgotten !== undefined && !this.#keyIsGone;
  }

  async #write(compaction: Omit<Compaction, "board">): Promise<void> {
    const { show, store, board } = this.#options;
    const forgets = this.#keepsKey;
    this.#boardBytes = 0;
    await store.compact(show, { ...compaction, board: wholeBoard(board.doc) });
    this.#keyIsGone ||= forgets;
  }

  /** What could not be written is tried again once the log has grown as much again; a key, at the next change. */
  async #try(compact: () => Promise<void>): Promise<void> {
    this.#isCompacting = true;
    // An update that comes into the log afterwards may hold the key.
    const isDone = await this.#options.boardLog
      .write()
      .then(compact)
      .then(
        () => true,
        (error: unknown) => this.#warn(error),
      );
    this.#isCompacting = false;
    // What became due meanwhile.
    if (isDone) this.onboard(0);
  }

  #warn(error: unknown): false {
    const { show, log } = this.#options;
    const message = this.#keepsKey ? "a destroyed key is still in the log" : "the log could not be compacted";
    log("warn", message, { show, error: String(error) });
    return false;
  }
}

/** The board as updates that the log takes; one, unless there are many pictures. */
function wholeBoard(doc: Y.Doc): Uint8Array[] {
  const board = Y.encodeStateAsUpdate(doc);
  if (board.length <= MAX_RECORD_BYTES) return [board];
  return [...pieces(doc, Y.encodeStateVector(new Y.Doc()), MAX_RECORD_BYTES)];
}

function sumOf(watermark: Watermark): number {
  return Object.values(watermark).reduce((sum, sequence) => sum + sequence, 0);
}
