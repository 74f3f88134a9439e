// What a store in a file owes beyond the contract: one owner, what was acknowledged after kill -9, a size to keep.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient, LibsqlError, type Client } from "@libsql/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { chainId } from "../../crdt/batch.ts";
import { Database, openDatabase } from "../../crdt/store/libsql-database.ts";
import { openLibsqlStore, PAGE_BATCHES, PIECE_BYTES, type LibsqlStore } from "../../crdt/store/libsql.ts";
import { StoreFull } from "../../crdt/store/store.ts";
import { cleanUp, fra, mountSmallDisk, removeFolder, temporaryFolder } from "../support/database.ts";
import { batch, batches, bytes, identitiesOf, identity } from "./store-fixture.ts";

// Processes take their time to start on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const MIB = 2 ** 20;
const writer = join(import.meta.dirname, "../support/database-writer.ts");
const largeBatch = (sequence: number) => batch(fra, sequence, 1000);

let folder: string;
let file: string;
let url: string;
const cleanup: (() => unknown)[] = [];

beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder, "store.db");
  url = `file:${file}`;
});

afterEach(async () => {
  await cleanUp(cleanup);
  removeFolder(folder);
});

async function open(options = {}, at = url): Promise<LibsqlStore> {
  const store = await openLibsqlStore(at, { waitMs: 0, ...options });
  cleanup.push(() => store.close());
  return store;
}

async function identities(store: LibsqlStore, boot: string): Promise<string[]> {
  const found: string[] = [];
  const whole = { chain: { ...fra, boot }, after: 0, upTo: 0xffffffff };
  for await (const each of store.batches("final", whole)) found.push(identity(each));
  return found;
}

