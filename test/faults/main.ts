// `npm run faults`: at least 200 thresholds through kills, pauses and partitions of real processes. Prints how often each
// fired: once / twice / never, which has to be all, 0, 0. Then 500 orders at a provider that fails in every way: charged
// once / twice / never, oversold. With a number, only that many scenarios of each network; with "file", "server" or
// "orders", that part only.
import { say, style, tableOf } from "../../edge/cli/output.ts";
import { FAULTS_WITH_FILE, FAULTS_WITH_SERVER, type Fault } from "./fault.ts";
import { Ground, type DatabaseKind } from "./ground.ts";
import { ORDER_FAULTS, sellThroughFaults } from "./orders.ts";
import { findSqld } from "../support/sqld.ts";
import { play, THRESHOLDS, type Outcome } from "./scenario.ts";

const SEED = Number(process.env["REDBUTTON_SEED"] ?? 1);
/** Orders of each of the second part's sales: more than 500 in all. */
const ORDERS = 60;
const PARTS = ["file", "server", "orders"] as const;
type Part = (typeof PARTS)[number];
const [asked = "Infinity"] = process.argv.slice(2);
const only = PARTS.find((part) => part === asked);
const most = only ? Infinity : Number(asked);
if (Number.isNaN(most))
  throw new Error(`running faults: got "${asked}", wanted a number, or one of ${PARTS.join(", ")}`);

interface Row extends Outcome {
  readonly network: string;
  readonly fault: string;
}

const sqld = findSqld();
const rows: Row[] = [];
if (isAsked("file")) await through("file", "two watchers, one file", FAULTS_WITH_FILE);
if (isAsked("server")) await throughServer();
if (rows.length > 0) report();
if (isAsked("orders")) await orders();
// Sockets to processes that were killed may still be waited for.
process.exit();

function isAsked(part: Part): boolean {
  return only === undefined || only === part;
}

async function throughServer(): Promise<void> {
  if ("missing" in sqld) say(`not run on a libSQL server: ${sqld.missing}`);
  else await through("server", "two watchers and an edge, one server", FAULTS_WITH_SERVER);
}

async function orders(): Promise<void> {
  if ("missing" in sqld) return say(`no orders: their books are on a libSQL server, and ${sqld.missing}`);
  const sales = await sellThroughFaults(ORDER_FAULTS, ORDERS, SEED);
  const columns = ["orders", "strikes", "once", "twice", "never", "rejected", "oversold"] as const;
  const total = columns.map((column) => sales.reduce((sum, sale) => sum + sale[column], 0));
  say(
    tableOf([
      ["fault", "orders", "strikes", "charged once", "twice", "never", "rejected", "oversold"],
      ...sales.map((sale) => [sale.fault, ...columns.map((column) => String(sale[column]))]),
      ["", ...total.map(String)],
    ]),
  );
  for (const { fault, problems } of sales) for (const problem of problems) say(style("red", `  ${fault}: ${problem}`));
  const isFine = sales.every(
    ({ orders: all, once, twice, never, rejected, oversold, problems }) =>
      twice + never + oversold === 0 && once + rejected === all && problems.length === 0,
  );
  say(
    isFine ? style("green", "each order was charged once, or rejected") : style("red", "the orders are NOT in order"),
  );
  if (!isFine) process.exitCode = 1;
}

async function through(kind: DatabaseKind, network: string, faults: readonly Fault[]): Promise<void> {
  const ground = await Ground.start(kind);
  try {
    for (const [i, fault] of faults.slice(0, most).entries()) {
      const began = Date.now();
      const outcome = await play(ground, `${kind}-${i + 1}`, fault, SEED * 1000 + i);
      rows.push({ network, fault: fault.name, ...outcome });
      const { once, twice, never, strikes, problems } = outcome;
      const took = Math.round((Date.now() - began) / 1000);
      say(`${fault.name}: ${strikes} strikes, fired once ${once}, twice ${twice}, never ${never} (${took} s)`);
      for (const problem of problems) say(style("red", `  ${problem}`));
      if (problems.length > 0 && process.env["REDBUTTON_LOG"]) say(ground.output.slice(-100).join("\n"));
    }
  } finally {
    await ground.end();
  }
}

function report(): void {
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  const cells = ({ strikes, once, twice, never }: Outcome) => [strikes, once, twice, never].map(String);
  const total = { strikes: sum((row) => row.strikes), once: sum((row) => row.once) };
  const wrong = { twice: sum((row) => row.twice), never: sum((row) => row.never), problems: [] };
  say(
    tableOf([
      ["network", "fault", "strikes", "fired once", "twice", "never"],
      ...rows.map((row) => [row.network, row.fault, ...cells(row)]),
      ["", `${rows.length * THRESHOLDS} thresholds`, ...cells({ ...total, ...wrong })],
    ]),
  );
  const isFine = wrong.twice === 0 && wrong.never === 0 && rows.every(({ problems }) => problems.length === 0);
  say(isFine ? style("green", "each threshold fired once") : style("red", "NOT each threshold fired once"));
  if (!isFine) process.exitCode = 1;
}
