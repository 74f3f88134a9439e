// What a store on a libSQL server owes beyond the contract.
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "../../crdt/store/libsql-database.ts";
import { openLibsqlStore, PIECE_BYTES } from "../../crdt/store/libsql.ts";
import { StoreFull } from "../../crdt/store/store.ts";
import { cleanUp, fra, removeFolder, temporaryFolder } from "../support/database.ts";
import { findSqld, startSqld } from "../support/sqld.ts";
import { batch, bytes, identitiesOf, identity } from "./store-fixture.ts";

const sqld = findSqld();
const name = "missing" in sqld ? `a libSQL server (skipped: ${sqld.missing})` : "a libSQL server";

describe.skipIf("missing" in sqld)(name, { timeout: 30_000 }, () => {
  let folder: string;
  const cleanup: (() => unknown)[] = [];

  beforeEach(() => {
    folder = temporaryFolder();
  });

  afterEach(async () => {
    await cleanUp(cleanup);
    removeFolder(folder);
  });

  async function start(options = {}) {
    const server = await startSqld(folder, options);
    cleanup.push(() => server.kill());
    return server;
  }

  test("keeps what it acknowledged through kill -9; a store that it left can be used again", async () => {
    const first = await start();
    const store = await openLibsqlStore(first.url);
    let acknowledged = 0;
    const append = async () => {
      for (; ; acknowledged += 1) {
        await store.append([batch(fra, acknowledged + 1)]);
        if (acknowledged === 20) void first.kill();
      }
    };
    const failure = await append().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(StoreFull);
    await store.close();

    const second = await start();
    const again = await openLibsqlStore(second.url);
    await again.append([batch(fra, acknowledged + 1)]);
    const found: string[] = [];
    for await (const each of again.batches("final")) found.push(identity(each));
    expect(found).toEqual(identitiesOf("fra", 1, acknowledged + 1));
  });

  test("is refused where it does not fsync each commit, unless that is accepted", async () => {
    const server = await start({ relaxed: true });
    await expect(openLibsqlStore(server.url)).rejects.toThrow(/synchronous=1.* wanted 2.*durability_mode to "strong"/s);
    const store = await openLibsqlStore(server.url, { relaxed: true });
    await store.append([batch(fra, 1)]);
  });

  test("has its room back after a compaction for which there was none", async () => {
    const server = await start();
    const store = await openLibsqlStore(server.url);
    await server.limit("4MB");
    const snapshot = new Uint8Array(8 * PIECE_BYTES);
    await expect(store.compact("final", { snapshot, upTo: {}, board: [bytes(1)] })).rejects.toThrow(StoreFull);
    const database = await openDatabase(server.url);
    expect(await database.read("SELECT length(bytes) FROM snapshot_pieces")).toEqual([]);
    await store.append([batch(fra, 1)]);
  });

  test("lets two programs that find it empty make its tables together", async () => {
    const server = await start();
    const stores = await Promise.all(Array.from({ length: 4 }, () => openLibsqlStore(server.url)));
    await Promise.all(stores.map((store, i) => store.append([batch(fra, i + 1)])));
    const found: string[] = [];
    for await (const each of stores[0]!.batches("final")) found.push(identity(each));
    expect(found.sort()).toEqual(identitiesOf("fra", 1, 4));
  });
});

test("a server that does not answer is given up, with an outcome that is unknown", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await expect(openLibsqlStore(`http://127.0.0.1:${port}`, { timeoutMs: 50 })).rejects.toThrow("timeout");
  for (const socket of sockets) socket.destroy();
  silent.close();
});