/** A process that owns a store; its lines are "open" and then the sequences that it was told are durable. */
function startWriter(at: string, boot: string): { process: ChildProcess; lines: AsyncIterableIterator<string> } {
  const child = spawn(process.execPath, ["--no-warnings", writer, at, boot], { stdio: ["ignore", "pipe", "inherit"] });
  cleanup.push(() => child.kill("SIGKILL"));
  return { process: child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

test("what was acknowledged survives kill -9, at any moment", async () => {
  const acknowledged = new Map<string, number>();
  for (const [round, atLeast] of [1, 40, 90].entries()) {
    const boot = `000000000000000${round}`;
    const child = startWriter(url, boot);
    let last = 0;
    for await (const line of child.lines) {
      last = Math.max(last, Number(line) || 0);
      if (last >= atLeast) child.process.kill("SIGKILL");
    }
    acknowledged.set(boot, last);
  }
  const store = await open();
  for (const [boot, last] of acknowledged) {
    const found = await identities(store, boot);
    expect(last).toBeGreaterThan(0);
    expect(found.length).toBeGreaterThanOrEqual(last);
    expect(found).toEqual(identitiesOf("fra", 1, found.length));
  }
});

test("a second process is refused while the first one lives, and not after", async () => {
  const first = startWriter(url, fra.boot);
  expect(await first.lines.next()).toMatchObject({ value: "open" });
  const refusal = /opening "file:.*store.db": it is in use, and one process owns one file/;
  await expect(open()).rejects.toThrow(refusal);
  const ended = once(first.process, "exit");
  first.process.kill("SIGKILL");
  await ended;
  await open();
  const second = startWriter(url, fra.boot);
  expect(await second.lines.next()).toMatchObject({ value: expect.stringMatching(refusal) });
});

test("a second store in the same process is refused until the first one is closed", async () => {
  const first = await open();
  await expect(open()).rejects.toThrow("it is in use");
  await first.append([batch(fra, 1)]);
  await first.close();
  expect(await identities(await open(), fra.boot)).toEqual(["fra 1"]);
});

test("a folder that is not there is named", async () => {
  await expect(open({}, `file:${folder}/none/store.db`)).rejects.toThrow(/opening "file:.*none\/store.db": .*folder/);
});

test("a path is taken as it is: it is no URL", async () => {
  const path = join(folder, "100%25 of #1.db");
  await open({}, `file:${path}`);
  expect(existsSync(path)).toBe(true);
});

test("a process that ended on a full disk leaves a store that opens there", async (context) => {
  const disk = mountSmallDisk(8 * MIB);
  if (typeof disk === "string") return context.skip(disk);
  cleanup.push(() => disk.remove());
  const child = startWriter(`file:${disk.folder}/store.db`, fra.boot);
  const lines: string[] = [];
  for await (const line of child.lines) {
    lines.push(line);
    if (lines.length === 2) disk.fill();
  }
  expect(lines.at(-1)).toContain("StoreFull");
  const store = await open({}, `file:${disk.folder}/store.db`);
  const acknowledged = lines.length - 2;
  expect(await identities(store, fra.boot)).toEqual(identitiesOf("fra", 1, acknowledged));
  disk.free();
  await store.append([batch(fra, acknowledged + 1)]);
});

test("numbers are stored as integers, and what the header says beside the bytes", async () => {
  const store = await open();
  await store.append([batch(fra, 7), { kind: "boot", boot: "b1", startedAt: 1_800_000_000_000 }]);
  await store.close();
  const database = await openDatabase(url);
  cleanup.push(() => database.close());
  const columns = "show, shard, edge, boot, sequence, time, length(bytes) AS size";
  const [row] = await database.read(`SELECT ${columns}, typeof(sequence) || typeof(time) AS types FROM batches`);
  expect({ ...row }).toEqual({
    show: "final",
    shard: 0,
    edge: "fra",
    boot: fra.boot,
    sequence: 7,
    time: 1_800_000_000_007,
    size: 60,
    types: "integerinteger",
  });
  expect((await database.read("SELECT typeof(started_at) AS type FROM boots"))[0]?.type).toBe("integer");
});

test("each commit is fsynced, by the connection's settings", async () => {
  const database = await openDatabase(url);
  cleanup.push(() => database.close());
  const setting = async (name: string) => (await database.read(`PRAGMA ${name}`))[0]?.[0];
  expect(await setting("journal_mode")).toBe("wal");
  expect(await setting("synchronous")).toBe(2);
  expect(await setting("locking_mode")).toBe("exclusive");
});

test("a limited file refuses to grow past its limit, and compaction makes room", async () => {
  const store = await open({ maxBytes: MIB });
  let last = 0;
  const fill = async () => {
    for (;;) {
      await store.append([largeBatch(last + 1)]);
      last += 1;
    }
  };
  await expect(fill()).rejects.toThrow(StoreFull);
  expect(await identities(store, fra.boot)).toEqual(identitiesOf("fra", 1, last));
  // 16 kB each; the tables and their indexes need some pages too.
  expect(last).toBeGreaterThan(45);
  expect(last).toBeLessThan(64);
  await store.compact("final", { snapshot: new Uint8Array(2 * MIB), upTo: {}, board: [bytes(1)] });
  await expect(fill()).rejects.toThrow(StoreFull);
  await store.compact("final", { snapshot: bytes(1), upTo: { [chainId(fra)]: last }, board: [bytes(1)] });
  await store.append([largeBatch(last + 1)]);
  expect(await identities(store, fra.boot)).toEqual(identitiesOf("fra", last + 1, last + 1));
});

test("what compaction removes is used again: the file does not grow with what passed through it", async () => {
  const store = await open();
  const sizes: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const from = round * 500 + 1;
    await store.append(batches(fra, from, from + 499).map((_, i) => largeBatch(from + i)));
    const upTo = { [chainId(fra)]: from + 499 };
    await store.compact("final", { snapshot: new Uint8Array(MIB), upTo, board: [bytes(round)] });
    sizes.push(statSync(file).size + statSync(`${file}-wal`).size);
  }
  // Each round passes 8 MB through it. The log is cut back to 16 MiB.
  expect(Math.max(...sizes)).toBeLessThan(30 * MIB);
  await store.close();
  expect(statSync(file).size).toBeLessThan(14 * MIB);
});

test("long work lets others have the event loop between its parts", async () => {
  let turns = 0;
  const after = (_ms: number, task: () => void) => {
    turns += 1;
    queueMicrotask(task);
    return () => {};
  };
  const store = await open({ timers: { after } });
  await store.compact("final", { snapshot: new Uint8Array(3 * PIECE_BYTES), upTo: {}, board: [bytes(1)] });
  expect(turns).toBe(3);
  await store.append(batches(fra, 1, PAGE_BATCHES + 1));
  await identities(store, fra.boot);
  expect(turns).toBe(4);
});

test("a compaction that a crash cut off leaves nothing in the next one's snapshot", async () => {
  const store = await open();
  await store.compact("final", { snapshot: bytes(1), upTo: {}, board: [bytes(1)] });
  await store.close();
  const database = await openDatabase(url);
  const stale = "INSERT INTO snapshot_pieces (show, generation, bytes) VALUES ('final', 2, x'ff')";
  await database.write("cutting a compaction off", [stale]);
  await database.close();
  const again = await open();
  expect((await again.load()).shows[0]?.snapshot).toEqual(bytes(1));
  await again.compact("final", { snapshot: bytes(2), upTo: {}, board: [bytes(2)] });
  expect((await again.load()).shows[0]?.snapshot).toEqual(bytes(2));
});

test("after a failed fsync nothing more is written, since the kernel may have dropped what it could not write", async () => {
  const client = createClient({ url, concurrency: 1 });
  let fails = true;
  const broken: Client = new Proxy(client, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (key === "execute" && fails) return () => Promise.reject(new LibsqlError("disk I/O error", "SQLITE_IOERR"));
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const told: string[] = [];
  const database = new Database(broken, url, { onbroken: ({ message }) => told.push(message) });
  cleanup.push(() => database.close());
  await expect(database.write("appending", ["SELECT 1"])).rejects.toThrow("appending: ");
  fails = false;
  await expect(database.write("appending", ["SELECT 1"])).rejects.toThrow(/earlier write .* failed; open it again/);
  expect(told).toEqual([`appending: "${url}" failed: SQLITE_IOERR: disk I/O error`]);
});
