// Results for SQL: what became final, folded from the batches and written down, whatever comes between.
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { chainId } from "../../crdt/batch.ts";
import { text } from "../../crdt/store/libsql-column.ts";
import { openDatabase } from "../../crdt/store/libsql-database.ts";
import { Member } from "../../crdt/member.ts";
import { newIdentity } from "../../crdt/replicate/introduction.ts";
import type { Final } from "../../crdt/show.ts";
import { openPermanentDatabase, type PermanentDatabase } from "../../monitor/database.ts";
import { Materialiser, ROWS_AT_A_TIME } from "../../monitor/results/materialiser.ts";
import type { ResultsTable } from "../../monitor/results/table.ts";
import { aBallot, aPoll, ChainOfBatches, START } from "../support/ballots.ts";
import { cleanUp, fra, nyc, removeFolder, temporaryFolder } from "../support/database.ts";
import { findSqld, startSqld } from "../support/sqld.ts";
import { ManualWorld } from "../support/world.ts";

const SHOW = "final";
const cleanup: (() => unknown)[] = [];
afterEach(() => cleanUp(cleanup));

function inFolder(): string {
  const folder = temporaryFolder();
  cleanup.push(() => removeFolder(folder));
  return folder;
}

/** A recorder's member over the database, with a show of two polls that are open. */
async function memberOn({ store }: PermanentDatabase): Promise<Member> {
  const world = new ManualWorld(START);
  const member = await Member.open({
    identity: newIdentity("recorder", "process", world.random),
    listens: false,
    peers: [],
    store,
    world,
    permanent: true,
    dial: () => Promise.reject(new Error("nobody is there")),
    subscribe: () => [0],
  });
  await member.adopt(SHOW)!.change((board) => {
    const pair = aPoll({ id: "pair", index: 1, mode: "votes", votes: 2 });
    board.create({ id: SHOW, title: "", shards: 1, created: START, wrappedKey: "" }, [aPoll(), pair]);
  });
  return member;
}

async function finalise(member: Member, final: Pick<Final, "poll" | "cut" | "counts">): Promise<void> {
  const by = { at: START, by: "recorder" };
  await member.replica(SHOW)!.change((board) => board.setFinal({ ...final, lost: [], at: START + 5 }, by));
}

async function rowsOf(url: string, sql: string): Promise<unknown[][]> {
  const database = await openDatabase(url);
  const rows = await database.read(sql);
  await database.close();
  return rows.map((row) => Object.values(row));
}

/** A table whose process dies at the second part of the ballots. */
class CrashingTable implements ResultsTable {
  readonly #inner: ResultsTable;
  #appends = 0;

  constructor(inner: ResultsTable) {
    this.#inner = inner;
  }

  progress(...given: Parameters<ResultsTable["progress"]>) {
    return this.#inner.progress(...given);
  }

  begin(...given: Parameters<ResultsTable["begin"]>) {
    return this.#inner.begin(...given);
  }

  append(...given: Parameters<ResultsTable["append"]>) {
    this.#appends += 1;
    return this.#appends > 1 ? Promise.reject(new Error("crash")) : this.#inner.append(...given);
  }

  finish(...given: Parameters<ResultsTable["finish"]>) {
    return this.#inner.finish(...given);
  }
}

