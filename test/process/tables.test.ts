// Members that watch from their next start on: what their snapshot lacks they fold again, or fetch where it is pruned.
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MAX_BOARD_UPDATES } from "../../crdt/log-keeper.ts";
import { openDatabase } from "../../crdt/store/libsql-database.ts";
import type { Progress } from "../../crdt/threshold.ts";
import { Cluster } from "../support/cluster.ts";
import { Crowd, each, receivers } from "../support/crowd.ts";
import { expectFinal, readRoom } from "../support/readings.ts";
import { aShow } from "../support/show-files.ts";
import { soon } from "../support/soon.ts";

const SHOW = "tables";
const VOTERS = 40;

let cluster: Cluster;
let crowd: Crowd;

/** Everybody's ballots are recorded, pruned, and in a snapshot of members that keep no voters. */
beforeAll(async () => {
  cluster = await Cluster.start({ edges: ["fra", "nyc"] });
  const rule = { kind: "voted", at_least: 1000 };
  const threshold = { id: "crowd", rule, message: { kind: "text", text: "{count}" } };
  const show = { ...aShow(SHOW), thresholds: [threshold] };
  await cluster.open(show);
  crowd = new Crowd(cluster, SHOW, "best");
  await each(receivers(VOTERS, "early"), (name) => crowd.vote(name, "green", { at: ["fra"] }));
  const producer = cluster.producer("fra");
  const path = `/v1/shows/${SHOW}/thresholds/crowd`;
  for (let i = 0; i <= MAX_BOARD_UPDATES; i++)
    expect(await producer.ask("PUT", path, { rule, message: threshold.message })).toMatchObject({ status: 200 });
  await soon(async () => {
    const { pruned, recorded } = (await boardAt("nyc")).get("watermarks") as Record<string, Record<string, number>>;
    expect(recorded).not.toEqual({});
    expect(pruned).toEqual(recorded);
  });
  for (const name of ["fra", "recorder"]) await restart(name, {});
  expect(await stored("fra")).toEqual({ batches: 0, snapshots: 1 });
  expect(await stored("recorder")).toMatchObject({ snapshots: 1 });
});
afterAll(() => cluster?.end());

const boardAt = async (edge: string) => (await readRoom(cluster, edge, `${SHOW}/board`)).getMap("board");

/** Its next life begins with `change` in its configuration. */
async function restart(name: string, change: object): Promise<void> {
  const member = cluster.member(name);
  await member.stop();
  writeFileSync(member.config, JSON.stringify({ ...JSON.parse(readFileSync(member.config, "utf8")), ...change }));
  await cluster.revive(name);
}

/** What is left in a member's log, besides the seal with which it stops (kind 3); it is stopped meanwhile. */
async function stored(name: string): Promise<Record<string, number>> {
  await cluster.member(name).stop();
  const database = await openDatabase(`file:${cluster.file(name)}`);
  const [row] = await database.read(
    `SELECT (SELECT count(*) FROM batches WHERE substr(bytes, 2, 1) <> x'03') AS batches,
      (SELECT count(*) FROM snapshots) AS snapshots`,
  );
  await database.close();
  await cluster.revive(name);
  return { batches: Number(row?.["batches"]), snapshots: Number(row?.["snapshots"]) };
}

test("a recorder that is a monitor now, and an edge that watches now, know everybody who has voted before", async () => {
  await restart("recorder", { role: "monitor" });
  await restart("fra", { watch: true });
  expect(await cluster.producer("nyc").post(`/v1/shows/${SHOW}/thresholds/crowd/arm`)).toMatchObject({ status: 200 });
  const seenBy = async (watcher: string) => {
    const progress = (await boardAt("nyc")).get(`progress/${watcher}`) as Progress | undefined;
    return progress?.thresholds["crowd"]?.value;
  };
  await soon(async () => expect([await seenBy("recorder"), await seenBy("fra")]).toEqual([VOTERS, VOTERS]));
  for (const name of ["fra", "recorder"]) expect(cluster.member(name).logged(FOLDED_AGAIN)).toHaveLength(1);
  await each(receivers(5, "late"), (name) => crowd.vote(name, "red", { at: ["fra"] }));
  await soon(async () => expect([await seenBy("recorder"), await seenBy("fra")]).toEqual([VOTERS + 5, VOTERS + 5]));
  await cluster.producer("fra").command(SHOW, "best", "close");
  await expectFinal(cluster, SHOW, "best", crowd.expected());
});

const FOLDED_AGAIN = "the log's snapshot lacks tables that are kept now: its batches are folded again";
