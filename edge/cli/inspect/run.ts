import { setTimeout as sleep } from "node:timers/promises";
import type { Report } from "../../../crdt/inspect/report.ts";
import type { LogData } from "../../../crdt/inspect/view/log.ts";
import { isViewName, VIEWS, type ViewName } from "../../../crdt/inspect/views.ts";
import { say } from "../output.ts";
import type { TargetOptions } from "../target.ts";
import { UserError } from "../user-error.ts";
import { askView, pageLink, type Params } from "./ask.ts";
import { DEFAULT_FOLDER } from "../network/folder.ts";
import { withFrames } from "./frame.ts";
import { EXIT, exitCodeOf } from "./exit.ts";
import { logText } from "./render/log.ts";
import { reportText } from "./render/report.ts";

export interface InspectOptions extends TargetOptions {
  readonly json?: boolean;
  readonly show?: string;
  readonly document?: string;
  readonly search?: string;
  readonly rows?: string;
  /** "fra,syd". */
  readonly between?: string;
  /** The edge whose batches are looked at. */
  readonly of?: string;
  readonly boot?: string;
  readonly shard?: string;
  readonly kind?: string;
  readonly decode?: boolean;
  readonly follow?: boolean;
  readonly link?: boolean;
}

/** How often a view that is followed is asked for, ms. */
const FOLLOW_MS = 1_000;

/** `redbutton inspect VIEW`. */
export async function inspectView(name: string, options: InspectOptions): Promise<void> {
  if (!isViewName(name))
    throw new UserError(`there is no view "${name}", wanted one of ${Object.keys(VIEWS).join(", ")}`, EXIT.usage);
  if (options.link === true) return say(pageLink(options, options.show));
  const params = paramsOf(options);
  if (options.follow === true) return follow(name, params, options);
  show(await askView(name, params, options), options);
}

/** `redbutton why RECEIPT`. */
export async function tellWhy(
  receipt: string,
  options: TargetOptions & { json?: boolean; show?: string },
): Promise<void> {
  const report = await askView("why", { receipt, show: options.show }, options);
  show(await withFrames(report, options.dir ?? DEFAULT_FOLDER), options);
}

function show(report: Report, { json }: { readonly json?: boolean }): void {
  say(json === true ? JSON.stringify(report, undefined, 2) : reportText(report));
  process.exitCode = exitCodeOf(report);
}

/** Asks again and again until it is interrupted: a log prints what is new, any other view the whole report. */
async function follow(name: ViewName, params: Params, options: InspectOptions): Promise<void> {
  const said = new Set<string>();
  for (;;) {
    const report = await askView(name, params, options);
    if (options.json === true) say(JSON.stringify(report));
    else if (name === "log") sayNew(report.data as LogData, said);
    else show(report, options);
    await sleep(FOLLOW_MS);
  }
}

function sayNew({ batches, updates }: LogData, said: Set<string>): void {
  const isNew = (key: string): boolean => !said.has(key) && said.add(key) !== undefined;
  const fresh = {
    batches: batches.filter(({ chain, sequence }) => isNew(`${chain}/${sequence}`)),
    updates: updates.filter((update) => isNew(JSON.stringify(update))),
  };
  if (fresh.batches.length + fresh.updates.length > 0) say(logText(fresh));
}

/** What is not named is left out; the edge says which parameters a view takes. */
function paramsOf({
  show: named,
  document,
  search,
  rows,
  between,
  of,
  boot,
  shard,
  kind,
  decode,
}: InspectOptions): Params {
  const [a, b] = between?.split(",") ?? [];
  const decoded = decode === true ? "1" : undefined;
  return { show: named, document, search, rows, a, b, edge: of, boot, shard, kind, decode: decoded };
}
