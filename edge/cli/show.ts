import { readFileSync } from "node:fs";
import { say, tableOf } from "./output.ts";
import { askHealth } from "./supervise/status.ts";
import type { OperatorRole } from "../token.ts";
import type { EdgeApi } from "./api.ts";
import { targetApi, type TargetOptions } from "./target.ts";
import { UserError } from "./user-error.ts";

/** Creates a show from its file; the edge checks it. */
export async function createShow(file: string, options: TargetOptions): Promise<void> {
  const show = await (await targetApi(options, "producer")).createShow(readShowFile(file));
  say(`created show "${show.id}", ${show.polls.length} polls: ${show.polls.map(({ id }) => id).join(", ")}`);
}

function readShowFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UserError(`reading show file "${file}": ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Destroys a show's key: its ballots stay, and lead to nobody. */
export async function forgetShow(show: string, options: TargetOptions): Promise<void> {
  await (await targetApi(options, "producer")).forget(show);
  say(`the key of "${show}" is destroyed: its ballots lead to nobody. Backups made before still hold it`);
}

/** Shows of the network with their polls. */
export async function listShows(options: TargetOptions): Promise<void> {
  const api = await targetApi(options, "reader");
  const ids = await showsOf(api.address);
  if (ids.length === 0) return say("no shows yet: `redbutton show create FILE`");
  const shows = await Promise.all(ids.map((id) => api.show(id)));
  const rows = shows.flatMap((show) =>
    show.polls.map((poll) => [show.id, poll.id, poll.state, poll.mode, poll.question]),
  );
  say(tableOf([["show", "poll", "state", "counts", "question"], ...rows]));
}

export async function showsOf(address: string): Promise<string[]> {
  const health = await askHealth(address);
  if (!health) throw new UserError(`"${address}" does not answer`);
  return health.shows.map(({ id }) => id);
}

/** The show that is meant where none is named: the network's only one. */
export async function theShow(address: string, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const shows = await showsOf(address);
  if (shows.length === 1) return shows[0]!;
  throw new UserError(shows.length === 0 ? "there is no show yet" : `which show? --show ${shows.join(" | ")}`);
}

/** Whom a command about one show talks to, and which show that is. */
export interface ShowOptions extends TargetOptions {
  readonly show?: string;
}

export async function targetShow(
  options: ShowOptions,
  role: OperatorRole,
): Promise<{ readonly api: EdgeApi; readonly show: string }> {
  const api = await targetApi(options, role);
  return { api, show: await theShow(api.address, options.show) };
}
