import { Command } from "commander";
import { readBooks } from "../audience/books.ts";
import { DEFAULT_FOLDER, openFolder, type NetworkFolder } from "../network/folder.ts";
import { say, style } from "../output.ts";
import { theShow } from "../show.ts";
import { askHealth } from "../supervise/status.ts";
import { UserError } from "../user-error.ts";
import { booksOfShow } from "./booked.ts";
import { pollText } from "./poll-report.ts";
import { verifyShow, type VerifyOptions } from "./verify.ts";

interface CommandOptions {
  readonly dir: string;
  readonly show?: string;
  readonly poll?: string;
  readonly books?: readonly string[] | false;
  readonly wait: string;
}

/** `redbutton verify`. */
export function verifyCommand(): Command {
  return new Command("verify")
    .description("refolds every log and compares: tallies, all edges, the database, the audience's books")
    .option("--dir <folder>", "the network's folder", DEFAULT_FOLDER)
    .option("--show <id>", "the show (default: the only one)")
    .option("--poll <id>", "one poll (default: all that were open)")
    .option("--books <files...>", "books to compare with (default: the show's, in the network's folder)")
    .option("--no-books", "compares with none")
    .option("--wait <seconds>", "how long edges may take to catch up", "10")
    .action(run);
}

async function run(options: CommandOptions): Promise<void> {
  const folder = openFolder(options.dir);
  const show = await theShow(await anyAddress(folder), options.show);
  const { books: files } = options;
  const books = files === false ? [] : files ? files.map(readBooks) : booksOfShow(folder.booksFolder, show);
  const report = await verifyShow({
    ...membersOf(folder),
    show,
    ...(options.poll === undefined ? {} : { poll: options.poll }),
    books,
    waitMs: waitMs(options.wait),
  });
  say(report.polls.map(pollText).join("\n\n"));
  say("");
  say(report.ok ? style("green", "all equal") : style(["bold", "red"], "NOT EQUAL"));
  if (!report.ok) process.exitCode = 1;
}

/** Where a network's edges and logs are, as its folder says. */
export function membersOf(folder: NetworkFolder): Pick<VerifyOptions, "edges" | "recorder" | "secret"> {
  const edges = folder.edges.map(({ name, address, config }) => ({
    name,
    address,
    store: folder.configOf(config).store,
  }));
  const recorder = folder.processes.find(({ role }) => role === "recorder");
  return { edges, secret: folder.secret(), ...(recorder ? { recorder: folder.configOf(recorder.config).store } : {}) };
}

async function anyAddress(folder: NetworkFolder): Promise<string> {
  const asked = await Promise.all(
    folder.edges.map(async ({ address }) => ({ address, health: await askHealth(address) })),
  );
  const found = asked.find(({ health }) => health);
  if (!found) throw new UserError(`no edge of "${folder.path}" answers: is \`redbutton up\` running?`);
  return found.address;
}

function waitMs(seconds: string): number {
  const ms = Number(seconds) * 1000;
  if (!(ms >= 0)) throw new UserError(`--wait is "${seconds}", wanted seconds`);
  return ms;
}
