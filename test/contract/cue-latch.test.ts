// What a latch of cues owes, wherever it keeps them.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FiredCue } from "../../crdt/threshold.ts";
import { openLatch } from "../../monitor/database.ts";
import { cueId } from "../../monitor/threshold/crossing.ts";
import type { CueLatch } from "../../monitor/threshold/latch.ts";
import { LatchOnDemand } from "../../monitor/threshold/latch-on-demand.ts";
import { cleanUp, removeFolder, temporaryFolder } from "../support/database.ts";
import { MemoryLatch } from "../support/memory-latches.ts";
import { findSqld, startSqld } from "../support/sqld.ts";

const cleanup: (() => unknown)[] = [];
afterEach(() => cleanUp(cleanup));

function fired(
  eventId: number,
  given: { threshold?: string; epoch?: number; at?: number; by?: string } = {},
): FiredCue {
  const { threshold = "crowd", epoch = 1, at = 1000, by = "one" } = given;
  const message = { kind: "text", text: "10,000 viewers" } as const;
  const cue = { id: cueId("final", threshold, epoch), eventId, show: "final", threshold, epoch, message };
  return { cue: { ...cue, durationMs: 5000, firedAt: at }, value: 10_000.5, coverage: { "0/fra/00": 3 }, by };
}

/** What every latch owes; `again` opens it anew, as the next process does. */
function contract(open: () => Promise<CueLatch>, again: () => Promise<CueLatch>): void {
  let latch: CueLatch;
  beforeEach(async () => {
    latch = await open();
  });

  test("an event id is reserved once, is above 0, and stays", async () => {
    const first = await latch.reserve("final", "crowd", 1);
    const others = [
      await latch.reserve("final", "crowd", 2),
      await latch.reserve("other", "crowd", 1),
      await latch.reserve("final", "share", 1),
    ];
    expect(first).toBeGreaterThan(0);
    expect(new Set([first, ...others]).size).toBe(4);
    expect(await (await again()).reserve("final", "crowd", 1)).toBe(first);
  });

  test("the first that is latched stands, whoever tries again", async () => {
    const event = await latch.reserve("final", "crowd", 1);
    const first = fired(event);
    expect(await latch.latch(first)).toEqual(first);
    const others = [fired(event, { by: "two", at: 2000 }), fired(event, { by: "three", at: 500 })];
    for (const other of others) expect(await latch.latch(other)).toEqual(first);
    const next = await again();
    expect(await next.latch(others[0]!)).toEqual(first);
    expect(await next.pending("final")).toEqual([first]);
  });

  test("several at once are one", async () => {
    const event = await latch.reserve("final", "crowd", 1);
    const names = ["one", "two", "three", "four"];
    const standing = await Promise.all(names.map((by) => latch.latch(fired(event, { by }))));
    expect(new Set(standing.map(({ by }) => by)).size).toBe(1);
  });

  test("a cue waits until it is confirmed, oldest first, and then no more", async () => {
    const cues = [
      fired(await latch.reserve("final", "crowd", 1), { at: 2000 }),
      fired(await latch.reserve("final", "share", 1), { threshold: "share", at: 1000 }),
    ];
    for (const cue of cues) await latch.latch(cue);
    expect((await latch.pending("final")).map(({ cue }) => cue.threshold).sort()).toEqual(["crowd", "share"]);
    await latch.confirm(cues[0]!.cue.id, 3000);
    await latch.confirm(cues[0]!.cue.id, 4000);
    const next = await again();
    expect(await next.pending("final")).toEqual([cues[1]]);
    expect(await next.pending("other")).toEqual([]);
  });
}

describe("in memory", () => {
  let memory: MemoryLatch;
  contract(
    () => Promise.resolve((memory = new MemoryLatch())),
    () => Promise.resolve(memory),
  );
});

function databaseContract(place: () => Promise<string>, isFile: boolean): void {
  let url: string;
  let latest: Awaited<ReturnType<typeof openLatch>> | undefined;
  const openIt = async () => {
    // One process owns a file; of a server any number may ask.
    if (isFile) await latest?.close();
    const opened = await openLatch(url);
    latest = opened;
    cleanup.push(() => opened.close());
    return opened.cues;
  };
  contract(async () => {
    url = await place();
    latest = undefined;
    return openIt();
  }, openIt);

  test("a firing whose event id is another's is refused", async () => {
    url = await place();
    const latch = await openIt();
    const event = await latch.reserve("final", "crowd", 1);
    await expect(latch.latch(fired(event + 1))).rejects.toThrow(`event id ${event + 1} is not reserved`);
    await expect(latch.latch(fired(event, { threshold: "share" }))).rejects.toThrow("is not reserved");
    expect(await latch.pending("final")).toEqual([]);
  });
}

function inFolder(): string {
  const folder = temporaryFolder();
  cleanup.push(() => removeFolder(folder));
  return folder;
}

describe("in a file", () => databaseContract(() => Promise.resolve(`file:${join(inFolder(), "cues.db")}`), true));

const sqld = findSqld();
const name = "missing" in sqld ? `on a libSQL server (skipped: ${sqld.missing})` : "on a libSQL server";
describe.skipIf("missing" in sqld)(name, { timeout: 30_000 }, () => {
  const start = async (folder = inFolder()) => {
    const server = await startSqld(folder);
    cleanup.push(() => server.kill());
    return server;
  };
  databaseContract(async () => (await start()).url, false);

  test("a latch that is opened on demand works once its server is there, and rejects meanwhile", async () => {
    const folder = inFolder();
    const server = await start(folder);
    let url = "http://127.0.0.1:9";
    const latch = new LatchOnDemand(() => openLatch(url));
    cleanup.push(() => latch.close());
    await expect(latch.reserve("final", "crowd", 1)).rejects.toThrow("127.0.0.1:9");
    url = server.url;
    expect(await latch.reserve("final", "crowd", 1)).toBe(1);
  });
});
