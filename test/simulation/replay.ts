// node test/simulation/replay.ts SEED: runs one seed and prints all that happens.
import { install } from "./hooks.ts";

install();
const { simulate } = await import("./simulate.ts");
const seed = Number(process.argv[2]);
if (!Number.isInteger(seed)) throw new Error("replaying: wanted a seed");
const outcome = await simulate(seed, { print: (line) => console.log(line) });
console.log(JSON.stringify(outcome, null, 2));
process.exit(outcome.violations.length > 0 ? 1 : 0);
