// node test/simulation/run.ts [--seeds 7,9] [--from 1 --count 60] [--twice 10] [--mutant NAME]: runs seeds one after another
// in this process, and prints a line of JSON a seed. A mutant is run until it is caught, in runs of its own kinds of faults.
import { parseArgs } from "node:util";
import { install } from "./hooks.ts";
import { MUTANTS } from "./mutants.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    count: { type: "string", default: "60" },
    twice: { type: "string", default: "0" },
    mutant: { type: "string" },
  },
});

const mutant = MUTANTS.find(({ name }) => name === values.mutant);
if (values.mutant !== undefined && !mutant) throw new Error(`running a mutant: there is none "${values.mutant}"`);
install(mutant?.patches ?? []);
const { simulate } = await import("./simulate.ts");

const [from, count, twice] = [Number(values.from), Number(values.count), Number(values.twice)];
const seeds = values.seeds?.split(",").map(Number) ?? Array.from({ length: count }, (_, i) => from + i);
for (const [i, seed] of seeds.entries()) {
  const outcome = await simulate(seed, { kinds: mutant?.kinds });
  const again = i < twice ? await simulate(seed) : undefined;
  console.log(JSON.stringify({ ...outcome, again: again?.hash }));
  if (mutant && outcome.violations.length > 0) break;
}
// What dead processes of the simulation still wait for would keep this one alive.
process.exit(0);
