import type { Final } from "../../../crdt/show.ts";
import { sumCounts } from "../../../crdt/tallies.ts";
import type { StoreConfig } from "../../config.ts";
import { unwrapShowKey } from "../../show-key.ts";
import type { Books } from "../audience/books.ts";
import { EXIT } from "../inspect/exit.ts";
import { UserError } from "../user-error.ts";
import type { EdgeDocuments, StandingPoll } from "./board-view.ts";
import { Booked } from "./booked.ts";
import type { EdgeReader } from "./edge-reader.ts";
import { openLog, whyUnreachable } from "./log-reader.ts";
import type { PollReport } from "./poll-report.ts";
import { DATABASE, PollCheck } from "./poll-check.ts";
import { absent, counted, unreadable, type Reading } from "./reading.ts";
import { refoldLog, type FoldWish, type Refolded } from "./refolding.ts";

/** Everything that is compared. */
export interface Sources {
  readonly show: string;
  readonly poll: string | undefined;
  readonly edges: readonly SourceEdge[];
  readonly recorder: StoreConfig | undefined;
  readonly secret: Uint8Array;
  readonly books: readonly Books[];
  /** What is being done, in words. */
  readonly onprogress?: ((doing: string) => void) | undefined;
}

interface SourceEdge {
  readonly name: string;
  readonly reader: EdgeReader;
  readonly store: StoreConfig | undefined;
}

/** What an edge's documents are, or why they cannot be read. */
interface ReadEdge extends SourceEdge {
  readonly documents: EdgeDocuments | Error;
}

/** Reads everything once and compares it. */
export async function verifyOnce(sources: Sources): Promise<PollReport[]> {
  const edges = await Promise.all(sources.edges.map(readEdge));
  const documents = firstDocuments(edges);
  const key = unwrapShowKey(documents.show.wrappedKey, sources.secret, sources.show);
  const polls = choosePolls(sources, documents);
  const checks = polls.map(
    (standing) => new PollCheck(standing, finalOf(standing, edges), new Booked(sources.books, standing.poll.id, key)),
  );
  sources.onprogress?.(`reading ${polls.length} polls at ${edges.length} edges`);
  await Promise.all(edges.flatMap((edge) => checks.map((check) => readAnswers(edge, check))));
  sources.onprogress?.("refolding the database");
  await readRecorder(sources.recorder, documents, checks);
  // One after the other: each holds the whole audience in memory while it is compared.
  for (const edge of edges) {
    sources.onprogress?.(`refolding the log of ${edge.name}`);
    await readLog(edge, documents, checks);
  }
  return checks.map((check) => check.report());
}

function firstDocuments(edges: readonly ReadEdge[]): EdgeDocuments {
  const reasons: string[] = [];
  for (const { name, documents } of edges) {
    if (!(documents instanceof Error)) return documents;
    reasons.push(`${name}: ${documents.message}`);
  }
  throw new UserError(`no edge can be read: ${reasons.join("; ")}`, EXIT.unreachable);
}

async function readEdge(edge: SourceEdge): Promise<ReadEdge> {
  try {
    return { ...edge, documents: await edge.reader.documents() };
  } catch (error) {
    return { ...edge, documents: error instanceof Error ? error : new Error(String(error)) };
  }
}

function choosePolls({ poll: wanted, show }: Sources, { polls }: EdgeDocuments): StandingPoll[] {
  const chosen = polls.filter(({ poll, state }) =>
    wanted === undefined ? state !== "draft" && state !== "armed" : poll.id === wanted,
  );
  if (chosen.length === 0)
    throw new UserError(
      wanted === undefined ? `no poll of "${show}" was open yet` : `"${show}" has no poll "${wanted}"`,
      EXIT.notFound,
    );
  return chosen;
}

/** Any edge's: that all have the same one is compared. */
function finalOf({ poll }: StandingPoll, edges: readonly ReadEdge[]): Final | undefined {
  return edges.map((edge) => boardFinal(edge, poll.id)).find((final) => final !== undefined);
}

function boardFinal({ documents }: ReadEdge, poll: string): Final | undefined {
  return documents instanceof Error ? undefined : documents.polls.find((standing) => standing.poll.id === poll)?.final;
}

async function readAnswers(edge: ReadEdge, check: PollCheck): Promise<void> {
  const { name, reader, documents } = edge;
  const source = `${name} results`;
  const results = await reader.results(check.poll.id).then(
    (counts) => counted(source, counts),
    (error: unknown) => unreadable(source, error),
  );
  check.add(name, results);
  check.add(
    name,
    documents instanceof Error ? unreadable(`${name} documents`, documents) : documentsReading(edge, documents, check),
  );
}

/** An edge's tallies while the poll goes on; its board once the poll is final and has left them. */
function documentsReading(edge: ReadEdge, { registers }: EdgeDocuments, check: PollCheck): Reading {
  check.addRegisters(edge.name, registers);
  if (!check.final) return counted(`${edge.name} tallies`, sumCounts(registers, check.poll.id));
  const source = `${edge.name} board`;
  const final = boardFinal(edge, check.poll.id);
  if (!final) return unreadable(source, "it has no final, and another edge's board has");
  if (!sameCut(final, check.final)) check.differ(source, "its final has another cut than the other edges' have");
  return counted(source, final.counts);
}

function sameCut(a: Final, b: Final): boolean {
  const chains = Object.entries(a.cut);
  return chains.length === Object.keys(b.cut).length && chains.every(([chain, sequence]) => b.cut[chain] === sequence);
}

function wishesOf(checks: readonly PollCheck[]): FoldWish[] {
  return checks.map(({ poll, final }) => ({ poll, cut: final?.cut }));
}

async function readRecorder(
  store: StoreConfig | undefined,
  { show }: EdgeDocuments,
  checks: readonly PollCheck[],
): Promise<void> {
  const why = store === undefined ? "this network has no recorder" : whyUnreachable(store);
  if (store === undefined || why !== undefined) return addAll(checks, DATABASE, absent(DATABASE, why ?? ""));
  try {
    const log = await openLog(store);
    try {
      const finals = await log.finals(show.id);
      const refolded = await refoldLog(log.store, show, wishesOf(checks));
      checks.forEach((check, i) => {
        check.takeRefolded(DATABASE, refolded[i]!);
        const latched = finals.get(check.poll.id);
        if (latched) check.add(DATABASE, counted("database result", latched.counts));
      });
    } finally {
      await log.close();
    }
  } catch (error) {
    addAll(checks, DATABASE, unreadable(DATABASE, error));
  }
}

async function readLog(
  { name, store }: ReadEdge,
  { show }: EdgeDocuments,
  checks: readonly PollCheck[],
): Promise<void> {
  const source = `${name} log`;
  const why = store === undefined ? "where it is is not known" : whyUnreachable(store);
  if (store === undefined || why !== undefined) return addAll(checks, name, absent(source, why ?? ""));
  try {
    const refolded = await refoldFile(store, show, wishesOf(checks));
    checks.forEach((check, i) => check.takeRefolded(source, refolded[i]!));
  } catch (error) {
    addAll(checks, name, unreadable(source, error));
  }
}

async function refoldFile(
  store: StoreConfig,
  show: EdgeDocuments["show"],
  wishes: readonly FoldWish[],
): Promise<Refolded[]> {
  const log = await openLog(store);
  try {
    return await refoldLog(log.store, show, wishes);
  } finally {
    await log.close();
  }
}

function addAll(checks: readonly PollCheck[], group: string, reading: Reading): void {
  for (const check of checks) check.add(group, reading);
}
