import { Option, type Command } from "commander";
import { DEFAULT_FOLDER } from "./network/folder.ts";

export function dirOption(): Option {
  return new Option("--dir <dir>", "folder of the network").default(DEFAULT_FOLDER);
}

/** Adds the options that say whom a command talks to: see `targetApi`. */
export function withTarget(command: Command): Command {
  return command
    .addOption(dirOption())
    .addOption(new Option("--edge <name|url>", "edge to talk to (default: the first that answers)"))
    .addOption(new Option("--token <token>", "token to show it (default: $REDBUTTON_TOKEN, or one from the folder)"));
}

/** Those, and the show that is meant: see `theShow`. */
export function withShow(command: Command): Command {
  return withTarget(command.addOption(new Option("--show <show>", "the show (default: the only one)")));
}
