// What is read out of the permanent database, and copies of it.
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { csvField } from "../../../edge/cli/export.ts";
import { openPermanentDatabase } from "../../../monitor/database.ts";
import type { BallotRow } from "../../../monitor/results/rows.ts";
import { aPoll, START } from "../../support/ballots.ts";
import { cleanUp, fra, removeFolder, sampleBatch, temporaryFolder } from "../../support/database.ts";
import { findSqld, startSqld } from "../../support/sqld.ts";

const cleanup: (() => unknown)[] = [];
let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
  cleanup.push(() => removeFolder(folder));
});
afterEach(() => cleanUp(cleanup));

function redbutton(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["edge/cli/main.ts", ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

const row = (receiver: number, option: string): BallotRow => ({
  receiver: receiver.toString(16).padStart(16, "0"),
  k: 1,
  option,
  press: 1,
  at: START,
  edge: "fra",
  signed: false,
});

/** A database as a recorder leaves it: batches, a result, its ballots, and a cue's event id. */
async function fill(url: string, batches = 3, ballots = 2): Promise<void> {
  const { store, results, cues } = await openPermanentDatabase(url, { relaxed: true });
  const records = Array.from({ length: batches }, (_, i) => sampleBatch(fra, i + 1));
  await store.append(records.map((bytes) => ({ kind: "batch", show: "final", bytes })));
  const counts = { anonymous: [ballots, 0, 0], signed: [0, 0, 0] };
  const final = { poll: "best", counts, cut: {}, lost: [], at: START };
  await results.begin("final", aPoll({ question: 'Who, "really"?' }), final, [{ minute: START, edge: "fra", ballots }]);
  const rows = Array.from({ length: ballots }, (_, i) => row(i, "red"));
  await results.append("final", "best", 0, rows);
  await cues.reserve("final", "crowd", 1);
  await store.close();
}

test("results are asked for in SQL, and nothing can be written that way", async () => {
  const url = `file:${join(folder, "permanent.db")}`;
  await fill(url);
  const asked = redbutton("sql", "SELECT option, anonymous + signed AS votes FROM results", "--database", url);
  expect(asked.stdout).toMatch(/option\s+votes/);
  expect(asked.stdout).toMatch(/red\s+2/);
  expect(redbutton("sql", "DELETE FROM results", "--database", url)).toMatchObject({ status: 1 });
  expect(redbutton("sql", "SELECT gone FROM results", "--database", url).stderr).toContain("no such column: gone");
});

test("ballots are exported as CSV and NDJSON, of one poll or of all", async () => {
  const url = `file:${join(folder, "permanent.db")}`;
  await fill(url);
  const csv = redbutton("export", "ballots", "--database", url);
  expect(csv.stdout).toBe(
    [
      "show,poll,receiver,k,option,press,at,edge,signed",
      `final,best,0000000000000000,1,red,1,${START},fra,0`,
      `final,best,0000000000000001,1,red,1,${START},fra,0`,
      "",
    ].join("\n"),
  );
  const lines = redbutton("export", "results", "--format", "ndjson", "--poll", "best", "--database", url).stdout;
  expect(
    lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown)[2],
  ).toEqual({
    show: "final",
    poll: "best",
    option: "red",
    text: "red",
    anonymous: 2,
    signed: 0,
  });
  expect(redbutton("export", "results", "--poll", "other", "--format", "ndjson", "--database", url).stdout).toBe("");
});

test.for([
  ["plain", "plain"],
  ['say "hi", then', '"say ""hi"", then"'],
  ["two\nlines", '"two\nlines"'],
  ["=1+1", "'=1+1"],
  ["-5", "-5"],
])("a field %j is %j in CSV", ([text, field]) => expect(csvField(text!)).toBe(field));

test("a backup holds everything, is never half there, and is restored into what is empty and nothing else", async () => {
  const [url, backup, anew] = ["permanent.db", "backup.db", "anew.db"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await fill(`file:${url}`, 600, 700);
  expect(redbutton("backup", backup, "--database", `file:${url}`)).toMatchObject({ status: 0 });
  expect(existsSync(`${backup}.partial`)).toBe(false);
  expect(redbutton("backup", backup, "--database", `file:${url}`).stderr).toContain("already");
  expect(redbutton("restore", backup, "--database", `file:${anew}`)).toMatchObject({ status: 0 });
  expect(redbutton("restore", backup, "--database", `file:${anew}`).stderr).toContain("not written over");
  const count = "SELECT (SELECT count(*) FROM batches) AS b, (SELECT count(*) FROM ballots) AS r";
  expect(redbutton("sql", count, "--database", `file:${anew}`).stdout).toMatch(/600\s+700/);
  // A recorder goes on with it: its migrations are known, and an event id that was given is not given again.
  const { store, cues } = await openPermanentDatabase(`file:${anew}`);
  expect(await cues.reserve("final", "crowd", 1)).toBe(1);
  expect(await cues.reserve("final", "crowd", 2)).toBeGreaterThan(1);
  await store.close();
});

test("what is no database is named", () => {
  writeFileSync(join(folder, "not.db"), "this is no database at all, whatever it is called, and long enough");
  expect(redbutton("backup", join(folder, "b.db"), "--database", `file:${join(folder, "gone.db")}`).stderr).toContain(
    "there is no database",
  );
});

const sqld = findSqld();
const name = "missing" in sqld ? `of a server (skipped: ${sqld.missing})` : "of a server, into another server";
test.skipIf("missing" in sqld)(`a backup ${name}`, { timeout: 60_000 }, async () => {
  const servers = await Promise.all(
    ["one", "two"].map(async (each) => {
      const place = temporaryFolder();
      cleanup.push(() => removeFolder(place));
      const server = await startSqld(place);
      cleanup.push(() => server.kill());
      return [each, server.url] as const;
    }),
  );
  const [[, from], [, to]] = servers as [readonly [string, string], readonly [string, string]];
  await fill(from, 300, 300);
  const backup = join(folder, "backup.db");
  expect(redbutton("backup", backup, "--database", from)).toMatchObject({ status: 0 });
  expect(redbutton("restore", backup, "--database", to)).toMatchObject({ status: 0 });
  const count = "SELECT (SELECT count(*) FROM batches) AS b, (SELECT count(*) FROM ballots) AS r";
  expect(redbutton("sql", count, "--database", to).stdout).toMatch(/300\s+300/);
});
