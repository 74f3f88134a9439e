import { isViewName, VIEWS } from "../../../crdt/inspect/views.ts";
import { say } from "../output.ts";
import type { TargetOptions } from "../target.ts";
import { UserError } from "../user-error.ts";
import { askView, type Params } from "./ask.ts";
import { EXIT, exitCodeOf } from "./exit.ts";
import { reportText } from "./render/report.ts";

export interface InspectOptions extends TargetOptions {
  readonly json?: boolean;
  readonly show?: string;
  readonly document?: string;
  readonly search?: string;
  readonly rows?: string;
  readonly between?: string;
  readonly from?: string;
  readonly kind?: string;
  readonly decode?: boolean;
  readonly follow?: boolean;
}

/** `redbutton inspect VIEW`. */
export async function inspectView(name: string, options: InspectOptions): Promise<void> {
  if (!isViewName(name))
    throw new UserError(`there is no view "${name}", wanted one of ${Object.keys(VIEWS).join(", ")}`, EXIT.usage);
  const report = await askView(name, paramsOf(options), options);
  say(options.json === true ? JSON.stringify(report, undefined, 2) : reportText(report));
  process.exitCode = exitCodeOf(report);
}

function paramsOf({ show, document, search, rows }: InspectOptions): Params {
  return { show, document, search, rows };
}