function contract(place: () => Promise<string>): void {
  test("results, turnout by minute and edge, and a row a receiver and vote", async () => {
    const url = await place();
    const permanent = await openPermanentDatabase(url);
    const member = await memberOn(permanent);
    const [here, there] = [new ChainOfBatches(fra), new ChainOfBatches(nyc)];
    const later = START + 60_000;
    const batches = [
      here.ballots([aBallot({ lo: 1 }), aBallot({ lo: 2, signed: true, option: 1 })]),
      there.ballots([aBallot({ lo: 1, press: 2, option: 2, time: later })]),
      there.ballots([aBallot({ lo: 3, poll: 1, k: 1 }), aBallot({ lo: 3, poll: 1, k: 2, option: 1 })]),
      here.ballots([aBallot({ lo: 9 })]), // Beyond the cut: late.
    ];
    await member.replica(SHOW)!.take(batches, "fra");
    const cut = { [chainId(fra)]: 1, [chainId(nyc)]: 2 };
    await finalise(member, { poll: "best", cut, counts: { anonymous: [0, 0, 1], signed: [0, 1, 0] } });
    await finalise(member, { poll: "pair", cut, counts: { anonymous: [1, 1, 0], signed: [0, 0, 0] } });
    const materialiser = new Materialiser(permanent.store, permanent.results, member.world);
    await materialiser.round(member.replica(SHOW)!);
    await materialiser.round(member.replica(SHOW)!);
    expect(materialiser.health(member.replica(SHOW)!).figures).toMatchObject({ polls_written: 2, rows_to_write: 0 });
    await permanent.store.close();
    const minute = Math.floor(START / 60_000) * 60_000;
    expect(await rowsOf(url, "SELECT poll, option, anonymous, signed FROM results ORDER BY poll, option")).toEqual([
      ["best", "blue", 1, 0],
      ["best", "green", 0, 1],
      ["best", "red", 0, 0],
      ["pair", "blue", 0, 0],
      ["pair", "green", 1, 0],
      ["pair", "red", 1, 0],
    ]);
    const ballots = await rowsOf(url, "SELECT poll, receiver, k, option, press, at, edge, signed FROM ballots");
    expect(ballots).toEqual([
      ["best", "0000000100000001", 1, "blue", 2, later, "nyc", 0],
      ["best", "0000000100000002", 1, "green", 1, START, "fra", 1],
      ["pair", "0000000100000003", 1, "red", 1, START, "nyc", 0],
      ["pair", "0000000100000003", 2, "green", 1, START, "nyc", 0],
    ]);
    expect(await rowsOf(url, "SELECT minute, edge, ballots FROM turnout WHERE poll = 'best'")).toEqual([
      [minute, "fra", 1],
      [minute + 60_000, "nyc", 1],
    ]);
    expect(await rowsOf(url, "SELECT poll, question, mode, final_at, written_rows FROM polls")).toEqual([
      ["best", "Which?", "last", START + 5, 2],
      ["pair", "Which?", "votes", START + 5, 2],
    ]);
  });

  test("goes on after a crash where it was, and writes nothing twice", async () => {
    const url = await place();
    const permanent = await openPermanentDatabase(url);
    const member = await memberOn(permanent);
    const chain = new ChainOfBatches(fra);
    const receivers = 2 * ROWS_AT_A_TIME + 10;
    for (let from = 0; from < receivers; from += 500) {
      const count = Math.min(500, receivers - from);
      // Spread over the table's parts, as hashes are.
      const ballots = Array.from({ length: count }, (_, i) => {
        const lo = from + i;
        return aBallot({ lo, hi: Math.imul(lo, 0x9e3779b1) >>> 0 });
      });
      await member.replica(SHOW)!.take([chain.ballots(ballots)], "fra");
    }
    const cut = { [chainId(fra)]: chain.batches.length };
    await finalise(member, { poll: "best", cut, counts: { anonymous: [receivers, 0, 0], signed: [0, 0, 0] } });
    const crashing = new CrashingTable(permanent.results);
    const replica = member.replica(SHOW)!;
    const first = new Materialiser(permanent.store, crashing, member.world);
    await expect(first.round(replica)).rejects.toThrow("crash");
    expect(first.health(replica)).toMatchObject({
      waitsFor: [`the ballots of "best", ${ROWS_AT_A_TIME} of ${receivers} are written`],
      figures: { rows_to_write: receivers - ROWS_AT_A_TIME },
    });
    await new Materialiser(permanent.store, permanent.results, member.world).round(replica);
    await permanent.store.close();
    expect(await rowsOf(url, "SELECT count(*), count(DISTINCT receiver) FROM ballots")).toEqual([
      [receivers, receivers],
    ]);
    expect(await rowsOf(url, "SELECT written_rows, written_at IS NOT NULL FROM polls")).toEqual([[receivers, 1]]);
  });
}

describe("in a file", () => contract(() => Promise.resolve(`file:${join(inFolder(), "permanent.db")}`)));

const sqld = findSqld();
const name = "missing" in sqld ? `on a libSQL server (skipped: ${sqld.missing})` : "on a libSQL server";
describe.skipIf("missing" in sqld)(name, { timeout: 30_000 }, () => {
  contract(async () => {
    const server = await startSqld(inFolder());
    cleanup.push(() => server.kill());
    return server.url;
  });
});

test("every table of results is STRICT: a column holds what it says", async () => {
  const url = `file:${join(inFolder(), "permanent.db")}`;
  const permanent = await openPermanentDatabase(url);
  await permanent.store.close();
  const tables = await rowsOf(
    url,
    "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  );
  expect(tables.length).toBeGreaterThan(10);
  expect(tables.filter(([, sql]) => !/STRICT(, WITHOUT ROWID)?$/.test(text(sql as string)))).toEqual([]);
});
