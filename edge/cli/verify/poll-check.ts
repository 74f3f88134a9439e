import { Coverage } from "../../../crdt/coverage.ts";
import type { Counts, Final, Poll } from "../../../crdt/show.ts";
import { addCounts, type Register, type Section } from "../../../crdt/tallies.ts";
import type { Tally } from "../../../crdt/tally.ts";
import type { StandingPoll } from "./board-view.ts";
import type { Booked } from "./booked.ts";
import { compareReadings, countsDifference, differencesOf, type Difference, type Row } from "./comparison.ts";
import type { PollReport } from "./poll-report.ts";
import { absent, counted, type Reading } from "./reading.ts";
import { compareBooks, compareReceipts, compareTallies, splitCounts, type ReceiverDifference } from "./receivers.ts";
import { defectsOf, type Refolded } from "./refolding.ts";

/** Gathers what all sources say of one poll, and compares. */
export class PollCheck {
  readonly poll: Poll;
  readonly final: Final | undefined;
  readonly #standing: StandingPoll;
  readonly #booked: Booked;
  readonly #options: readonly string[];
  readonly #readings: { readonly group: string; readonly reading: Reading }[] = [];
  readonly #differences: Difference[] = [];
  readonly #registers: { readonly at: string; readonly edge: string; readonly sections: readonly Section[] }[] = [];
  /** The first log that stands for the whole poll: the others are compared with it, receiver by receiver. */
  #reference: { readonly source: string; readonly tally: Tally; readonly refolded: Refolded } | undefined;

  constructor(standing: StandingPoll, final: Final | undefined, booked: Booked) {
    this.poll = standing.poll;
    this.final = final;
    this.#standing = standing;
    this.#booked = booked;
    this.#options = standing.poll.options.map(({ id }) => id);
  }

  /** `group`: whose it is; readings of one group stand together. */
  add(group: string, reading: Reading): void {
    this.#readings.push({ group, reading });
  }

  /** What each edge's register says, as some edge's tallies have it: to be what its coverage stands for. */
  addRegisters(at: string, registers: ReadonlyMap<string, Register>): void {
    for (const [edge, { shards }] of registers) this.#registers.push({ at, edge, sections: Object.values(shards) });
  }

  differ(where: string, what: string): void {
    this.#differences.push({ where, what });
  }

