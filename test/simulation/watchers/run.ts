// node test/simulation/watchers/run.ts [--from 1 --count 60] [--twice 5] [--mutant NAME] [--print]: a line of JSON a seed.
import { parseArgs } from "node:util";
import { install } from "../hooks.ts";
import { WATCHER_MUTANTS } from "./mutants.ts";

const { values } = parseArgs({
  options: {
    from: { type: "string", default: "1" },
    count: { type: "string", default: "60" },
    twice: { type: "string", default: "0" },
    mutant: { type: "string" },
    print: { type: "boolean", default: false },
  },
});
const mutant = WATCHER_MUTANTS.find(({ name }) => name === values.mutant);
if (values.mutant !== undefined && !mutant) throw new Error(`running a mutant: there is none "${values.mutant}"`);
install(mutant?.patches ?? []);
const { simulateWatchers } = await import("./simulate.ts");

const [from, count, twice] = [Number(values.from), Number(values.count), Number(values.twice)];
const print = values.print ? (line: string) => console.log(line) : undefined;
for (let seed = from; seed < from + count; seed++) {
  const outcome = await simulateWatchers(seed, print);
  const again = seed - from < twice ? await simulateWatchers(seed) : undefined;
  console.log(JSON.stringify({ ...outcome, again: again?.hash }));
  if (mutant && outcome.violations.length > 0) break;
}
// What dead processes of the simulation still wait for would keep this one alive.
process.exit(0);
