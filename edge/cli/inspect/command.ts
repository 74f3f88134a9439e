import { Argument, Command, Option } from "commander";
import { BATCH_KINDS } from "../../../crdt/inspect/question.ts";
import { VIEWS } from "../../../crdt/inspect/views.ts";
import { dirOption } from "../target-options.ts";

const CODES = "exit codes: 0 fine, 1 usage, 2 unreachable, 3 not found, 4 diverged";

/** `redbutton inspect`. */
export function inspectCommand(): Command {
  const views = Object.entries(VIEWS).filter(([name]) => name !== "why");
  const lines = views.map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`);
  return withTarget(new Command("inspect"))
    .description(`looks into every replica and changes nothing; ${CODES}`)
    .addArgument(new Argument("[view]", "what to look at").choices(views.map(([name]) => name)).default("status"))
    .option("--document <name>", "doc, structs, diff, log: SHOW/board, SHOW/tallies or SHOW/ledger/SHARD")
    .option("--search <text>", "doc: in keys and values")
    .option("--rows <count>", "doc, log: at most so many")
    .option("--between <a,b>", "diff: the two members")
    .option("--of <edge>", "log: batches of this edge")
    .option("--boot <boot>", "log: of this boot")
    .option("--shard <number>", "log: of this shard")
    .addOption(new Option("--kind <kind>", "log: of this kind").choices([...BATCH_KINDS]))
    .option("--decode", "log: with the records in the batches")
    .option("--follow", "asks again every second")
    .option("--link", "print the address of the inspector's page, with a token good for 12 hours")
    .addHelpText("after", `\nViews:\n${lines.join("\n")}`)
    .action(async (view: string, options) => (await import("./run.ts")).inspectView(view, options));
}

/** `redbutton why`. */
export function whyCommand(): Command {
  return withTarget(new Command("why"))
    .description(`one ballot, by its receipt, from the press to the frame; ${CODES}`)
    .argument("<receipt>", "e.g. RB-7K3MQ2")
    .action(async (receipt: string, options) => (await import("./run.ts")).tellWhy(receipt, options));
}

function withTarget(command: Command): Command {
  return command
    .addOption(dirOption())
    .option("--edge <name|url>", "edge to ask (default: the first that answers)")
    .option("--token <token>", "an inspector's token (default: $REDBUTTON_TOKEN, or one from the folder)")
    .option("--show <show>", "the show (default: the only one)")
    .option("--json", "the report as the API gives it");
}
