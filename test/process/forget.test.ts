// The key of a show that is over, destroyed: in no document, no log and not in the database, also where a member was away.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDatabase } from "../../crdt/store/libsql-database.ts";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { codeOf } from "../support/edge-client.ts";
import { expectFinal, readRoom } from "../support/readings.ts";
import { aShow } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";

const SHOW = "forgotten";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ edges: ["fra", "nyc"] });
});
afterAll(() => cluster?.end());

test("nothing leads from ballots back to receivers, and results stand", async () => {
  await cluster.open(aShow(SHOW));
  const crowd = new Crowd(cluster, SHOW, "best");
  await each(receivers(40, "tv"), (name) => crowd.vote(name, "green", { at: ["fra"] }));
  const producer = cluster.producer("fra");
  const early = await producer.post(`/v1/shows/${SHOW}/forget`);
  expect([early.status, codeOf(early)]).toEqual([409, "poll_state"]);
  await producer.command(SHOW, "best", "close");
  await expectFinal(cluster, SHOW, "best", crowd.expected());
  const key = await keyOf("fra");
  await cluster.member("nyc").stop();
  expect(await rowsWith("nyc", key)).toBeGreaterThan(0);
  expect(await producer.post(`/v1/shows/${SHOW}/forget`)).toMatchObject({ status: 200 });
  await cluster.revive("nyc");
  await soon(async () => {
    const keys = await Promise.all(cluster.edges.map(keyOf));
    expect(keys[0]).not.toBe(key);
    expect(new Set(keys).size).toBe(1);
  });
  await expectFinal(cluster, SHOW, "best", crowd.expected());
  // The logs are read as they are found: rows that hold the old key, whatever SQLite has freed.
  await soon(async () => {
    for (const name of [...cluster.edges, "recorder"]) await cluster.member(name).stop();
    const holding = await Promise.all([...cluster.edges, "recorder"].map((name) => rowsWith(name, key)));
    for (const name of [...cluster.edges, "recorder"]) cluster.member(name).start();
    await cluster.whole();
    expect(holding).toEqual([0, 0, 0]);
  });
  expect(
    readdirSync(cluster.folder.path)
      .filter((file) => file.endsWith(".json"))
      .some((file) => readFileSync(join(cluster.folder.path, file), "utf8").includes(key)),
  ).toBe(false);
});

async function keyOf(edge: string): Promise<string> {
  const board = await readRoom(cluster, edge, `${SHOW}/board`);
  return (board.getMap("board").get("show") as { readonly wrappedKey: string }).wrappedKey;
}

async function rowsWith(name: string, key: string): Promise<number> {
  const database = await openDatabase(`file:${cluster.file(name)}`);
  try {
    const updates = await database.read(
      "SELECT count(*) AS n FROM board_updates WHERE instr(bytes, CAST(? AS BLOB)) > 0",
      [key],
    );
    const tables = await database.read("SELECT 1 FROM sqlite_schema WHERE name = 'shows'");
    const shows =
      tables.length === 0 ? [] : await database.read("SELECT 1 FROM shows WHERE instr(proposal, ?) > 0", [key]);
    return Number(updates[0]?.["n"]) + shows.length;
  } finally {
    await database.close();
  }
}
