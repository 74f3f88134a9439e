// What a million receivers of one poll take in memory, folded from batches. Prints a line of `Memory`.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Fold } from "../../../crdt/fold.ts";
import { tallyRulesOf } from "../../../crdt/tally.ts";
import { batchesOf, POLL } from "../support/ballots.ts";
import { programArgs, tellParent } from "../support/program.ts";

export interface MemoryArgs {
  readonly receivers: number;
}

export interface Memory {
  /** Heap and array buffers after garbage collection, less those without it. */
  readonly bytesPerReceiver: number;
  /** What the fold itself says. */
  readonly tableBytesPerReceiver: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const { receivers } = programArgs<MemoryArgs>();
const chain = { shard: 0, edge: "fra", boot: "00".repeat(8) };
const time = Date.now();
const rules = tallyRulesOf(POLL);

let fold: Fold | undefined = new Fold(() => rules, time);
foldAll(fold, receivers);
if (fold.tally(0)?.size !== receivers) throw new Error(`folded ${fold.tally(0)?.size} receivers, wanted ${receivers}`);
const tableBytes = fold.bytes;
const full = await held();
// Compared with what is left without it, not with what was there before: by now all that loading took has gone.
fold = undefined;
const empty = await held();
tellParent({
  bytesPerReceiver: (full - empty) / receivers,
  tableBytesPerReceiver: tableBytes / receivers,
} satisfies Memory);

function foldAll(into: Fold, count: number): void {
  for (const batch of batchesOf(chain, count, 250, time)) into.take(batch);
}

/** Array buffers are given back in the background, after the collection that found them. */
async function held(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
