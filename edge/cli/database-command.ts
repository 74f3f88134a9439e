import { Argument, Command, Option } from "commander";
import { EXPORT_FORMATS, EXPORTS } from "./export.ts";
import { dirOption } from "./target-options.ts";

/** Commands that read the permanent database, and those that keep it safe. */
export function databaseCommands(): Command[] {
  const sql = withDatabase(new Command("sql"))
    .argument("<query>", "a SELECT")
    .description("ask the permanent database: its tables are in docs/results.md")
    .action(async (query, options) => (await import("./sql.ts")).askSql(query, options));
  const exports = withDatabase(new Command("export"))
    .addArgument(new Argument("<what>").choices([...EXPORTS]))
    .description("stream results, turnout or ballots of polls that are final")
    .addOption(new Option("--format <format>").choices([...EXPORT_FORMATS]).default("csv"))
    .option("--show <show>", "of this show alone")
    .option("--poll <poll>", "of this poll alone")
    .action(async (what, options) => (await import("./export.ts")).exportTable(what, options));
  const backup = withDatabase(new Command("backup"))
    .argument("<file>", "to be written")
    .description("copy the permanent database into a file, while everything goes on")
    .action(async (file, options) => (await import("./backup.ts")).backUp(file, options));
  const restore = withDatabase(new Command("restore"))
    .argument("<file>", "a backup")
    .description("put a backup in the place of a permanent database that is gone")
    .action(async (file, options) => (await import("./backup.ts")).restore(file, options));
  return [sql, exports, backup, restore];
}

function withDatabase(command: Command): Command {
  return command
    .addOption(dirOption())
    .option("--database <url>", "file:PATH or a libSQL server's address, instead of the folder's");
}
