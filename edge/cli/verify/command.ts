import { Command } from "commander";
import { DEFAULT_FOLDER } from "../network/folder.ts";

export { membersOf } from "./members.ts";

/** `redbutton verify`. */
export function verifyCommand(): Command {
  return new Command("verify")
    .description(
      "refolds every log and compares: tallies, all edges, the database, the audience's books; " +
        "exit codes: 0 fine, 1 usage, 2 unreachable, 3 not found, 4 diverged",
    )
    .option("--dir <folder>", "the network's folder", DEFAULT_FOLDER)
    .option("--show <id>", "the show (default: the only one)")
    .option("--poll <id>", "one poll (default: all that were open)")
    .option("--books <files...>", "books to compare with (default: the show's, in the network's folder)")
    .option("--no-books", "compares with none")
    .option("--wait <seconds>", "how long edges may take to catch up", "10")
    .option("--json", "the report as JSON, with the inspector's envelope")
    .action(async (options) => (await import("./run.ts")).runVerifyCommand(options));
}
