// Three edges and a recorder in one process, on a network in memory and a clock of their own: what their documents come
// to after so many flushes, the recorder pruning as it goes. Prints a line of `Documents`.
import * as Y from "yjs";
import { Edge } from "../../../edge/edge.ts";
import { isRefusal } from "../../../edge/refusal.ts";
import { decodeHeader } from "../../../crdt/batch.ts";
import { Ledger } from "../../../crdt/ledger.ts";
import { MemoryStore } from "../../../crdt/store/memory.ts";
import type { Member } from "../../../crdt/member.ts";
import type { Replica } from "../../../crdt/replica.ts";
import { Process } from "../../../monitor/process.ts";
import { Recorder } from "../../../monitor/recorder.ts";
import { POLL, POLL_DEFINITION, POLL_ID, SHOW_ID } from "../support/ballots.ts";
import { flush, MemoryMembers } from "../support/memory-member.ts";
import { programArgs, tellParent } from "../support/program.ts";
import { MemoryFinals, MemoryShows } from "../../support/memory-latches.ts";

export interface DocumentsArgs {
  readonly ballots: number;
  readonly flushes: number;
}

export interface Documents {
  readonly boardBytes: number;
  readonly talliesBytes: number;
  /** Of the ledger document with everything pruned: what boots leave behind. */
  readonly ledgerBytesPerBoot: number;
  /** Of the ledger document while edges write, beyond a new document with the unpruned batches; the largest seen. */
  readonly ledgerOverheadPerBoot: number;
  /** Batches not pruned, when that was seen. */
  readonly longestTail: number;
}

/** A flush of each edge in turn, this often: 10,000 take 33 s of the members' time. */
const FLUSH_EVERY_MS = 10;
const NAMES = ["fra", "nyc", "syd"];

const { ballots, flushes } = programArgs<DocumentsArgs>();
tellParent(await documents());
process.exit(0);

async function documents(): Promise<Documents> {
  const members = new MemoryMembers([...NAMES, "recorder"]);
  const network = crypto.getRandomValues(new Uint8Array(32));
  const opened: Member[] = [];
  for (const name of NAMES) opened.push(await members.open(name, new MemoryStore()));
  const edges = opened.map((member) => new Edge(member, { region: "eu", address: `http://${member.name}`, network }));
  const store = new MemoryStore();
  const recording = await members.open("recorder", store);
  const recorder = new Process(recording, [
    new Recorder(recording, store, { finals: new MemoryFinals(), shows: new MemoryShows() }),
  ]);
  for (const edge of edges) edge.start();
  recorder.start();
  recording.start();
  await members.run(5000);
  const creating = createShow(edges[0]!);
  await members.run(5000);
  await creating;

  const replicas = opened.map((member) => member.replica(SHOW_ID)!);
  const seen = replicas[0]!;
  const perFlush = Math.floor(ballots / flushes);
  let [ledgerOverheadPerBoot, longestTail] = [0, 0];
  for (let i = 0; i < flushes; i++) {
    await flush(replicas[i % replicas.length]!, i * perFlush, perFlush, members.time.now);
    if (i % replicas.length === 0) await members.run(FLUSH_EVERY_MS);
    if (i % 97 !== 96) continue;
    const tail = tailOf(seen);
    ledgerOverheadPerBoot = Math.max(ledgerOverheadPerBoot, (sizeOf(ledger(seen)) - tail.bytes) / NAMES.length);
    longestTail = Math.max(longestTail, tail.batches);
  }
  await members.run(5000);
  assertComplete(replicas, flushes * perFlush);
  return {
    boardBytes: sizeOf(seen.board.doc),
    talliesBytes: sizeOf(seen.tallies.doc),
    ledgerBytesPerBoot: sizeOf(ledger(seen)) / NAMES.length,
    ledgerOverheadPerBoot,
    longestTail,
  };
}

async function createShow(edge: Edge): Promise<void> {
  const show = await edge.createShow({ id: SHOW_ID, title: "Final", shards: 1, polls: [POLL_DEFINITION] }, "bench");
  if (isRefusal(show)) throw new Error(`creating the show: ${show.detail}`);
  for (const deed of [show.deeds.arm(POLL_ID, "bench"), show.deeds.open(POLL_ID, "bench")]) await deed;
}

function ledger(replica: Replica): Y.Doc {
  return replica.shard(0).ledger.doc;
}

/** What is not pruned yet, and the size of a document that holds nothing else. */
function tailOf(replica: Replica): { batches: number; bytes: number } {
  const doc = new Y.Doc();
  const fresh = new Ledger(doc);
  const batches = [...replica.shard(0).ledger.batches()];
  for (const bytes of batches) {
    const { edge, boot } = decodeHeader(bytes);
    fresh.append(edge, boot, [bytes]);
  }
  return { batches: batches.length, bytes: sizeOf(doc) };
}

function sizeOf(doc: Y.Doc): number {
  return Y.encodeStateAsUpdate(doc).length;
}

/** The sizes mean nothing where ballots are missing, or where nothing was pruned. */
function assertComplete(replicas: readonly Replica[], wanted: number): void {
  for (const replica of replicas) {
    const { anonymous } = replica.counts(POLL.index);
    const got = anonymous.reduce((sum, count) => sum + count, 0);
    if (got !== wanted) throw new Error(`folding: got ${got} ballots, wanted ${wanted}`);
    const { batches } = tailOf(replica);
    if (batches > 0) throw new Error(`pruning: ${batches} batches are left`);
  }
}
