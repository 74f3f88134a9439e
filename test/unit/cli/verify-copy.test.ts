import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openLibsqlStore } from "../../../crdt/store/libsql.ts";
import { copyDatabase } from "../../../edge/cli/verify/file-copy.ts";
import { openLog, whyUnreachable } from "../../../edge/cli/verify/log-reader.ts";
import { aBallot, ChainOfBatches } from "../../support/ballots.ts";

const folder = mkdtempSync(join(tmpdir(), "redbutton-copy-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a log is read while its owner goes on writing, and what was acknowledged is in the copy", async () => {
  const url = `file:${join(folder, "owned.db")}`;
  const owner = await openLibsqlStore(url);
  const chain = new ChainOfBatches({ shard: 0, edge: "fra", boot: "01".repeat(8) });
  const write = async () => {
    const bytes = chain.ballots(Array.from({ length: 500 }, (_, i) => aBallot({ lo: i })));
    await owner.append([{ kind: "batch", show: "demo", bytes }]);
    await new Promise((resolve) => setImmediate(resolve));
  };
  let goesOn = true;
  const writing = (async () => {
    while (goesOn) await write();
  })();
  // Some thousand pages, so that checkpoints fall among the copies.
  for (let round = 0; round < 5; round++) {
    while (chain.batches.length < (round + 1) * 120) await new Promise((resolve) => setTimeout(resolve, 5));
    const acknowledged = chain.batches.length - 1;
    const log = await openLog({ url, relaxed: false });
    const found: Uint8Array[] = [];
    for await (const bytes of log.store.batches("demo")) found.push(bytes);
    await log.close();
    expect(found.length).toBeGreaterThanOrEqual(acknowledged);
    expect(found.every((bytes, i) => Buffer.compare(bytes, chain.batches[i]!) === 0)).toBe(true);
  }
  goesOn = false;
  await writing;
  await owner.close();
}, 60_000);

test("a copy leaves nothing behind, neither when it is removed nor when there is nothing to copy", async () => {
  const file = join(folder, "plain.db");
  const owner = await openLibsqlStore(`file:${file}`);
  const copy = await copyDatabase(file);
  expect(existsSync(copy.file)).toBe(true);
  await copy.remove();
  expect(existsSync(dirname(copy.file))).toBe(false);
  await owner.close();

  const before = copies();
  await expect(copyDatabase(join(folder, "none.db"))).rejects.toThrow("ENOENT");
  expect(copies()).toEqual(before);
});

test("a log on another machine is told from one that is broken", () => {
  expect(whyUnreachable({ url: `file:${join(folder, "elsewhere.db")}`, relaxed: false })).toContain(
    "is not on this machine",
  );
  expect(whyUnreachable({ url: "https://db.example", relaxed: false })).toBeUndefined();
});

function copies(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("redbutton-verify-"));
}

test("what was opened to be read cannot be written", async () => {
  const url = `file:${join(folder, "read.db")}`;
  await (await openLibsqlStore(url)).close();
  const log = await openLog({ url, relaxed: false });
  const bytes = new ChainOfBatches({ shard: 0, edge: "fra", boot: "01".repeat(8) }).ballots([aBallot()]);
  await expect(log.store.append([{ kind: "batch", show: "demo", bytes }])).rejects.toThrow(/readonly/i);
  await log.close();
});
