// What the permanent database latches stands for ever, whoever tries again: in memory, in a file, at a server.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Proposal } from "../../crdt/proposal.ts";
import type { Final } from "../../crdt/show.ts";
import { openPermanentDatabase } from "../../monitor/database.ts";
import type { Latches } from "../../monitor/recorder.ts";
import { aPoll } from "../support/ballots.ts";
import { cleanUp, removeFolder, temporaryFolder } from "../support/database.ts";
import { MemoryFinals, MemoryShows } from "../support/memory-latches.ts";

const cleanup: (() => unknown)[] = [];
let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  await cleanUp(cleanup);
  removeFolder(folder);
});

async function inFile(): Promise<Latches> {
  const { store, ...latches } = await openPermanentDatabase(`file:${join(folder, "recorder.db")}`, { waitMs: 0 });
  cleanup.push(() => store.close());
  return latches;
}

const inMemory = (): Promise<Latches> => Promise.resolve({ finals: new MemoryFinals(), shows: new MemoryShows() });

const final = (at: number): Final => ({
  poll: "best",
  counts: { anonymous: [at], signed: [0] },
  cut: { "0/fra/00000000000000f1": 3 },
  lost: [],
  at,
});
const proposal = (id: string, created: number): Proposal => ({
  show: { id, title: "Ärger", shards: 1, created, wrappedKey: "00ff" },
  polls: [aPoll()],
  thresholds: [],
});

describe.each([
  ["memory", inMemory],
  ["a file", inFile],
])("in %s", (_name, open) => {
  test("a poll has its first result, and each show its own", async () => {
    const { finals } = await open();
    expect(await finals.latch("gala", final(1))).toEqual(final(1));
    expect(await finals.latch("gala", final(2))).toEqual(final(1));
    expect(await finals.latch("other", final(3))).toEqual(final(3));
  });

  test("a show is its first proposal", async () => {
    const { shows } = await open();
    expect(await shows.establish(proposal("gala", 1))).toEqual(proposal("gala", 1));
    expect(await shows.establish(proposal("gala", 2))).toEqual(proposal("gala", 1));
    expect(await shows.establish(proposal("other", 3))).toEqual(proposal("other", 3));
  });
});

test("a file keeps both", async () => {
  const first = await inFile();
  await first.finals.latch("gala", final(1));
  await first.shows.establish(proposal("gala", 1));
  await cleanUp(cleanup.splice(0));
  const second = await inFile();
  expect(await second.finals.latch("gala", final(2))).toEqual(final(1));
  expect(await second.shows.establish(proposal("gala", 2))).toEqual(proposal("gala", 1));
});
