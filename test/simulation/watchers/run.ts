// node test/simulation/watchers/run.ts [--from 1 --count 60] [--twice 3] [--mutant NAME] [--print]: a line of JSON a seed.
import { runScene } from "../run-scene.ts";
import { WATCHER_MUTANTS } from "./mutants.ts";

await runScene(WATCHER_MUTANTS, async () => (await import("./simulate.ts")).simulateWatchers);
