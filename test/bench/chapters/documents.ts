import type { Documents, DocumentsArgs } from "../programs/documents.ts";
import type { Chapter } from "../support/chapter.ts";
import type { Options } from "../support/options.ts";
import { runProgram } from "../support/program.ts";

/** Kilobytes of the issue are 1,000 bytes. */
const [BOARD_AND_TALLIES, A_BOOT] = [10_000, 1000];

/** What a show's documents come to, pruned by the recorder as it goes. */
export const documents: Chapter<"documents"> = {
  title: "Documents",
  rounds: 1,
  start: (options) => {
    const round = async () => ({ ...(await runProgram<Documents>("documents", argsOf(options))) });
    return Promise.resolve({ subjects: { documents: { round } }, stop: () => Promise.resolve() });
  },
  rows: (of, options) => {
    const { ballots, flushes } = argsOf(options);
    const after = `after ${ballots.toLocaleString("en")} ballots in ${flushes.toLocaleString("en")} flushes at three edges`;
    const figure = (name: keyof Documents) => of("documents").of(name);
    return [
      {
        what: `Board and tallies ${after}`,
        measured: figure("boardBytes") + figure("talliesBytes"),
        unit: "bytes",
        target: { most: BOARD_AND_TALLIES },
        note: `board ${figure("boardBytes")}, tallies ${figure("talliesBytes")}`,
      },
      {
        what: "Ledger with everything pruned, a boot",
        measured: figure("ledgerBytesPerBoot"),
        unit: "bytes",
        target: { most: A_BOOT },
      },
      {
        what: "Ledger beyond its unpruned tail while edges write, a boot, at most",
        measured: figure("ledgerOverheadPerBoot"),
        unit: "bytes",
        target: { most: A_BOOT },
        note: `the longest tail seen had ${figure("longestTail")} batches`,
      },
    ];
  },
};

function argsOf({ quick }: Options): DocumentsArgs {
  return quick ? { ballots: 100_000, flushes: 1000 } : { ballots: 1_000_000, flushes: 10_000 };
}
