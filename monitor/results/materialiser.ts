import { assertReaches, refold } from "../../crdt/fold.ts";
import type { Replica } from "../../crdt/replica.ts";
import { EPOCH_SLACK_MS } from "../../crdt/shard.ts";
import type { Final, Poll } from "../../crdt/show.ts";
import type { Store } from "../../crdt/store/store.ts";
import type { World } from "../../crdt/ports.ts";
import { tallyRulesOf } from "../../crdt/tally.ts";
import type { Duty, DutyHealth } from "../process.ts";
import { ballotRows, turnoutRows, type BallotRow } from "./rows.ts";
import type { ResultsTable } from "./table.ts";

/** Ballots written at a time: some 20 ms of a file's event loop. */
export const ROWS_AT_A_TIME = 4000;

/**
 * Writes down for SQL what became final: results, turnout, and one row a receiver and poll. Folds the final's cut again,
 * so what it writes is what the result stands for; goes on after a crash where it was.
 */
export class Materialiser implements Duty {
  readonly name = "results";
  readonly #store: Store;
  readonly #table: ResultsTable;
  readonly #world: World;
  /** Show and poll that are written. */
  readonly #done = new Set<string>();
  /** Show → what is being written. */
  readonly #writing = new Map<string, { readonly poll: string; readonly rows: number; readonly of: number }>();

  /** `store` keeps every batch. */
  constructor(store: Store, table: ResultsTable, world: World) {
    this.#store = store;
    this.#table = table;
    this.#world = world;
  }

  async round(replica: Replica): Promise<void> {
    for (const poll of replica.board.polls()) {
      const final = replica.board.final(poll.id);
      const key = `${replica.show}/${poll.id}`;
      if (!final || this.#done.has(key)) continue;
      const progress = await this.#table.progress(replica.show, poll.id);
      if (!progress?.isDone) await this.#write(replica, poll, final, progress?.rows ?? 0);
      this.#done.add(key);
    }
  }

  health({ show }: Replica): DutyHealth {
    const writing = this.#writing.get(show);
    return {
      problems: [],
      waitsFor: writing ? [`the ballots of "${writing.poll}", ${writing.rows} of ${writing.of} are written`] : [],
      figures: {
        polls_written: [...this.#done].filter((key) => key.startsWith(`${show}/`)).length,
        rows_written: writing?.rows ?? 0,
        rows_to_write: writing ? writing.of - writing.rows : 0,
      },
    };
  }

  async #write(replica: Replica, poll: Poll, final: Final, written: number): Promise<void> {
    const { show: id } = replica;
    const show = replica.board.show!;
    const rules = tallyRulesOf(poll);
    const epoch = show.created - EPOCH_SLACK_MS;
    const rulesOf = (index: number) => (index === poll.index ? rules : undefined);
    const fold = await refold(this.#store.batches(id), rulesOf, epoch, final.cut);
    assertReaches(fold, final.cut);
    await this.#table.begin(id, poll, final, turnoutRows(fold, show, poll));
    const of = fold.tally(poll.index)?.size ?? 0;
    let rows = written;
    for (const part of inParts(ballotRows(fold, show, poll), written)) {
      this.#writing.set(id, { poll: poll.id, rows, of });
      await this.#table.append(id, poll.id, rows, part);
      rows += part.length;
    }
    await this.#table.finish(id, poll.id, this.#world.clock.now());
    this.#writing.delete(id);
    this.#world.log("info", "results are written", { show: id, poll: poll.id, ballots: of });
  }
}

/** Without the first `skipped`. */
function* inParts(rows: Iterable<BallotRow>, skipped: number): Generator<BallotRow[]> {
  let part: BallotRow[] = [];
  let seen = 0;
  for (const row of rows) {
    if (seen++ < skipped) continue;
    if (part.push(row) < ROWS_AT_A_TIME) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
