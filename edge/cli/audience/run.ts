import { randomInt } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { ContentBody } from "../../answers.ts";
import { bodyOf, edgeClient } from "../../client/client.ts";
import { openFolder, type NetworkFolder } from "../network/folder.ts";
import { say } from "../output.ts";
import { readSecretFile } from "../secret.ts";
import { theShow } from "../show.ts";
import { askHealth } from "../supervise/status.ts";
import { UserError } from "../user-error.ts";
import { runAudience, type AudiencePoll } from "./audience.ts";
import type { AudienceEdge } from "./carrier.ts";
import { progressDisplay } from "./progress.ts";
import { reportText } from "./report.ts";

/** The command line, read. */
export interface AudienceCommandOptions {
  readonly dir: string;
  readonly show?: string;
  readonly poll?: string;
  readonly receivers: number;
  readonly rate?: number;
  readonly edges?: string;
  /** A file with the network's secret, instead of a folder. */
  readonly secret?: string;
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

/** Receivers a second, where nobody says how many. */
const DEFAULT_RATE = 1000;
/** How long an audience waits for an edge to be ready, ms. */
const READY_PATIENCE_MS = 10_000;
const ASK_INTERVAL_MS = 200;

/** Runs an audience as the command line says. */
export async function runAudienceCommand(options: AudienceCommandOptions): Promise<void> {
  const { folder, secret, edges, first, show } = await audienceTarget(options);
  const poll = await pollOf(first.address, show, options.poll);
  const seed = options.seed ?? randomInt(2 ** 31);
  const books = booksFile(folder, options, `${show}-${poll.id}-${seed}.ndjson`);
  const display = progressDisplay(options.receivers);
  const { ws, retryShare: retry, changeShare: change, moveShare: move, slowShare: slow, signedShare: signed } = options;
  const report = await runAudience({
    edges,
    secret,
    show,
    poll,
    receivers: options.receivers,
    rate: options.rate ?? DEFAULT_RATE,
    seed,
    shares: { ws, retry, change, move, slow, signed },
    deadlineMs: options.deadline * 1000,
    ...(books === undefined ? {} : { books }),
    signal: stopAtSigint(),
    onprogress: (now) => display.show(now),
  });
  display.end();
  say(reportText(report));
  if (!report.ok) process.exitCode = 1;
}

/** Whom an audience talks to, as its command line says. */
export async function audienceTarget(
  options: Pick<AudienceCommandOptions, "dir" | "secret" | "edges" | "show">,
): Promise<{
  readonly folder: NetworkFolder | undefined;
  readonly secret: Uint8Array;
  readonly edges: readonly AudienceEdge[];
  readonly first: AudienceEdge;
  readonly show: string;
}> {
  const folder = options.secret === undefined ? openFolder(options.dir) : undefined;
  const secret = folder?.secret() ?? readSecretFile(options.secret!);
  const edges = edgesOf(folder, options.edges);
  const first = await firstThatIsReady(edges);
  return { folder, secret, edges, first, show: await theShow(first.address, options.show) };
}

/** Aborted by Ctrl-C: nobody comes any more. */
export function stopAtSigint(): AbortSignal {
  const stop = new AbortController();
  process.once("SIGINT", () => {
    say("nobody comes any more; those who are there finish");
    stop.abort();
  });
  return stop.signal;
}

function edgesOf(folder: NetworkFolder | undefined, list: string | undefined): readonly AudienceEdge[] {
  if (list === undefined && folder) return folder.edges;
  return (list ?? "").split(",").flatMap((each): readonly AudienceEdge[] => {
    const wish = each.trim();
    if (/^https?:/.test(wish)) return [{ name: wish, address: wish }];
    if (folder) return folder.edgesNamed(wish);
    throw new UserError(`--edges has "${wish}", wanted addresses where there is no folder`);
  });
}

/** For whoever has just opened a show: edges are ready for it once the recorder knows of them. */
async function firstThatIsReady(edges: readonly AudienceEdge[]): Promise<AudienceEdge> {
  const deadline = Date.now() + READY_PATIENCE_MS;
  for (;;) {
    const asked = await Promise.all(edges.map(async (edge) => ({ edge, health: await askHealth(edge.address) })));
    const found = asked.find(({ health }) => health?.ready);
    if (found) return found.edge;
    if (Date.now() > deadline)
      throw new UserError(
        `no edge was ready within ${READY_PATIENCE_MS / 1000} s: asked ${edges.map(({ address }) => address).join(", ")}`,
      );
    await sleep(ASK_INTERVAL_MS);
  }
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
  const asked = edgeClient(address).v1.shows[":show"].content.$get({ param: { show } });
  const body = await bodyOf(asked).catch((error: Error) => {
    throw new UserError(`reading show "${show}" at ${address}: ${error.message}`);
  });
  return v.parse(ContentBody, body).polls;
}

export function booksFile(
  folder: NetworkFolder | undefined,
  { books }: Pick<AudienceCommandOptions, "books">,
  name: string,
): string | undefined {
  if (books === false) return undefined;
  return books ?? (folder ? join(folder.booksFolder, name) : name);
}
