// The program as a supervisor starts it: `node edge/cli/dns/main.ts --config FILE`.
import { runAsProgram } from "../steering/run.ts";
import { runDns } from "./run.ts";

await runAsProgram(runDns);
