// A recorder takes an edge's flushes from a busy link into its permanent database, in a file, rounds and all, and then
// writes the results down for SQL. Prints a line of `Recorded`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryStore } from "../../../crdt/store/memory.ts";
import { totals } from "../../../crdt/show.ts";
import { realWorld } from "../../../edge/runtime/host/world.ts";
import { openPermanentDatabase } from "../../../monitor/database.ts";
import { Process } from "../../../monitor/process.ts";
import { Recorder } from "../../../monitor/recorder.ts";
import { Materialiser } from "../../../monitor/results/materialiser.ts";
import { POLL } from "../support/ballots.ts";
import { ownCpu } from "../support/cpu.ts";
import { createShow, flush, MemoryMembers } from "../support/memory-member.ts";
import { programArgs, tellParent } from "../support/program.ts";
import { turn } from "../support/virtual-time.ts";

export interface RecordArgs {
  readonly ballots: number;
  readonly perFlush: number;
}

export interface Recorded {
  readonly cpuPerBallot: number;
  /** To write the results down: seconds by the clock, and how often it was said how far that is. */
  readonly materialiseSeconds: number;
  readonly materialiseCpuSeconds: number;
  readonly progress: number;
}

/** What Node reads from a socket at once. */
const READ_BYTES = 65_536;
/** The edge runs ahead by so many ballots: memory holds what is on the way. */
const AHEAD = 50_000;

const { ballots, perFlush } = programArgs<RecordArgs>();
const folder = mkdtempSync(join(tmpdir(), "redbutton-bench-"));
try {
  tellParent(await record());
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(0);

async function record(): Promise<Recorded> {
  const members = new MemoryMembers(["fra", "recorder"]);
  const fra = await members.open("fra", new MemoryStore());
  const { store, results, ...latches } = await openPermanentDatabase(`file:${join(folder, "permanent.db")}`, {
    // As in a member's process: others have the event loop between two parts.
    timers: realWorld(() => {}).timers,
  });
  const recorder = await members.open("recorder", store);
  const materialiser = new Materialiser(store, results, recorder.world);
  new Process(recorder, [new Recorder(recorder, store, latches)]).start();
  const origin = await createShow(fra, members.time.now);
  fra.start();
  recorder.start();
  await members.run(3000);
  const folded = () => totals(recorder.replicas().next().value?.counts(POLL.index) ?? { anonymous: [], signed: [] });
  const sum = () => folded().reduce((total, count) => total + count, 0);
  let cpu = 0;
  for (let at = 0; at < ballots; at += AHEAD) {
    const upTo = Math.min(at + AHEAD, ballots);
    for (let from = at; from < upTo; from += perFlush) await flush(origin, from, perFlush, members.time.now);
    cpu += await ownCpu(async () => {
      for (const end of members.network.ends)
        while (end.inbox.length > 0) {
          end.deliver(READ_BYTES);
          await turn();
        }
      while (sum() < upTo) await turn();
    });
  }
  const replica = [...recorder.replicas()][0]!;
  const by = { at: members.time.now, by: "bench" };
  const counts = { anonymous: folded(), signed: [0, 0, 0, 0] };
  const cut = replica.coverage().toJSON();
  await replica.change((board) => board.setFinal({ poll: POLL.id, counts, cut, lost: [], at: by.at }, by));
  let progress = 0;
  let said = "";
  const asking = setInterval(() => {
    const now = materialiser.health(replica).waitsFor.join();
    if (now !== said) progress += 1;
    said = now;
  }, 20);
  const began = performance.now();
  const materialiseCpu = await ownCpu(() => materialiser.round(replica));
  const materialiseSeconds = (performance.now() - began) / 1000;
  clearInterval(asking);
  const written = await results.progress(replica.show, POLL.id);
  if (written?.rows !== ballots || !written.isDone)
    throw new Error(`writing results down: got ${JSON.stringify(written)}, wanted ${ballots} rows`);
  return { cpuPerBallot: cpu / ballots, materialiseSeconds, materialiseCpuSeconds: materialiseCpu / 1e6, progress };
}
