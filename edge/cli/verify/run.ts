import { readBooks } from "../audience/books.ts";
import { EXIT } from "../inspect/exit.ts";
import { openFolder, type NetworkFolder } from "../network/folder.ts";
import { say, style } from "../output.ts";
import { theShow } from "../show.ts";
import { askHealth } from "../supervise/status.ts";
import { UserError } from "../user-error.ts";
import { booksOfShow } from "./booked.ts";
import { cueText } from "./cues.ts";
import { membersOf } from "./members.ts";
import { pollText } from "./poll-report.ts";
import { verifyEnvelope } from "./envelope.ts";
import { verifyShow, type VerifyReport } from "./verify.ts";

/** The command line, read. */
export interface VerifyCommandOptions {
  readonly dir: string;
  readonly show?: string;
  readonly poll?: string;
  readonly books?: readonly string[] | false;
  readonly wait: string;
  readonly json?: boolean;
}

/** Verifies as the command line says. */
export async function runVerifyCommand(options: VerifyCommandOptions): Promise<void> {
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
    ...(process.stderr.isTTY ? { onprogress: sayProgress } : {}),
  });
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
  if (options.json === true) say(JSON.stringify(verifyEnvelope(report, Date.now()), undefined, 2));
  else sayReport(report);
  if (!report.ok) process.exitCode = EXIT.diverged;
}

function sayReport(report: VerifyReport): void {
  say(report.polls.map(pollText).join("\n\n"));
  for (const cue of report.cues) say(cueText(cue));
  say("");
  say(report.ok ? style("green", "all equal") : style(["bold", "red"], "NOT EQUAL"));
}

const CLEAR_LINE = "\r\u001b[K";

/** A line that the next one replaces. */
function sayProgress(doing: string): void {
  process.stderr.write(`${CLEAR_LINE}${doing} …`);
}

async function anyAddress(folder: NetworkFolder): Promise<string> {
  const asked = await Promise.all(
    folder.edges.map(async ({ address }) => ({ address, health: await askHealth(address) })),
  );
  const found = asked.find(({ health }) => health);
  if (!found)
    throw new UserError(`no edge of "${folder.path}" answers: is \`redbutton up\` running?`, EXIT.unreachable);
  return found.address;
}

function waitMs(seconds: string): number {
  const ms = Number(seconds) * 1000;
  if (!(ms >= 0)) throw new UserError(`--wait is "${seconds}", wanted seconds`);
  return ms;
}
