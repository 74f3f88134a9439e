// A scene's own program: runs its seeds one after another in this process. A mutant is run until it is caught.
import { parseArgs } from "node:util";
import { install, type Patch } from "./hooks.ts";
import type { Outcome } from "./stage.ts";

/** Plays one seed; `print` is given each line of its trace. */
export type Simulate = (seed: number, print?: (line: string) => void) => Promise<Outcome>;

/** `load` imports the scene, and with it the product, once the mutant's patches are in place. */
export async function runScene(
  mutants: readonly { readonly name: string; readonly patches: readonly Patch[] }[],
  load: () => Promise<Simulate>,
): Promise<never> {
  const { values } = parseArgs({
    options: {
      from: { type: "string", default: "1" },
      count: { type: "string", default: "60" },
      twice: { type: "string", default: "0" },
      mutant: { type: "string" },
      print: { type: "boolean", default: false },
    },
  });
  const mutant = mutants.find(({ name }) => name === values.mutant);
  if (values.mutant !== undefined && !mutant) throw new Error(`running a mutant: there is none "${values.mutant}"`);
  install(mutant?.patches ?? []);
  const simulate = await load();
  const [from, count, twice] = [Number(values.from), Number(values.count), Number(values.twice)];
  const print = values.print ? (line: string) => console.log(line) : undefined;
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await simulate(seed, print);
    const again = seed - from < twice ? await simulate(seed) : undefined;
    console.log(JSON.stringify({ ...outcome, again: again?.hash }));
    if (mutant && outcome.violations.length > 0) break;
  }
  // What dead processes of the simulation still wait for would keep this one alive.
  process.exit(0);
}
