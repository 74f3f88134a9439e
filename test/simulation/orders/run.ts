// node test/simulation/orders/run.ts [--from 1 --count 60] [--twice 3] [--mutant NAME] [--print]: a line of JSON a seed.
import { runScene } from "../run-scene.ts";
import { ORDER_MUTANTS } from "./mutants.ts";

await runScene(ORDER_MUTANTS, async () => (await import("./simulate.ts")).simulateOrders);
