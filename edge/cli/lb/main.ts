// The program as a supervisor starts it: `node edge/cli/lb/main.ts --config FILE`.
import { runAsProgram } from "../steering/run.ts";
import { runLb } from "./run.ts";

await runAsProgram(runLb);
