// What a store in a file costs: `node test/contract/store.bench.ts [folder]`. CPU time is what to compare between machines.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chainId } from "../../crdt/batch.ts";
import { openLibsqlStore, type LibsqlStore } from "../../crdt/store/libsql.ts";
import type { StoreRecord } from "../../crdt/store/store.ts";
import { fra, sampleBatch } from "../support/database.ts";

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), "redbutton-bench-"));
let file = 0;
const timers = {
  after: (ms: number, task: () => void) => {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};
const open = () => openLibsqlStore(`file:${folder}/${(file += 1)}.db`, { timers });
const batch = (sequence: number, ballots: number): StoreRecord => ({
  kind: "batch",
  show: "final",
  bytes: sampleBatch(fra, sequence, ballots),
});

try {
  for (const [records, ballots] of [
    [1, 4],
    [1, 60],
    [4, 60],
    [1, 1000],
    [4, 1000],
  ] as const)
    await benchAppend(records, ballots);
  await benchLoad(1000, 1000);
  await benchLoad(4000, 250);
} finally {
  rmSync(folder, { recursive: true });
}

async function benchAppend(records: number, ballots: number): Promise<void> {
  const store = await open();
  const [appends, warmUp] = [2000, 200];
  const groups = Array.from({ length: appends + warmUp }, (_, i) =>
    Array.from({ length: records }, (_, r) => batch(i * records + r + 1, ballots)),
  );
  for (const group of groups.slice(0, warmUp)) await store.append(group);
  const times: number[] = [];
  const cpu = await cpuMs(async () => {
    for (const group of groups.slice(warmUp)) times.push(await wallMs(() => store.append(group)));
  });
  times.sort((a, b) => a - b);
  const wall = [0.5, 0.99, 1].map((part) => (times[Math.ceil(part * appends) - 1]! * 1000).toFixed(0));
  console.log(
    `append ${records} × ${ballots} ballots: ${((cpu / appends) * 1000).toFixed(0)} µs CPU; p50, p99, max ${wall.join(", ")} µs`,
  );
  await store.close();
}

async function benchLoad(count: number, ballots: number): Promise<void> {
  const store = await open();
  for (let from = 1; from <= count; from += 100)
    await store.append(Array.from({ length: 100 }, (_, i) => batch(from + i, ballots)));
  const whole = await wallMs(() => drain(store.batches("final")));
  const chain = await wallMs(() => drain(store.batches("final", { chain: fra, after: 0, upTo: count })));
  const snapshot = await compactMs(store, {}, 160);
  const removal = await compactMs(store, { [chainId(fra)]: count }, 1);
  const load = await wallMs(() => store.load());
  console.log(
    `${count} batches of ${ballots} ballots: read ${whole.toFixed(0)} ms, as a chain ${chain.toFixed(0)} ms; ` +
      `compaction with a snapshot of 160 MiB ${snapshot}; then one that removes all ${removal}; load ${load.toFixed(0)} ms`,
  );
  await store.close();
}

/** Time of a compaction, and the longest that it kept the event loop from other work. */
async function compactMs(store: LibsqlStore, upTo: Record<string, number>, mib: number): Promise<string> {
  const snapshot = new Uint8Array(mib * 2 ** 20).fill(1);
  let [longest, last] = [0, performance.now()];
  const turn = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const ticker = setInterval(turn, 1);
  const ms = await wallMs(() => store.compact("final", { snapshot, upTo, board: [Uint8Array.of(1)] }));
  turn();
  clearInterval(ticker);
  return `${ms.toFixed(0)} ms (longest hold of the event loop ${longest.toFixed(0)} ms)`;
}

async function drain(batches: AsyncIterable<Uint8Array>): Promise<void> {
  let bytes = 0;
  for await (const each of batches) bytes += each.length;
  if (bytes === 0) throw new Error("reading batches: got none");
}

async function wallMs(task: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await task();
  return performance.now() - start;
}

async function cpuMs(task: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