  /** Takes a log folded anew: its counts, what is damaged in it, and each receiver's choice. */
  takeRefolded(source: string, refolded: Refolded): void {
    const group = source.replace(/ log$/, "");
    const counts = refolded.fold.counts(this.poll.index);
    const isOff = this.final !== undefined && countsDifference(counts, this.final.counts, this.#options) !== "";
    if (refolded.gap !== undefined && isOff) return this.add(group, absent(source, refolded.gap));
    this.add(group, counted(source, counts));
    for (const what of defectsOf(refolded, this.final?.cut)) this.differ(source, what);
    const tally = refolded.fold.tally(this.poll.index);
    // Where a snapshot has left out the table there are counts of nobody to compare.
    if (!tally || refolded.gap !== undefined) return;
    if (this.#reference)
      this.#differAll(
        source,
        compareTallies(tally, this.#reference.tally, this.#options, (id) => this.#booked.nameOf(id)),
      );
    else this.#reference = { source, tally, refolded };
  }

  report(): PollReport {
    const rows = this.#rows();
    // What its books say against a log is named receiver by receiver.
    const bookRow = this.#bookRow();
    const { state } = this.#standing;
    return {
      poll: this.poll.id,
      state,
      options: this.#options,
      rows: [...rows, ...bookRow],
      differences: [...this.#registerDifferences(), ...differencesOf(rows), ...this.#differences],
      notes: this.#notes(),
    };
  }

  /** A register that stands for exactly the batches of the log has to say what they fold to. */
  #registerDifferences(): Difference[] {
    if (!this.#reference || this.final) return [];
    const { fold } = this.#reference.refolded;
    const wanted = fold.counts(this.poll.index);
    return this.#registers.flatMap(({ at, edge, sections }) => {
      const said = sections.flatMap(({ polls }) => polls[this.poll.id] ?? []);
      const covered = Coverage.from(Object.assign({}, ...sections.map(({ coverage }) => coverage)));
      const isOfLog = covered.covers(fold.coverage.toJSON()) && fold.coverage.covers(covered.toJSON());
      const what = isOfLog && said.length > 0 ? countsDifference(addCounts(said), wanted, this.#options) : "";
      return what === "" ? [] : [{ where: `register of "${edge}" at "${at}"`, what }];
    });
  }

  #rows(): Row[] {
    // Groups in an order that does not depend on who answered first.
    const groups = [...new Set(this.#readings.map(({ group }) => group))].toSorted(byGroup);
    const sorted = groups.flatMap((group) => this.#readings.filter((each) => each.group === group));
    const readings = sorted.map(({ reading }) => reading);
    return compareReadings(this.#truth(), this.#options, readings);
  }

  /** What all have to say: the final, else the log that holds every batch, else what the first one says. */
  #truth(): Counts {
    if (this.final) return this.final.counts;
    if (this.#reference) return this.#reference.refolded.fold.counts(this.poll.index);
    for (const { reading } of this.#readings) if (reading.outcome.is === "counts") return reading.outcome.counts;
    return { anonymous: [], signed: [] };
  }

  #bookRow(): Row[] {
    const { lines } = this.#booked;
    if (lines.length === 0) return [];
    const source = "audience's books";
    if (!this.#reference)
      return [{ source, totals: undefined, verdict: "absent", note: "no log is here to compare them with" }];
    const { tally, refolded, source: where } = this.#reference;
    const wrong = compareBooks(tally, lines, (subject) => this.#booked.idOf(subject), this.#options);
    const covered = this.final?.cut ?? refolded.fold.coverage.toJSON();
    this.#differAll(`${where} against the books`, [
      ...wrong,
      ...compareReceipts(lines, covered, this.final?.lost ?? []),
    ]);
    const totals = this.#options.map((option) =>
      lines.reduce(
        (sum, line) =>
          sum + line.expected.filter(({ options }) => options.length === 1 && options[0] === option).length,
        0,
      ),
    );
    return [
      { source, totals, verdict: wrong.length === 0 ? "ok" : "differs", note: `${wrong.length} receivers differ` },
    ];
  }

  #notes(): string[] {
    const { lines, interrupted } = this.#booked;
    const notes: string[] = [];
    if (lines.length > 0 && this.#reference) {
      const { others } = splitCounts(this.#reference.tally, this.#booked.hashes(), this.#options.length);
      const count = others.reduce((sum, each) => sum + each, 0);
      const uncertain = lines.filter(({ expected }) => expected.some(({ options }) => options.length > 1)).length;
      notes.push(`compared with the books receiver by receiver: ${lines.length}`);
      if (count > 0)
        notes.push(
          `choices of others, who are in no books: ${count} (${this.#options.map((option, i) => `${option} ${others[i]}`).join(", ")})`,
        );
      if (uncertain > 0)
        notes.push(`receivers with a press of unknown outcome, for which either choice is right: ${uncertain}`);
    }
    if (interrupted) notes.push("an audience was interrupted: its last receivers are in no books");
    if (this.final && this.final.lost.length > 0)
      notes.push(`named lost, and left out beyond what had been replicated: ${this.final.lost.join(", ")}`);
    return notes;
  }

  #differAll(where: string, differences: readonly ReceiverDifference[]): void {
    for (const { receiver, what } of differences) this.differ(where, `${receiver} ${what}`);
  }
}

/** Edges by name, and the database after them. */
function byGroup(a: string, b: string): number {
  return Number(a === DATABASE) - Number(b === DATABASE) || (a < b ? -1 : 1);
}

/** The group of the recorder's database. */
export const DATABASE = "database";
