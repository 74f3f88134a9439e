import * as v from "valibot";
import { headless, LineFile, readLines } from "./line-file.ts";

/**
 * What an audience knows by itself, as lines of JSON: a line that says what the audience was, a line a receiver, and a
 * line of totals, which is missing where the audience was interrupted.
 */
export const AudienceLine = v.object({
  kind: v.literal("audience"),
  version: v.literal(1),
  show: v.string(),
  poll: v.string(),
  mode: v.picklist(["last", "first", "votes"]),
  options: v.array(v.string()),
  seed: v.number(),
  edges: v.array(v.string()),
  /** Milliseconds since 1970. */
  started: v.number(),
});
export type AudienceLine = v.InferOutput<typeof AudienceLine>;

/** A press that an edge has acknowledged; its batch is (shard, edge, boot, sequence). */
const BookedPress = v.object({
  press: v.number(),
  k: v.number(),
  option: v.string(),
  shard: v.number(),
  edge: v.string(),
  boot: v.string(),
  sequence: v.number(),
});
export type BookedPress = v.InferOutput<typeof BookedPress>;

/** Several options, null for none among them, where a ballot's outcome stayed unknown. */
const BookedChoice = v.object({ k: v.number(), options: v.array(v.nullable(v.string())) });

export const ReceiverLine = v.object({
  kind: v.literal("receiver"),
  receiver: v.string(),
  poll: v.string(),
  presses: v.array(BookedPress),
  expected: v.array(BookedChoice),
});
export type ReceiverLine = v.InferOutput<typeof ReceiverLine>;

export const TotalsLine = v.object({
  kind: v.literal("totals"),
  receivers: v.number(),
  /** Choices whose option is not certain. */
  unknown: v.number(),
  totals: v.record(v.string(), v.number()),
});
export type TotalsLine = v.InferOutput<typeof TotalsLine>;

const Line = v.variant("kind", [AudienceLine, ReceiverLine, TotalsLine]);

export interface Books {
  readonly file: string;
  readonly audience: AudienceLine;
  readonly receivers: readonly ReceiverLine[];
  readonly totals: TotalsLine | undefined;
}

/** Choices by option as the books have them; what is not certain is counted apart. */
export class Totals {
  readonly #counts: Map<string, number>;
  #receivers = 0;
  #unknown = 0;

  constructor(options: readonly string[]) {
    this.#counts = new Map(options.map((option) => [option, 0]));
  }

  add({ expected }: ReceiverLine): void {
    this.#receivers += 1;
    for (const { options } of expected) {
      const [only, ...others] = options;
      if (others.length > 0) this.#unknown += 1;
      else if (only != null) this.#counts.set(only, (this.#counts.get(only) ?? 0) + 1);
    }
  }

  line(): TotalsLine {
    return {
      kind: "totals",
      receivers: this.#receivers,
      unknown: this.#unknown,
      totals: Object.fromEntries(this.#counts),
    };
  }
}

/** Writes books while the audience votes. */
export class BooksWriter {
  readonly file: string;
  readonly #lines: LineFile;

  constructor(file: string, audience: AudienceLine) {
    this.file = file;
    this.#lines = new LineFile(file);
    this.#lines.add(audience);
  }

  add(receiver: ReceiverLine): void {
    this.#lines.add(receiver);
  }

  async close(totals: TotalsLine): Promise<void> {
    this.#lines.add(totals);
    await this.#lines.close();
  }
}

/** Reads books. Throws where a line is none, and where there is none yet. */
export function readBooks(file: string): Books {
  const books = findBooks(file);
  if (!books) throw headless(file);
  return books;
}

/** The same; undefined where nothing is written yet. */
export function findBooks(file: string): Books | undefined {
  const [audience, ...rest] = readLines(file, Line);
  if (!audience) return undefined;
  if (audience.kind !== "audience") throw headless(file);
  return {
    file,
    audience,
    receivers: rest.filter((line) => line.kind === "receiver"),
    totals: rest.find((line) => line.kind === "totals"),
  };
}
