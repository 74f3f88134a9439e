import { Argument, Command, Option } from "commander";
import { VIEWS } from "../../../crdt/inspect/views.ts";
import { DEFAULT_FOLDER } from "../network/folder.ts";

/** `redbutton inspect`. */
export function inspectCommand(): Command {
  const views = Object.entries(VIEWS).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`);
  return new Command("inspect")
    .description("looks into every replica; exit codes: 0 fine, 1 usage, 2 unreachable, 3 not found, 4 diverged")
    .addArgument(new Argument("[view]", "what to look at").choices(Object.keys(VIEWS)).default("status"))
    .addOption(new Option("--dir <dir>", "folder of the network").default(DEFAULT_FOLDER))
    .option("--edge <name|url>", "edge to ask (default: the first that answers)")
    .option("--token <token>", "an inspector's token (default: $REDBUTTON_TOKEN, or one from the folder)")
    .option("--show <show>", "the show (default: the only one)")
    .option("--json", "the report as the API gives it")
    .addHelpText("after", `\nViews:\n${views.join("\n")}`)
    .action(async (view: string, options) => (await import("./run.ts")).inspectView(view, options));
}
