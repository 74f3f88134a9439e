// The durable log of an object, in workerd: the store's contract, and the limits of an object's storage.
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { openDatabase } from "../../../crdt/store/libsql-database.ts";
import { openObjectStore, type ObjectStorage, type ObjectStoreOptions } from "../../../crdt/store/object.ts";
import { StoreFull, type BatchRange, type Store } from "../../../crdt/store/store.ts";
import { fra } from "../../support/database.ts";
import { batch, batches, type Place } from "../../contract/store-fixture.ts";
import { storeContract } from "../../contract/store.ts";

/** Storage is for code that runs inside its object: so each call is made there. */
class StoreInside implements Store {
  readonly #stub: DurableObjectStub;
  readonly #store: Store;

  static async open(stub: DurableObjectStub, options: ObjectStoreOptions, full: () => boolean): Promise<StoreInside> {
    return new StoreInside(
      stub,
      await runInDurableObject(stub, (_object, { storage }) => openObjectStore(onDisk(storage, full), options)),
    );
  }

  constructor(stub: DurableObjectStub, store: Store) {
    this.#stub = stub;
    this.#store = store;
  }

  load = () => this.#inside(() => this.#store.load());
  append = (...args: Parameters<Store["append"]>) => this.#inside(() => this.#store.append(...args));
  compact = (...args: Parameters<Store["compact"]>) => this.#inside(() => this.#store.compact(...args));
  close = () => this.#inside(() => this.#store.close());

  async *batches(show: string, range?: BatchRange): AsyncGenerator<Uint8Array> {
    const found = this.#store.batches(show, range)[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#inside(() => found.next());
      if (next.done) return;
      yield next.value;
    }
  }

  /** What is thrown comes out as it is; as a rejection of the object's call it would be a copy. */
  async #inside<T>(task: () => Promise<T>): Promise<T> {
    const outcome = await runInDurableObject(this.#stub, () =>
      task().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      ),
    );
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }
}

/** An object's 10 GB cannot be filled in a test: beyond a limit SQLite's own message stands in for them. */
function onDisk(storage: DurableObjectStorage, full: () => boolean): ObjectStorage {
  return {
    sql: {
      exec: (query, ...bindings) => {
        if (full() && /^\s*INSERT/.test(query)) throw new Error("database or disk is full: SQLITE_FULL");
        return storage.sql.exec(query, ...bindings);
      },
      get databaseSize() {
        return storage.sql.databaseSize;
      },
    },
    transactionSync: (task) => storage.transactionSync(task),
    sync: () => storage.sync(),
  };
}

let places = 0;

function stub(): DurableObjectStub {
  return env.EDGES.get(env.EDGES.idFromName(`store-${++places}`));
}

async function inObject(): Promise<Place> {
  const object = stub();
  let left = Infinity;
  const fill = async () => void (left = 3);
  const free = async () => void (left = Infinity);
  return { open: () => StoreInside.open(object, {}, () => left-- <= 0), disk: { fill, free }, remove: async () => {} };
}

afterEach(() => reset());

storeContract(inObject);

test("an append beyond the log's limit is refused, and what was there can be read", async () => {
  const store = await StoreInside.open(stub(), { maxBytes: 200_000 }, () => false);
  let acknowledged = 0;
  const fill = async () => {
    for (; acknowledged < 1000; acknowledged += 1) await store.append([batch(fra, acknowledged + 1, 100)]);
  };
  await expect(fill()).rejects.toThrow(StoreFull);
  expect(acknowledged).toBeGreaterThan(50);
  const found: Uint8Array[] = [];
  for await (const bytes of store.batches("final")) found.push(bytes);
  expect(found.length).toBe(acknowledged);
});

test("a batch costs two rows, its own and its identity's", async () => {
  const written = await runInDurableObject(stub(), async (_object, { storage }) => {
    let rows = 0;
    const sql: ObjectStorage["sql"] = {
      exec: (query, ...bindings) => {
        const cursor = storage.sql.exec(query, ...bindings);
        const found = cursor.toArray();
        rows += cursor.rowsWritten;
        return found;
      },
      databaseSize: 0,
    };
    const store = openObjectStore({
      sql,
      transactionSync: (task) => storage.transactionSync(task),
      sync: () => storage.sync(),
    });
    await store.append(batches(fra, 1, 1));
    const before = rows;
    await store.append(batches(fra, 2, 11));
    return rows - before;
  });
  expect(written).toBe(20);
});

test("a database in a file is refused: a Worker has neither files nor native code", async () => {
  await expect(openDatabase("file:log.db")).rejects.toThrow(`opening "file:log.db": a Worker has no file "log.db"`);
});
