import { randomInt } from "node:crypto";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import * as v from "valibot";
import { ContentBody } from "../../answers.ts";
import { DEFAULT_FOLDER, openFolder, type NetworkFolder } from "../network/folder.ts";
import { say } from "../output.ts";
import { theShow } from "../show.ts";
import { askHealth } from "../supervise/status.ts";
import { UserError } from "../user-error.ts";
import { runAudience, type AudiencePoll } from "./audience.ts";
import type { AudienceEdge } from "./carrier.ts";
import { DEFAULT_SHARES } from "./plan.ts";
import { progressDisplay } from "./progress.ts";
import { reportText } from "./report.ts";

interface CommandOptions {
  readonly dir: string;
  readonly show?: string;
  readonly poll?: string;
  readonly receivers: number;
  readonly rate: number;
  readonly edges?: string;
  readonly seed?: number;
  readonly books?: string | false;
  readonly deadline: number;
  readonly ws: number;
  readonly retryShare: number;
  readonly changeShare: number;
  readonly moveShare: number;
  readonly slowShare: number;
  readonly signedShare: number;
}

/** `redbutton audience`. */
export function audienceCommand(): Command {
  const { ws, retry, change, move, slow, signed } = DEFAULT_SHARES;
  return new Command("audience")
    .description("lets simulated receivers vote, and keeps books of what they heard")
    .option("--dir <folder>", "the network's folder", DEFAULT_FOLDER)
    .option("--show <id>", "the show (default: the only one)")
    .option("--poll <id>", "the poll (default: the one that is open)")
    .option("-n, --receivers <n>", "how many receivers", wholeNumber, 1000)
    .option("-r, --rate <n>", "receivers a second that press for the first time", positive, 1000)
    .option("--edges <list>", "names or addresses, comma-separated (default: all of the network)")
    .option("--seed <n>", "the same seed gives the same receivers (default: a random one)", wholeNumber)
    .option("--books <file>", "where the books go (default: in the network's folder)")
    .option("--no-books", "keeps none")
    .option("--deadline <seconds>", "how long a press is tried before it is booked as unknown", positive, 60)
    .option("--ws <share>", "share of receivers on a WebSocket, 0 to 1", share, ws)
    .option("--retry-share <share>", "who send an answered press again", share, retry)
    .option("--change-share <share>", "who change their minds", share, change)
    .option("--move-share <share>", "who move to another edge, some in the middle of a press", share, move)
    .option("--slow-share <share>", "who take their time to send", share, slow)
    .option("--signed-share <share>", "whose tokens name somebody", share, signed)
    .action(run);
}

async function run(options: CommandOptions): Promise<void> {
  const folder = openFolder(options.dir);
  const edges = edgesOf(folder, options.edges);
  const first = await firstThatAnswers(edges);
  const show = await theShow(first.address, options.show);
  const poll = await pollOf(first.address, show, options.poll);
  const seed = options.seed ?? randomInt(2 ** 31);
  const books = booksFile(folder, options, `${show}-${poll.id}-${seed}.ndjson`);
  const display = progressDisplay(options.receivers);
  const { ws, retryShare: retry, changeShare: change, moveShare: move, slowShare: slow, signedShare: signed } = options;
  const report = await runAudience({
    edges,
    secret: folder.secret(),
    show,
    poll,
    receivers: options.receivers,
    rate: options.rate,
    seed,
    shares: { ws, retry, change, move, slow, signed },
    deadlineMs: options.deadline * 1000,
    ...(books === undefined ? {} : { books }),
    onprogress: (now) => display.show(now),
  });
  display.end();
  say(reportText(report));
  if (!report.ok) process.exitCode = 1;
}

function edgesOf(folder: NetworkFolder, list: string | undefined): readonly AudienceEdge[] {
  if (list === undefined) return folder.edges;
  return list.split(",").flatMap((each): readonly AudienceEdge[] => {
    const wish = each.trim();
    return /^https?:/.test(wish) ? [{ name: wish, address: wish }] : folder.edgesNamed(wish);
  });
}

async function firstThatAnswers(edges: readonly AudienceEdge[]): Promise<AudienceEdge> {
  const asked = await Promise.all(edges.map(async (edge) => ({ edge, health: await askHealth(edge.address) })));
  const found = asked.find(({ health }) => health?.ready);
  if (!found) throw new UserError(`no edge is ready: asked ${edges.map(({ address }) => address).join(", ")}`);
  return found.edge;
}

/** A poll as receivers see it: the one that is named, or the first that is open. */
export async function pollOf(address: string, show: string, named: string | undefined): Promise<AudiencePoll> {
  const polls = await publicPolls(address, show);
  const found =
    named === undefined ? polls.find(({ state }) => state === "open") : polls.find(({ id }) => id === named);
  if (!found) {
    const states = polls.map(({ id, state }) => `${id} is ${state}`).join(", ") || "it has none but drafts";
    throw new UserError(`no ${named === undefined ? "open poll" : `poll "${named}"`} in "${show}": ${states}`);
  }
  return { id: found.id, mode: found.mode, votes: found.votes, options: found.options.map(({ id }) => id) };
}

async function publicPolls(address: string, show: string) {
  const response = await fetch(new URL(`/v1/shows/${encodeURIComponent(show)}/content`, address));
  const body: unknown = await response.json();
  if (response.ok) return v.parse(ContentBody, body).polls;
  throw new UserError(`reading show "${show}" at ${address}: HTTP ${response.status} ${JSON.stringify(body)}`);
}

function booksFile(folder: NetworkFolder, { books }: CommandOptions, name: string): string | undefined {
  if (books === false) return undefined;
  return books ?? join(folder.booksFolder, name);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("wanted a whole number.");
  return Number(text);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("wanted a number above 0.");
  return value;
}

function share(text: string): number {
  const value = Number(text);
  if (text === "" || !(value >= 0 && value <= 1)) throw new InvalidArgumentError("wanted a share, 0 to 1.");
  return value;
}
