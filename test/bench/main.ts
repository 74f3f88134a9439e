// `npm run bench [-- --quick] [--only PART]`: what the targets for speed and memory come to on this machine. CPU time is
// the operating system's; subjects that are compared are measured in turn, and what is shown are medians over rounds.
import { backbone } from "./chapters/backbone.ts";
import { dns } from "./chapters/dns.ts";
import { documents } from "./chapters/documents.ts";
import { http } from "./chapters/http.ts";
import { inspector, inspectorInRush } from "./chapters/inspector.ts";
import { keepingUp } from "./chapters/keeping-up.ts";
import { others } from "./chapters/others.ts";
import { processes } from "./chapters/processes.ts";
import { replica } from "./chapters/replica.ts";
import { restart } from "./chapters/restart.ts";
import { rush } from "./chapters/rush.ts";
import { signal } from "./chapters/signal.ts";
import { workersMemory } from "./chapters/workers-memory.ts";
import { takeover } from "./chapters/takeover.ts";
import { workers } from "./chapters/workers.ts";
import { websocket } from "./chapters/websocket.ts";
import { measure, type Chapter, type Outcome } from "./support/chapter.ts";
import { readOptions } from "./support/options.ts";
import { describeMachine, machineLine, writeReport } from "./support/report.ts";
import { verdictOf } from "./support/row.ts";
import { printOutcome } from "./support/table.ts";

/** A small evening's, and a busy one's. */
const CONNECTIONS = [256, 2048];
const CHAPTERS: readonly Chapter[] = [
  ...CONNECTIONS.map(http),
  websocket,
  replica,
  documents,
  restart,
  rush,
  others,
  backbone,
  inspector,
  inspectorInRush,
  dns,
  processes,
  keepingUp,
  signal,
  takeover,
  workers,
  workersMemory,
];

const options = readOptions(process.argv.slice(2));
const machine = describeMachine();
console.log(machineLine(machine));

const outcomes: Outcome[] = [];
for (const chapter of CHAPTERS.filter(isAsked)) {
  const outcome = await measure(chapter, options);
  printOutcome(outcome);
  outcomes.push(outcome);
}
writeReport(machine, options, outcomes);

const verdicts = outcomes.flatMap(({ rows }) => rows.map(verdictOf));
const failed = outcomes.filter(({ failure }) => failure !== undefined).length;
const count = (verdict: string) => verdicts.filter((each) => each === verdict).length;
console.log(
  `\n${count("ok")} targets met, ${count("MISS")} missed, ${failed} parts failed; all figures are in ${options.output}`,
);
// A miss is a result; only what could not be measured is an error.
process.exitCode = failed > 0 ? 1 : 0;

function isAsked({ title }: Chapter): boolean {
  return options.only.length === 0 || options.only.some((part) => title.toLowerCase().includes(part.toLowerCase()));
}
