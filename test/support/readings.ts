// What every place of a network says a poll has come to: edges, registers, boards, and the permanent database.
import { createClient } from "@libsql/client";
import { expect } from "vitest";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { refold } from "../../crdt/fold.ts";
import { EPOCH_SLACK_MS } from "../../crdt/shard.ts";
import { totals, type Final } from "../../crdt/show.ts";
import { addCounts, type Register } from "../../crdt/tallies.ts";
import { tallyRulesOf } from "../../crdt/tally.ts";
import type { ResultsBody } from "../../edge/answers.ts";
import type { ShowBody } from "../../edge/producer-answers.ts";
import type { Cluster } from "./cluster.ts";
import { totalsOf } from "./edge-client.ts";
import { soon } from "./soon.ts";

/** Longest wait for a room's first state, ms. */
const SYNC_MS = 5000;

/** A document as a stock client with a reader's token gets it from an edge. */
export async function readRoom(cluster: Cluster, edge: string, room: string): Promise<Y.Doc> {
  const doc = new Y.Doc();
  const server = `${cluster.address(edge).replace("http", "ws")}/v1/rooms`;
  const params = { token: cluster.operatorToken("reader") };
  const provider = new WebsocketProvider(server, room, doc, { params, disableBc: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`reading "${room}" at "${edge}": no state in ${SYNC_MS} ms`)),
        SYNC_MS,
      );
      provider.once("sync", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    return doc;
  } finally {
    provider.destroy();
  }
}

/** Each edge's own counts by option, as its register in an edge's tallies has them. */
export async function readRegisters(cluster: Cluster, edge: string, show: ShowBody, poll: string) {
  const doc = await readRoom(cluster, edge, `${show.id}/tallies`);
  const options = show.polls.find(({ id }) => id === poll)!.options;
  const registers = [...doc.getMap<Register>("registers")].map(([name, register]) => {
    const counts = totals(addCounts(Object.values(register.shards).flatMap((section) => section.polls[poll] ?? [])));
    return [name, Object.fromEntries(options.map(({ id }, i) => [id, counts[i] ?? 0]))] as const;
  });
  return Object.fromEntries(registers);
}

/** Waits until every running edge answers with these counts, and holds such a register of every running edge. */
export async function expectEverywhere(cluster: Cluster, show: string, poll: string, counts: Record<string, number>) {
  const running = cluster.edges.filter((edge) => cluster.member(edge).isRunning);
  await soon(async () => {
    for (const edge of running) {
      const reader = cluster.producer(edge);
      const whole = await reader.show(show);
      const wanted = Object.fromEntries(
        whole.polls.find(({ id }) => id === poll)!.options.map(({ id }) => [id, counts[id] ?? 0]),
      );
      expect({ edge, ...totalsOf(await reader.results(show, poll)) }).toEqual({ edge, ...wanted });
      const registers = await readRegisters(cluster, edge, whole, poll);
      for (const other of running) expect({ edge, other, ...registers[other] }).toEqual({ edge, other, ...wanted });
    }
  });
}

/** Waits until every running edge has the final with these counts, all for the same cut. */
export async function expectFinal(cluster: Cluster, show: string, poll: string, counts: Record<string, number>) {
  const running = cluster.edges.filter((edge) => cluster.member(edge).isRunning);
  return soon(async () => {
    const results: ResultsBody[] = [];
    for (const edge of running) results.push(await cluster.producer(edge).results(show, poll));
    const [first] = results;
    if (!first?.final) throw new Error(`"${poll}" is not final: ${await waitingFor(cluster, running[0]!, show, poll)}`);
    for (const [i, result] of results.entries()) {
      expect({ edge: running[i], ...some(totalsOf(result)) }).toEqual({ edge: running[i], ...some(counts) });
      expect({ edge: running[i], ...result.final }).toEqual({ edge: running[i], ...first.final });
    }
    return first.final;
  });
}

async function waitingFor(cluster: Cluster, edge: string, show: string, poll: string): Promise<string> {
  const { polls } = await cluster.producer(edge).show(show);
  const { state, waiting_for } = polls.find(({ id }) => id === poll)!;
  return `${state}, waiting for ${waiting_for.join(", ")}`;
}

/** What the permanent database holds of a show, read with plain SQL. */
export interface Recorded {
  readonly batches: readonly Uint8Array[];
  readonly finals: ReadonlyMap<string, Final>;
}

/** `url`: of a server, or of a file that nobody owns now. */
export async function readDatabase(url: string, show: string): Promise<Recorded> {
  const client = createClient({ url });
  try {
    const batches = await client.execute({
      sql: "SELECT bytes FROM batches WHERE show = ? ORDER BY position",
      args: [show],
    });
    const finals = await client.execute({ sql: "SELECT poll, final FROM finals WHERE show = ?", args: [show] });
    return {
      batches: batches.rows.map(({ bytes }) => new Uint8Array(bytes as ArrayBuffer)),
      finals: new Map(finals.rows.map(({ poll, final }) => [poll as string, JSON.parse(final as string) as Final])),
    };
  } finally {
    client.close();
  }
}

/** Expects the database's final to have these counts, and its batches, folded anew by the final's cut, the same. */
export async function expectRecorded(
  { batches, finals }: Recorded,
  show: ShowBody,
  poll: string,
  counts: Record<string, number>,
) {
  const final = finals.get(poll);
  if (!final) throw new Error(`the database has no final of "${poll}"`);
  const index = show.polls.findIndex(({ id }) => id === poll);
  const definition = show.polls[index]!;
  const rules = tallyRulesOf(definition);
  const folded = await refold(
    batches,
    (i) => (i === index ? rules : undefined),
    show.created - EPOCH_SLACK_MS,
    final.cut,
  );
  const byOption = (list: readonly number[]) =>
    some(Object.fromEntries(definition.options.map(({ id }, i) => [id, list[i] ?? 0])));
  expect(byOption(totals(final.counts))).toEqual(some(counts));
  expect(byOption(totals(folded.counts(index)))).toEqual(some(counts));
  expect(folded.forks).toEqual([]);
}

/** Options that somebody chose. */
function some(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}
