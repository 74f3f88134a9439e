// A replica takes an edge's flushes, as frames of a link: read, judged by the guard, applied to the document, logged and
// folded. Prints a line of `Applied`. CPU is measured from the first frame handed over to the last ballot folded.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Member } from "../../../crdt/member.ts";
import { openLibsqlStore } from "../../../crdt/store/libsql.ts";
import { MemoryStore } from "../../../crdt/store/memory.ts";
import type { Store } from "../../../crdt/store/store.ts";
import { totals } from "../../../crdt/show.ts";
import { POLL, SHOW_ID } from "../support/ballots.ts";
import { ownCpu } from "../support/cpu.ts";
import { createShow, flush, MemoryMembers } from "../support/memory-member.ts";
import { programArgs, tellParent } from "../support/program.ts";
import { turn } from "../support/virtual-time.ts";

export interface ApplyArgs {
  readonly ballots: number;
  readonly warmUp: number;
  readonly perFlush: number;
  /** Where the replica's log is. */
  readonly store: "file" | "memory";
  /** Where the log of the edge that writes the ballots is. */
  readonly origin: "file" | "memory";
  /**
   * How frames arrive: each in a turn of the event loop of its own, as from a link that has time, and then each flush is
   * a commit; or as many as one read of a busy socket holds, and then commits gather several.
   */
  readonly arrival: "apart" | "busy";
}

/** What Node reads from a socket at once. */
const READ_BYTES = 65_536;

export interface Applied {
  readonly cpuPerBallot: number;
  /** The same at the edge that wrote them. */
  readonly originCpuPerBallot: number;
  /** Of the origin's file; 0 where its log is in memory. */
  readonly logBytesPerBallot: number;
  /** On the link, both ways, WebSocket's own bytes included. */
  readonly bytesPerBallot: number;
  /** Commits of the replica's log. */
  readonly commits: number;
}

const { ballots, warmUp, perFlush, store: kind, origin: originKind, arrival } = programArgs<ApplyArgs>();
const folder = mkdtempSync(join(tmpdir(), "redbutton-bench-"));
try {
  tellParent(await apply());
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(0);

async function apply(): Promise<Applied> {
  const members = new MemoryMembers(["fra", "nyc"]);
  let commits = 0;
  const originStore = await openStore(originKind, "fra");
  const fra = await members.open("fra", originStore);
  const nyc = await members.open(
    "nyc",
    counting(await openStore(kind, "nyc"), () => commits++),
  );
  const origin = await createShow(fra, members.time.now);
  fra.start();
  nyc.start();
  await members.run(3000);
  if (!fra.backbone.status()[0]?.open) throw new Error("the link did not open");

  const [left, right] = members.network.ends as [(typeof members.network.ends)[0], (typeof members.network.ends)[0]];
  const total = warmUp + ballots;
  const write = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at += perFlush) await flush(origin, at, Math.min(perFlush, to - at), members.time.now);
  };
  const deliver = async (upTo: number): Promise<void> => {
    const inbox = left.inbox.length > 0 ? left : right;
    while (inbox.inbox.length > 0) {
      inbox.deliver(arrival === "busy" ? READ_BYTES : 1);
      await turn();
    }
    while (folded(nyc) < upTo) await turn();
  };
  await write(0, warmUp);
  await deliver(warmUp);
  await members.network.settle();
  const [sent, before] = [left.sent + right.sent, commits];
  const originCpu = await ownCpu(() => write(warmUp, total));
  const cpu = await ownCpu(() => deliver(total));
  await originStore.close();
  return {
    cpuPerBallot: cpu / ballots,
    originCpuPerBallot: originCpu / ballots,
    logBytesPerBallot: originKind === "file" ? statSync(fileOf("fra")).size / total : 0,
    bytesPerBallot: (left.sent + right.sent - sent) / ballots,
    commits: commits - before,
  };
}

function openStore(of: "file" | "memory", name: string): Promise<Store> {
  return of === "file" ? openLibsqlStore(`file:${fileOf(name)}`) : Promise.resolve(new MemoryStore());
}

function fileOf(name: string): string {
  return join(folder, `${name}.db`);
}

function folded(member: Member): number {
  const counts = member.replica(SHOW_ID)?.counts(POLL.index);
  return counts ? totals(counts).reduce((sum, count) => sum + count, 0) : 0;
}

function counting(store: Store, oncommit: () => void): Store {
  return {
    load: () => store.load(),
    append: (records) => {
      oncommit();
      return store.append(records);
    },
    batches: (show, range) => store.batches(show, range),
    compact: (show, compaction) => store.compact(show, compaction),
    close: () => store.close(),
  };
}
