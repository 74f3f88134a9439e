import { parseArgs } from "node:util";

/** How much is measured. */
export interface Options {
  readonly quick: boolean;
  readonly rounds: number;
  /** Chapters by a part of their title; all where empty. */
  readonly only: readonly string[];
  /** Where the figures go. */
  readonly output: string;
}

export const DEFAULT_OUTPUT = "test/.report/bench.json";

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      output: { type: "string", default: DEFAULT_OUTPUT },
    },
  });
  const rounds = values.rounds === undefined ? (values.quick ? 1 : 3) : Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error(`--rounds: got "${values.rounds}", wanted 1 or more`);
  return { quick: values.quick, rounds, only: values.only, output: values.output };
}
