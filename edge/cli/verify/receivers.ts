import { chainId } from "../../../crdt/batch.ts";
import type { Watermark } from "../../../crdt/coverage.ts";
import { receiverHex, type ReceiverId } from "../../../crdt/receiver.ts";
import type { Slot } from "../../../crdt/table.ts";
import type { KnownBallot, Tally } from "../../../crdt/tally.ts";
import type { ReceiverLine } from "../audience/books.ts";

/** A receiver whose choice is not what it has to be. */
export interface ReceiverDifference {
  /** Its subject where the books know it, else its keyed hash. */
  readonly receiver: string;
  readonly what: string;
}

/** Names a receiver for people. */
export interface Namer {
  (id: ReceiverId): string;
}

/** Receivers whose choices in `tally` are not those in `reference`. Presses count too: they decide what comes next. */
export function compareTallies(
  tally: Tally,
  reference: Tally,
  options: readonly string[],
  name: Namer,
): ReceiverDifference[] {
  const differences: ReceiverDifference[] = [];
  for (const slot of reference.slots()) {
    const other = choiceOf(tally, slot);
    if (other?.option !== slot.option || other.press !== slot.press)
      differences.push({
        receiver: name(slot),
        what: `has ${ballotText(other, options)}, wanted ${ballotText(slot, options)}`,
      });
  }
  for (const slot of tally.slots())
    if (!choiceOf(reference, slot))
      differences.push({ receiver: name(slot), what: `has ${ballotText(slot, options)}, wanted nothing` });
  return differences;
}

function choiceOf(tally: Tally, { hi, lo, k }: Slot): KnownBallot | undefined {
  return tally.known({ hi, lo }).find((ballot) => ballot.k === k);
}

function ballotText(ballot: Pick<KnownBallot, "option" | "press"> | undefined, options: readonly string[]): string {
  return ballot ? `"${options[ballot.option]}" (press ${ballot.press})` : "nothing";
}

/** Receivers of the books whose choices in `tally` are none of those that they expect. */
export function compareBooks(
  tally: Tally,
  lines: readonly ReceiverLine[],
  idOf: (subject: string) => ReceiverId,
  options: readonly string[],
): ReceiverDifference[] {
  return lines.flatMap(({ receiver, expected }) => {
    const known = tally.known(idOf(receiver));
    const surplus = known.filter(({ k }) => !expected.some((choice) => choice.k === k));
    const wrong = expected.flatMap((choice) => {
      const option = options[known.find(({ k }) => k === choice.k)?.option ?? -1] ?? null;
      return choice.options.includes(option)
        ? []
        : [`${vote(choice.k)}has ${quoted(option)}, wanted ${choice.options.map(quoted).join(" or ")}`];
    });
    return [
      ...wrong,
      ...surplus.map(({ k, option }) => `${vote(k)}has ${quoted(options[option] ?? null)}, wanted nothing`),
    ].map((what) => ({ receiver, what }));
  });
}

function vote(k: number): string {
  return k === 1 ? "" : `vote ${k} `;
}

function quoted(option: string | null): string {
  return option === null ? "nothing" : `"${option}"`;
}

/** Acknowledged presses whose batch is not among those that count; boots that a final names lost are excused. */
export function compareReceipts(
  lines: readonly ReceiverLine[],
  covered: Watermark,
  lost: readonly string[],
): ReceiverDifference[] {
  return lines.flatMap(({ receiver, presses }) =>
    presses.flatMap((booked) => {
      const chain = chainId(booked);
      if ((covered[chain] ?? 0) >= booked.sequence || lost.includes(`${booked.edge}/${booked.boot}`)) return [];
      const what = `press ${booked.press} was acknowledged in batch ${chain}/${booked.sequence}, which is not among those that count`;
      return [{ receiver, what }];
    }),
  );
}

/** Choices in force by option of receivers that the books know, and of all others. */
export function splitCounts(
  tally: Tally,
  ids: ReadonlySet<string>,
  options: number,
): { readonly booked: number[]; readonly others: number[] } {
  const booked = Array.from({ length: options }, () => 0);
  const others = Array.from({ length: options }, () => 0);
  for (const slot of tally.slots()) {
    const counts = ids.has(receiverHex(slot)) ? booked : others;
    counts[slot.option] = (counts[slot.option] ?? 0) + 1;
  }
  return { booked, others };
}
