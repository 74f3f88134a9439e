// Watchers, their database and the encoder under seeded faults: what is crossed fires once. SIM_SEEDS=1000 runs more;
// `node test/simulation/watchers/run.ts --from SEED --count 1 --print` shows one.
import { describeScene } from "../scene-suite.ts";
import { WATCHER_MUTANTS } from "./mutants.ts";

describeScene({
  scene: "watchers",
  seeds: Number(process.env["SIM_SEEDS"] ?? 30),
  twice: 3,
  sometimes: [
    "a cue was latched again",
    "a cue was injected again",
    "the database was away",
    "the encoder's answer was lost",
    "fault: kill",
    "fault: freeze",
    "fault: split",
    "fault: clock",
    "killed before latching a result",
    "killed after latching a result",
    "killed before a frame",
  ],
  mutants: WATCHER_MUTANTS,
  budget: 100,
});
